"""The limits of a Lambda function's time-out and memory.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

They stand here because to load botocore's model of Lambda takes a third of a second; a test compares the two.
"""

from __future__ import annotations

__all__ = ["LONGEST_TIMEOUT", "LONGEST_TIMEOUT_ON_MANAGED_INSTANCES", "MEMORY"]

LONGEST_TIMEOUT = 1_800
"""Seconds."""

LONGEST_TIMEOUT_ON_MANAGED_INSTANCES = 5_400
"""Seconds, for a function with a ``CapacityProviderConfig``."""

MEMORY = (128, 32_768)
"""The least and the most, in MB."""
