"""Types of the callables around a handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Call", "Middleware", "Overrides"]

Call = Callable[[Any], Any]
"""Calls a handler with a change or with the changes of a batch, through its middleware and with its dependencies."""

Middleware = Callable[[Call], Call]
"""Takes a call and returns the call around it."""

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]
"""Factories that replace others in tests."""
