"""DynamoDB JSON, the form that attribute values have in records: decoding, encoding, comparing."""
