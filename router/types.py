"""Callables that pass between planning, injection and middleware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Call", "Middleware", "Overrides"]

Call = Callable[[Any], Any]
"""Calls a handler with a change, or with the changes of a batch; injection and middleware are inside."""

Middleware = Callable[[Call], Call]
"""Takes the next call and returns the call that replaces it."""

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]
"""Factories that replace others, as tests set them."""
