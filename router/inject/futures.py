"""Futures of ``concurrent.futures``, without an import of that package."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future

    from typing_extensions import TypeIs

__all__ = ["is_future"]


def is_future(value: object) -> TypeIs[Future[Any]]:
    """Whether it is a future of ``concurrent.futures``, which a process without that package cannot have."""
    futures = sys.modules.get("concurrent.futures")
    return futures is not None and isinstance(value, futures.Future)
