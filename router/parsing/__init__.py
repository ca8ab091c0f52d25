"""Parse images: DynamoDB JSON in, instances of the user's models out."""
