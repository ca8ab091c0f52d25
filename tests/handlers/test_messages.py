"""Messages: the log lines of a batch and of each of its records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.events.stories import Item, message, order, wire
from tests.handlers.shop import Shop, change, recorded


def logged(capsys: pytest.CaptureFixture[str], *records: dict[str, Any]) -> list[str]:
    """The log lines of the handlers, without those of the dispatcher."""
    assert Shop().deliver(*records) == {"batchItemFailures": []}
    lines = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line.startswith("(")]


def sample(id_: int, text: str, entity_type: str) -> str:
    return f'(Sample)={{"id":{id_},"message":{json.dumps(text)},"entity_type":{json.dumps(entity_type)}}}'


@pytest.mark.parametrize(
    ("attributes", "id_"),
    [
        ({"Id": 7}, 7),
        ({"Id": -7}, -7),
        ({"Id": 2**31 - 1}, 2**31 - 1),
        ({"Id": -(2**31)}, -(2**31)),
        ({}, 0),
        ({"Id": 2**31}, 0),
        ({"Id": -(2**31) - 1}, 0),
        ({"Id": "7"}, 0),
        ({"Id": True}, 0),
        ({"Id": None}, 0),
        ({"Id": {7, 8}}, 0),
        ({"Id": [7]}, 0),
    ],
    ids=repr,
)
def test_an_id_is_a_number_of_32_bits_or_0(
    capsys: pytest.CaptureFixture[str], attributes: dict[str, Any], id_: int
) -> None:
    """An ID that is not an integer of 32 bits is logged as 0."""
    item = message(1, Message="Hello", **attributes)
    assert logged(capsys, change(None, item)) == ["(BatchSize)=1", sample(id_, "Hello", "Message")]


def test_an_id_with_a_fraction_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    """An ID with a fraction is logged as 0."""
    record = change(None, message(1))
    record["dynamodb"]["NewImage"]["Id"] = {"N": "7.5"}
    assert logged(capsys, record)[1:] == [sample(0, "", "Message")]


@pytest.mark.parametrize(
    "attributes",
    [{}, {"Message": 5}, {"Message": None}, {"Message": {"a", "b"}}],
    ids=["absent", "number", "null", "set"],  # the repr of a set has no order, and all workers must agree on the ids
)
def test_a_message_is_a_text_or_empty(capsys: pytest.CaptureFixture[str], attributes: dict[str, Any]) -> None:
    """A message that is not a text is logged as empty."""
    assert logged(capsys, change(None, message(1, **attributes)))[1:] == [sample(0, "", "Message")]


@pytest.mark.parametrize(
    ("more", "entity_type"), [({}, ""), ({"EntityType": "Coupon"}, "Coupon"), ({"EntityType": 5}, "")], ids=repr
)
def test_an_entity_without_a_route_is_logged(capsys: pytest.CaptureFixture[str], more: Item, entity_type: str) -> None:
    """A record of an entity without a route is logged with its entity type, or without one."""
    item = {"pk": "X#1", "sk": "X", "Id": 9, "Message": "Hello", **more}
    assert logged(capsys, change(None, item)) == ["(BatchSize)=1", sample(9, "Hello", entity_type)]


def test_the_new_image_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """A modified message is logged with its new image, a removed one without values."""
    old, new = message(1, Id=1, Message="before"), message(1, Id=2, Message="after")
    lines = logged(capsys, change(old, new), change(new, None))
    assert lines == ["(BatchSize)=2", sample(2, "after", "Message"), sample(0, "", "")]


def test_a_message_that_loses_its_entity_type_is_still_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A record whose new image has no entity type is routed by its old image."""
    old = message(1, Id=1)
    record = change(old, old)
    record["dynamodb"]["NewImage"] = wire({"pk": "MESSAGE#1", "sk": "MESSAGE", "Id": 1})
    assert logged(capsys, record)[1:] == [sample(1, "", "")]


def test_the_batch_size_is_logged_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The batch size is logged once an invocation, and counts all of its records."""
    records = [change(None, message(1)), change(None, order(1, 42, [])), change(None, {"pk": "X", "sk": "X"})]
    lines = logged(capsys, *records, change(None, message(2)))
    assert [line for line in lines if "BatchSize" in line] == ["(BatchSize)=4"]
    assert len(lines) == 4


def test_recorded_messages_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Recorded messages are logged: complete, with missing attributes, changed and removed."""
    assert logged(capsys, *recorded("messages")) == [
        "(BatchSize)=9",
        sample(101, "New item!", "Message"),
        sample(0, "no Id", "Message"),
        sample(0, "an Id that is no number", "Message"),
        sample(104, "", "Message"),
        sample(105, "no EntityType", ""),
        sample(0, "", "Message"),
        sample(0, "an Id too large for 32 bits", "Message"),
        sample(101, "This item has changed", "Message"),
        sample(0, "", ""),
    ]
