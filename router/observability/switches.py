"""Environment variables that are switches, read by the rules of Powertools."""

from __future__ import annotations

import os

__all__ = ["is_on"]

_TRUE = ("1", "y", "yes", "t", "true", "on")


def is_on(name: str) -> bool:
    """Whether a variable has a value that means yes."""
    return os.environ.get(name, "").lower() in _TRUE
