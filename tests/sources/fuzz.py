"""Deliveries of every source, broken at random, and what holds for each: ``python -m tests.sources.fuzz 100000``."""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import quote_plus

from pydantic import ValidationError

from router import Change, Dispatcher, Insert, MemoryParking, Report, Routes
from router.aws_client import LazyClient
from router.errors import RouterError
from router.observability.safe_errors import alone
from router.sources.backfilled_item import backfilled_item
from router.testing import deliveries
from tests.builders import Json, Order, modify, remove
from tests.sources.deliveries import (
    change,
    failure_document,
    in_pipe,
    kinesis_record,
    message,
    notification,
    on_kinesis,
    s3_notification,
    sns_record,
)
from tests.strategies import SECRET

__all__ = ["check", "generated"]

_UNDONE = ("failed", "deferred")
_JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**70, 1.5, "", SECRET, f"{{{SECRET}", "[]", '"', "\ud800", "\x00", "9" * 5000, "e1", "7"),
    *([], {}, [[]], [{}], {"S": SECRET}, {"N": SECRET}, {"X": 1}, {"M": {"a": {"N": SECRET}}}, [SECRET]),
    *({"eventSource": "aws:sqs"}, {"eventSource": "aws:kinesis"}, {"eventSource": "aws:dynamodb"}, {"Records": []}),
    *("aws:sqs", "aws:kinesis", "aws:dynamodb", "INSERT", "REMOVE", "arn:aws:sqs:eu-west-1:1:q.fifo"),
    *({"payload": SECRET, "DDBStreamBatchInfo": {}}, {"Type": "Notification", "Message": SECRET}),
)

# ------------------------------------------------------------------------------------------------------------ generated


def _wire(random: Random) -> Json:
    number, key = random.randrange(1, 30), f"{SECRET}{random.randrange(4)}"
    made = random.choice([change, modify, remove])(number, key)
    made["dynamodb"].get("NewImage", {})["note"] = random.choice([{"S": SECRET}, {"N": SECRET}, {"S": "a"}])
    return made


def _document(random: Random) -> Any:
    """What a message carries."""
    wires = [_wire(random) for _ in range(random.choice([1, 1, 2, 3]))]
    made: Any = random.choice([wires[0], wires, {"Records": wires}, failure_document(*wires, payload="object")])
    if random.random() < 0.3:
        made = failure_document(*(on_kinesis(wire, number) for number, wire in enumerate(wires, 7)))
    if random.random() < 0.1:
        made = deliveries.failure_document(*wires, payload=False)
    if random.random() < 0.2:
        made = {"parkedAt": "2026-01-01", "record": random.choice([wires[0], made])}
    if random.random() < 0.2:
        stored = _notification_of_s3(random)
        made = random.choice([stored, {"Records": [stored]}, _S3_TEST])
    if random.random() < 0.3:
        made = random.choice([notification(json.dumps(made)), {"detail-type": "x", "detail": made}])
    return made


_S3_TEST = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-02T00:00:00.000Z", "Bucket": "b"}


def _notification_of_s3(random: Random) -> Json:
    """An entry of S3's notification or an event of EventBridge; the key says what stands in the object."""
    key = f"aws/lambda/{random.randrange(10_000)}=+ /d"
    if random.random() < 0.3:
        detail = {"bucket": {"name": "b"}, "object": {"key": key}}
        return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    return s3_notification(quote_plus(key, safe="/"))


class _Aws:
    """Clients of all services: a bucket with sound and broken documents; the streams cannot be reached."""

    def get_shard_iterator(self, **_: str) -> Json:
        raise TimeoutError(SECRET)

    def get_object(self, *, Bucket: str, Key: str) -> Json:  # noqa: N803 - as boto3 names them
        parts = Key.split("/") if isinstance(Key, str) and Bucket == "b" else []
        if len(parts) != 4 or not parts[2].endswith("=+ "):
            raise TimeoutError(SECRET)
        random = Random(Key)  # noqa: S311 - to be repeatable
        wires = [_wire(random) for _ in range(random.choice([1, 2, 5]))]
        document: Any = failure_document(*wires, payload=random.choice(["text", "text", "object"]))
        if random.random() < 0.2:
            document = random.choice([_document(random), b"", b"\xff", b"[" * 100_000, *_JUNK])
        if random.random() < 0.4:
            document = _broken(random, document)
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        return {"Body": io.BytesIO(content)}


def _existing(random: Random) -> Json:
    """An item as a backfill delivers it."""
    body = _wire(random)["dynamodb"]
    images = {name: body[name] for name in ("NewImage", "OldImage") if name in body}
    return backfilled_item("shop", body["Keys"], images, random.choice([None, 1_700_000_000.0]))


_ENTRIES: tuple[Callable[[Random, int], Json], ...] = (
    lambda random, _: _existing(random),
    lambda random, _: _wire(random),
    lambda random, number: on_kinesis(_wire(random), number),
    lambda random, number: in_pipe(on_kinesis(_wire(random), number)),
    lambda random, number: kinesis_record(random.choice([b"\xf3\x89\x9a\xc2", b"\xff", b"{}", b"[1]"]), number),
    lambda random, number: message(_document(random), number),
    lambda random, number: message(_document(random), number, random.choice("ab")),
    lambda random, _: sns_record(json.dumps(_document(random))),
    lambda random, _: failure_document(_wire(random), payload=random.choice(["text", "object", "none"])),
    lambda random, _: _notification_of_s3(random),
    lambda random, _: (
        _S3_TEST if random.random() < 0.1 else sns_record(json.dumps({"Records": [_notification_of_s3(random)]}))
    ),
)


