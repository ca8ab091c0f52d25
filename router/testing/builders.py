"""Records and events as Lambda delivers them, made from models or Python values."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from router.errors import RegistrationError
from router.event import Event
from router.local.item_size import size_bytes
from router.stream_view import View, carried
from router.testing.items import Item, Key, Rule, Wire, entity_image, key_attributes, wire_image

__all__ = [
    "FIRST_SEQUENCE_NUMBER",
    "STREAM_ARN",
    "event",
    "expired",
    "inserted",
    "modified",
    "record",
    "removed",
    "stream_record",
]

STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Table/stream/2026-01-01T00:00:00.000"
"""The default stream of records."""

FIRST_SEQUENCE_NUMBER = 10**21 - 3
"""The third number after it has a digit more, as happens within real shards: comparing as text fails here too."""

_TTL_IDENTITY = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
_NUMBERS = itertools.count(FIRST_SEQUENCE_NUMBER)


def record(
    old: Item | None = None,
    new: Item | None = None,
    *,
    ttl: bool = False,
    view: View = "NEW_AND_OLD_IMAGES",
    key: Key = None,
    entity: str | None = None,
    discriminator: Rule = "EntityType",
    sequence_number: int | str | None = None,
    created_at: datetime | float | None = None,
    stream_arn: str = STREAM_ARN,
) -> dict[str, Any]:
    """Make a record from an item before and after a change: without ``old`` an insert, without ``new`` a remove.

    Args:
        old: The item before, as a model or a dict of Python values.
        new: The item after.
        ttl: Whether the item's time to live expired; else a user removed it.
        view: The stream view type, which determines the record's images.
        key: The names of the key attributes, or a function that makes them from an item. By default they are guessed:
            ``pk`` and ``sk``, else ``id``, else ``order_id`` of an ``Order``, else the first that can be a key.
        entity: The entity's name, for items that do not name it themselves: it is written to the first attribute that
            the discriminator reads names from. Without it nothing is added to the items.
        discriminator: The app's discriminator. It says where ``entity`` is written, and which attributes are not
            guessed as the key.
        sequence_number: The position in the shard; by default it grows from record to record.
        created_at: The time of the change, by default now. Whole seconds are kept, as in DynamoDB.
        stream_arn: The stream.

    Raises:
        RegistrationError: Both items are missing, they have different keys, an item has no key, or an item names
            another entity.
        DecodeError: A number has more digits than DynamoDB keeps.

    Example:
        >>> change = record(new={"id": "o-1", "total": 5}, sequence_number=7)
        >>> change["eventName"], change["dynamodb"]["NewImage"], change["dynamodb"]["SizeBytes"]
        ('INSERT', {'id': {'S': 'o-1'}, 'total': {'N': '5'}}, 17)
    """
    items = {name: item for name, item in (("OldImage", old), ("NewImage", new)) if item is not None}
    if not items:
        msg = "found neither old nor new, expected at least one: a record has an item before or after the change"
        raise RegistrationError(msg)
    images = {name: _image(item, key, entity, discriminator) for name, item in items.items()}
    keys = [key_attributes(item, images[name], key, discriminator) for name, item in items.items()]
    if keys[0] != keys[-1]:
        msg = (
            f"found two items with different keys of {', '.join(keys[0])}, expected one item before and after a change"
        )
        raise RegistrationError(msg)
    number = next(_NUMBERS) if sequence_number is None else sequence_number
    moment = time.time() if created_at is None else created_at
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    return stream_record(
        keys[0], images, ttl=ttl, view=view, number=str(number), seconds=seconds, stream_arn=stream_arn
    )


def inserted(new: Item, **options: Any) -> dict[str, Any]:
    """The record of a new item; ``options`` are those of :func:`record`.

    Example:
        >>> inserted({"id": "o-1"})["eventName"]
        'INSERT'
    """
    return record(new=new, **options)


def modified(old: Item, new: Item, **options: Any) -> dict[str, Any]:
    """The record of a changed item; ``options`` are those of :func:`record`.

    Example:
        >>> change = modified({"id": "o-1", "total": 5}, {"id": "o-1", "total": 6})
        >>> change["dynamodb"]["OldImage"]["total"], change["dynamodb"]["NewImage"]["total"]
        ({'N': '5'}, {'N': '6'})
    """
    return record(old, new, **options)


def removed(old: Item, **options: Any) -> dict[str, Any]:
    """The record of an item that a user removed; ``options`` are those of :func:`record`.

    Example:
        >>> "userIdentity" in removed({"id": "o-1"})
        False
    """
    return record(old, **options)


def expired(old: Item, **options: Any) -> dict[str, Any]:
    """The record of an item whose time to live expired; ``options`` are those of :func:`record`.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html

    Example:
        >>> expired({"id": "o-1"})["userIdentity"]
        {'principalId': 'dynamodb.amazonaws.com', 'type': 'Service'}
    """
    return record(old, ttl=True, **options)


def event(*records: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """The event that delivers records; ``fields`` are its other fields, such as those of a tumbling window.

    Example:
        >>> [each["eventName"] for each in event(inserted({"id": "o-1"}), removed({"id": "o-2"}))["Records"]]
        ['INSERT', 'REMOVE']
    """
    return {"Records": [dict(each) for each in records], **fields}


def stream_record(
    keys: Wire, images: Mapping[str, Wire], *, ttl: bool, view: View, number: str, seconds: float, stream_arn: str
) -> dict[str, Any]:
    """Make a record with Lambda's order of keys.

    Args:
        keys: The item's key on the wire.
        images: ``OldImage``, ``NewImage`` or both on the wire.
        ttl: Whether the item's time to live expired.
        view: The stream view type.
        number: The sequence number.
        seconds: The time of the change, in seconds since the epoch.
        stream_arn: The stream.
    """
    name = "REMOVE" if "NewImage" not in images else "MODIFY" if "OldImage" in images else "INSERT"
    kind = Event.DELETE if name == "REMOVE" else Event[name]
    shown = {image: images[image] for image in carried(view, kind)}
    made: dict[str, Any] = {
        # Derived from the record, because an event ID is the same at every delivery.
        "eventID": blake2b(f"{stream_arn} {number}".encode(), digest_size=16).hexdigest(),
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream_arn.split(":")[3] if stream_arn.count(":") > 2 else "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": float(int(seconds)),
            "Keys": keys,
            **shown,
            "SequenceNumber": number,
            "SizeBytes": size_bytes(keys, *shown.values()),
            "StreamViewType": view,
        },
    }
    if ttl:
        made["userIdentity"] = dict(_TTL_IDENTITY)
    made["eventSourceARN"] = stream_arn
    return made


def _image(item: Item, key: Key, entity: str | None, discriminator: Rule) -> Wire:
    image = wire_image(item, **(key(item) if callable(key) else {}))
    return image if entity is None else entity_image(image, entity, discriminator)
