"""Read the document of a parked record from the bucket that its message names, because it is too big for a message."""

from __future__ import annotations

import json
from typing import Any

from router.errors import RecordsGoneError
from router.sources.bucket_object import read_object

__all__ = ["read_parked"]

_EXPECTED = "the document of a parked record that is too big for a message"


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
    content = read_object(place["bucket"], place["key"], _EXPECTED)
    try:
        document = json.loads(content)
        if "parkedAt" in document and "record" in document:
            return document
    except (TypeError, ValueError, RecursionError):
        pass
    raise _gone("something else", f"s3://{place['bucket']}/{place['key']}")


def _gone(found: str, where: str) -> RecordsGoneError:
    msg = f"found {found} at {where}, expected {_EXPECTED}"
    return RecordsGoneError(msg)
