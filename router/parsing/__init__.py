"""From images on the wire to instances of the user's models."""
