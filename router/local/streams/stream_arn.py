"""The ARNs of streams, of which engines leave out a part."""

from __future__ import annotations

__all__ = ["event_source_arn", "relocate"]

_PLACEHOLDER_ACCOUNT = "000000000000"  # of engines without accounts


def relocate(arn: str, *, region: str = "us-east-1", account: str = "123456789012") -> str:
    """Replace the region and the account of an ARN.

    Example:
        >>> relocate("arn:aws:dynamodb:ddblocal:000000000000:table/Shop")
        'arn:aws:dynamodb:us-east-1:123456789012:table/Shop'
    """
    prefix, partition, service, _, _, resource = arn.split(":", 5)
    return ":".join((prefix, partition, service, region, account, resource))


def event_source_arn(stream_arn: str) -> str:
    """A stream's ARN as its records in a Lambda event have it: with a region and an account, which some engines lack.

    Args:
        stream_arn: The ARN that the engine gives.

    Example:
        >>> event_source_arn("arn:aws:dynamodb:ddblocal:000000000000:table/Shop")
        'arn:aws:dynamodb:us-east-1:123456789012:table/Shop'
    """
    return relocate(stream_arn) if stream_arn.split(":")[4] == _PLACEHOLDER_ACCOUNT else stream_arn
