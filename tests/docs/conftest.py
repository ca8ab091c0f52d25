"""The example's stack, of which a page shows what `router doctor` prints."""

from tests.local.doctor.stacks import stack
from tests.ministack import ministack

__all__ = ["ministack", "stack"]
