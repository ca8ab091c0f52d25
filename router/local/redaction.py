"""Redaction under the name that the documentation gives it."""

from router.local.streams.redaction import Redaction, RedactionError

__all__ = ["Redaction", "RedactionError"]
