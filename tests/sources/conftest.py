"""S3 on a loopback port."""

from tests.local.backfill.deployments import ministack

__all__ = ["ministack"]
