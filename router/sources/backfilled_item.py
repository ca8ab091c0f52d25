"""Items that are there already, in the form of changes: what a backfill sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from router.record import BACKFILLED

__all__ = ["backfilled_item", "item_id"]


def backfilled_item(
    table: str, keys: Mapping[str, Any], images: Mapping[str, Any], written_at: float | None = None
) -> dict[str, Any]:
    """An item in the form of a change; the images decide the event.

    An item that is there is an INSERT. In an incremental export, a modification has both images, and a removal has the
    old one or none.

    Args:
        table: The table's name.
        keys: The item's key attributes, as DynamoDB JSON.
        images: ``NewImage``, ``OldImage``, or both.
        written_at: The time of the last write, in seconds, where the source says it.

    Example:
        >>> item = {"pk": {"S": "ORDER#1"}}
        >>> backfilled_item("shop", item, {"NewImage": item})["eventName"]
        'INSERT'
    """
    name = ("MODIFY" if "OldImage" in images else "INSERT") if "NewImage" in images else "REMOVE"
    time = {} if written_at is None else {"ApproximateCreationDateTime": written_at}
    return {
        "eventID": item_id(table, keys, images),
        "eventName": name,
        "eventSource": BACKFILLED,
        "tableName": table,
        "dynamodb": {**time, "Keys": keys, **images},
    }


def item_id(table: str, keys: Mapping[str, Any], images: Mapping[str, Any]) -> str:
    """The event ID of an item: the same for the same item with the same contents, however often it is delivered.

    So a handler that remembers event IDs skips what it has done when a backfill goes on or is repeated, and handles an
    item that has changed since.

    Args:
        table: The table's name.
        keys: The item's key attributes, as DynamoDB JSON.
        images: Its images.
    """
    text = json.dumps([table, keys, images], sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
