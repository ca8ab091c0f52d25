"""Fixtures of the tests of ``router backfill`` and ``router redrive``."""

from tests.local.backfill.deployments import function, ministack, seen, table

__all__ = ["function", "ministack", "seen", "table"]
