"""S3 on a loopback port."""

from tests.ministack import ministack

__all__ = ["ministack"]
