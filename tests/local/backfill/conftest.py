"""Fixtures of the tests of a backfill."""

from tests.local.backfill.deployments import function, seen, table
from tests.ministack import ministack

__all__ = ["function", "ministack", "seen", "table"]
