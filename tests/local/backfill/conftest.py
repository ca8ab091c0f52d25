"""Fixtures of the tests of a backfill."""

from tests.local.backfill.deployments import function, ministack, seen, table

__all__ = ["function", "ministack", "seen", "table"]
