"""The sources of records: one module each, filling the same slots."""

from __future__ import annotations

from router.sources.carrier import delivery_count, first_delivery
from router.sources.received import SOURCES, Received, receive
from router.sources.source import Group, Source

__all__ = ["SOURCES", "Group", "Received", "Source", "delivery_count", "first_delivery", "receive"]
