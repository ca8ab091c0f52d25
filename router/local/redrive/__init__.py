"""Send parked records and failure documents through the routes again, wherever they lie."""
