"""Local DynamoDB engines: the embedded one, DynamoDB Local, and any other by its endpoint URL."""
