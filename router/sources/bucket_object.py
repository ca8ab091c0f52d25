"""Read an object of S3 that a message or a notification names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO, Any, Protocol

from router.aws_client import LazyClient, code_of_error
from router.errors import RecordsGoneError, RecordsUnreadError, RouterError

__all__ = ["objects_of", "opened_object", "read_object"]

_NEVER = frozenset({"InvalidBucketName", "NoSuchBucket", "NoSuchKey", "ParamValidationError"})
"""The errors after which the object can never be read."""

_MOST_BYTES = 64 * 2**20  # an event of 6 MB, written as a text within JSON, is less

_clients: list[HoldsClient] = []


class HoldsClient(Protocol):
    """Returns a client of S3."""

    def get(self) -> Any: ...


@contextmanager
def objects_of(client: HoldsClient) -> Iterator[None]:
    """Read from another client, for tests."""
    before = [*_clients]
    _clients[:] = [client]
    try:
        yield
    finally:
        _clients[:] = before


def read_object(bucket: str, key: str, expected: str) -> bytes:
    """The content of an object.

    Args:
        bucket: The bucket.
        key: The key.
        expected: What the object has to be, for errors.

    Raises:
        RecordsGoneError: There is no such object, or it is too big for what it has to be.
        RecordsUnreadError: It cannot be read now.
    """
    with opened_object(bucket, key, expected) as (stream, _):
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        msg = f"found more than {_MOST_BYTES >> 20} MB at s3://{bucket}/{key}, expected {expected}"
        raise RecordsGoneError(msg)
    return content


@contextmanager
def opened_object(bucket: str, key: str, expected: str) -> Iterator[tuple[IO[bytes], str | None]]:
    """The content of an object to read in a block, and its ETag.

    Args:
        bucket: The bucket.
        key: The key.
        expected: What the object has to be, for errors.

    Raises:
        RecordsGoneError: There is no such object.
        RecordsUnreadError: It cannot be read now.
    """
    where = f"s3://{bucket}/{key}"
    if not _clients:
        _clients.append(LazyClient("Dispatcher", "s3", None))
    try:
        found = _clients[0].get().get_object(Bucket=bucket, Key=key)
        with closing(found["Body"]) as stream:
            yield stream, found.get("ETag", "").strip('"') or None
    except RouterError:
        raise
    except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
        code = code_of_error(error)
        if code in _NEVER:
            msg = f"found {code} at {where}, expected {expected}"
            raise RecordsGoneError(msg) from None
        msg = f"found {code} on reading {where}, expected {expected}; a retry reads it again"
        raise RecordsUnreadError(msg) from None
