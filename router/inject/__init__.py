"""From a handler and what it declares to a call."""
