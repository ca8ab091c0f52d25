"""Streams of real tables: reading, recording, redacting and replaying their records."""
