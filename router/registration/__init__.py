"""What runs when a decorator registers a handler: it reads the signature and refuses a handler that can never work."""