def generated(random: Random) -> Any:
    """An event of one source, or rarely of several, with none to three faults in it."""
    sources = random.choices(_ENTRIES, k=random.choice([1, 1, 1, 2]))
    entries = [random.choice(sources)(random, number) for number in range(random.choice([1, 3, 5, 8]))]
    event: Any = random.choices([{"Records": entries}, entries, entries[0]], weights=[8, 3, 1])[0]
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        event = _broken(random, event)
    return event


def _broken(random: Random, value: Any) -> Any:
    """A value with a fault somewhere in it, also within the JSON of its texts."""
    if random.random() < 0.03 or value in ({}, [], ""):
        return random.choice(_JUNK)
    if isinstance(value, dict):
        name = random.choice([*value])
        if name in (
            "eventSource",
            "sequenceNumber",
            "SequenceNumber",
            "key",
            "name",
        ):  # these are no values, and errors show them
            return {**value, name: random.choice(["", "7", None, 7, [], "aws:sqs", "aws:s3"])}
        if random.random() < 0.1:
            return {other: each for other, each in value.items() if other != name}
        return {**value, name: _broken(random, value[name])}
    if isinstance(value, list):
        position = random.randrange(len(value))
        if random.random() < 0.1:
            return value[:position] + [value[position]] * 2 + value[position:]
        return [*value[:position], _broken(random, value[position]), *value[position + 1 :]]
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            return json.dumps(_broken(random, json.loads(value)))
        with suppress(ValueError, RecursionError):
            inner = json.loads(base64.b64decode(value, validate=True))
            return base64.b64encode(json.dumps(_broken(random, inner)).encode()).decode()
    return random.choice(_JUNK)


# ---------------------------------------------------------------------------------------------------------------- check


def check(event: Any, random: Random) -> str:
    """Deliver an event, and return what became of it.

    Raises:
        AssertionError: Something does not hold.
    """
    with patch.object(LazyClient, "get", new=lambda _: _Aws()):
        return _checked(event, random)


def _checked(event: Any, random: Random) -> str:
    entries = event.get("Records") if isinstance(event, dict) else event
    for entry in entries if isinstance(entries, list) else [event]:
        with suppress(RouterError):
            APPS[0].explain(entry)
        with suppress(RouterError, TimeoutError, ValidationError):
            APPS[0].record_handler(entry)
    app = random.choice(APPS)
    place = app.parking if isinstance(app.parking, MemoryParking) else MemoryParking()
    place.parked.clear()
    report = _reported(app, event)
    if isinstance(report, RouterError):
        assert SECRET not in f"{report}{report.__cause__}{report.__context__}", "a value in an error"
        return type(report).__name__
    parked = 0
    for outcome in report:
        parked += outcome.status == "parked"
        assert outcome.error is None or SECRET not in str(alone(outcome.error)), "a value in an outcome's error"
    assert parked == len(place), "parked, and not kept"
    _check_response(report)
    return "answered"


def _reported(app: Dispatcher, event: Any) -> Report | RouterError:
    try:
        return app.dispatch(event)
    except RouterError as error:
        return error


def _check_response(report: Report) -> None:
    """Every record that is not done is reported, by an identifier that was delivered."""
    answered = [each["itemIdentifier"] for each in report.response["batchItemFailures"]]
    assert all(isinstance(each, str) and each for each in answered), "an empty identifier"
    undone = [outcome.record for outcome in report if outcome.status in _UNDONE]
    known: list[set[Any]] = [_identifiers(record.raw) for record in undone]
    assert set(answered) <= set().union(*known), "an unknown identifier"
    for record, mine in zip(undone, known, strict=True):
        if record.source in ("sqs", "pipes"):
            assert mine & set(answered), "a record that is lost"
    assert bool(answered) == bool(undone), "records that are lost"
    for source in ("dynamodb-streams", "kinesis"):
        numbers = [str(record.sequence_number) for record in undone if record.source == source]
        if numbers and all(number.isascii() and number.isdigit() for number in numbers):
            assert min(numbers, key=int) in answered, "a record below the reported one"


def _identifiers(entry: Any) -> set[Any]:
    """All texts in an entry: identifiers are among them."""
    if isinstance(entry, dict):
        return set().union(*map(_identifiers, entry.values()))
    if isinstance(entry, list):
        return set().union(*map(_identifiers, entry))
    if not isinstance(entry, str):
        return set()
    try:
        return {entry} | _identifiers(json.loads(entry))
    except (ValueError, RecursionError):
        return {entry}


def _app(failing: int, place: MemoryParking | None, concurrency: int) -> Dispatcher:
    routes = Routes()

    @routes.on(Order)
    def handle(order: Change[Order]) -> None:
        if order.image.pk in [f"{SECRET}{number}" for number in range(failing)]:
            raise TimeoutError

    @routes.on_insert(Order)
    def place_order(order: Insert[Order]) -> None: ...

    return Dispatcher(routes, parking=place, concurrency=concurrency)


APPS = [
    _app(failing, place, concurrency)
    for failing in (2, 0, 1)
    for place in (None, MemoryParking())
    for concurrency in (1, 3)
]


def main(count: int) -> None:
    """Try events of the seeds from 0, and print what became of them."""
    os.environ["LOG_LEVEL"] = "CRITICAL"
    ends: Counter[str] = Counter()
    for seed in range(count):
        random = Random(seed)  # noqa: S311 - to be repeatable
        event = generated(random)
        try:
            ends[check(event, random)] += 1
        except Exception as error:
            error.add_note(f"seed {seed}: {json.dumps(event, default=repr)[:2000]}")
            raise
    print(f"{count:,} events, no escape: {dict(ends)}")  # noqa: T201 - for who runs it by hand


if __name__ == "__main__":
    main(int(sys.argv[1]))
