"""Fixtures of the tests of `router doctor`."""

from tests.local.doctor.stacks import stack
from tests.ministack import ministack

__all__ = ["ministack", "stack"]
