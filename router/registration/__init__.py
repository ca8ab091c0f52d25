"""What runs when a decorator registers a handler: reading its signature and refusing what could never work."""
