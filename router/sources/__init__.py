"""The sources of records: one module each, filling the same slots."""

from __future__ import annotations

from router.sources.events import receive
from router.sources.received import Received
from router.sources.source import Group, Source

__all__ = ["Group", "Received", "Source", "receive"]
