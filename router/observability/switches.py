"""Environment variables that switch something on or off, read as Powertools reads its own."""

from __future__ import annotations

import os

__all__ = ["is_on"]

_TRUE = ("1", "y", "yes", "t", "true", "on")


def is_on(name: str) -> bool:
    """Whether a variable is set, and to something that means yes."""
    return os.environ.get(name, "").lower() in _TRUE
