"""DynamoDB JSON, the form of attribute values in stream records: decode, encode, compare."""
