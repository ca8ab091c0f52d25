"""Read the failure document of an object that S3 notifies of, itself or by EventBridge.

Lambda writes the records of a discarded batch to S3 only, each document to a key of its own: no version is asked for,
so the permission ``s3:GetObject`` is enough.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from router.sources.bucket_object import read_object
from router.sources.change import NotAChangeError

__all__ = ["stored_document"]

_CREATED = ("ObjectCreated:", "Object Created")
_EVENT = re.compile(r"[A-Za-z]{1,32}:[A-Za-z]{1,32}|Object [A-Za-z ]{1,32}")


def stored_document(notification: Mapping[str, Any]) -> tuple[str, Any]:
    """The URL of the object that a notification names, and the document in it.

    Args:
        notification: An entry of a notification of S3, or the event that EventBridge makes of one.

    Raises:
        NotAChangeError: The notification is of another event than that an object was created, or the object is no JSON.
        RecordsGoneError: There is no such object.
        RecordsUnreadError: It cannot be read now.
    """
    bucket, key = _place(notification)
    content, where = read_object(bucket, key, "a failure document"), f"s3://{bucket}/{key}"
    try:
        return where, json.loads(content)
    except (ValueError, RecursionError):
        msg = f"an object that is no JSON at {where}"
        raise NotAChangeError(msg) from None


def _place(notification: Mapping[str, Any]) -> tuple[str, str]:
    """The bucket and the key. A notification has the key encoded as in a URL; EventBridge decodes it."""
    by_event_bridge = "detail-type" in notification
    event = notification.get("detail-type" if by_event_bridge else "eventName")
    if not isinstance(event, str) or not event.startswith(_CREATED):
        named = isinstance(event, str) and _EVENT.fullmatch(event)
        raise NotAChangeError(f"the event {event!r} of S3" if named else "an unknown event of S3")
    section: Any = notification.get("detail" if by_event_bridge else "s3")
    try:
        bucket, key = section["bucket"]["name"], section["object"]["key"]
    except (KeyError, TypeError):
        bucket = key = None
    if not (isinstance(bucket, str) and bucket and isinstance(key, str) and key):
        msg = "a notification of S3 without bucket and key"
        raise NotAChangeError(msg)
    return bucket, key if by_event_bridge else unquote_plus(key)
