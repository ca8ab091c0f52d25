"""Read the document of a parked record from the bucket that its message names, because it is too big for a message."""

from __future__ import annotations

import json
from typing import Any

from router.aws_client import LazyClient, code_of_error
from router.errors import RecordsGoneError, RecordsUnreadError

__all__ = ["read_parked"]

_NEVER = frozenset({"NoSuchBucket", "NoSuchKey", "ParamValidationError"})
"""The errors after which the document can never be read."""

_clients: list[LazyClient] = []


def read_parked(place: Any) -> Any:
    """The document of a parked record.

    Args:
        place: The bucket and the key, as the message has them.

    Raises:
        RecordsGoneError: There is no such document.
        RecordsUnreadError: It cannot be read now.
    """
    if not isinstance(place, dict) or not all(isinstance(place.get(name), str) for name in ("bucket", "key")):
        raise _gone("no bucket and key", "recordIn")
    where = f"s3://{place['bucket']}/{place['key']}"
    if not _clients:
        _clients.append(LazyClient("SqsParking", "s3", None))
    try:
        content = _clients[0].get().get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
        code = code_of_error(error)
        if code in _NEVER:
            raise _gone(code, where) from None
        msg = f"found {code} on reading {where}, expected the document of a parked record; a retry reads it again"
        raise RecordsUnreadError(msg) from None
    try:
        document = json.loads(content)
        if "parkedAt" in document and "record" in document:
            return document
    except (TypeError, ValueError):
        pass
    raise _gone("something else", where)


def _gone(found: str, where: str) -> RecordsGoneError:
    msg = f"found {found} at {where}, expected the document of a parked record that is too big for a message"
    return RecordsGoneError(msg)
