"""Events become records, malformed ones too, and the lowest undone number is reported."""

from __future__ import annotations

import collections
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import DecodeError, Event, MalformedRecordError, Record, UnknownEventError
from router.record import Records
from router.sources import Received, receive
from router.sources.change import make_record
from router.sources.dynamodb_streams import SOURCE, identify
from tests.strategies import SECRET, junk

RECORDED = sorted((Path(__file__).parents[1] / "events").glob("*.json"))
TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def raw(name: Any = "INSERT", body: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "eventSource": "aws:dynamodb",
        "eventName": name,
        "dynamodb": {"Keys": {"pk": {"S": "1"}}, "SequenceNumber": "100"} if body is None else body,
        **more,
    }


def read(record: Any) -> Record:
    return receive({"Records": [record]}).records[0]


def numbered(*numbers: str | None) -> list[Record]:
    return [read(raw(body={} if number is None else {"SequenceNumber": number})) for number in numbers]


def respond(undone: list[Record], **event: Any) -> dict[str, Any]:
    return Received({"Records": [], **event}, Records([], make_record), [SOURCE]).respond(undone)


def failures(*numbers: str | None) -> list[str]:
    response = respond(numbered(*numbers))
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


# --------------------------------------------------------------------------------------------------------------- claims


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_events(path: Path) -> None:
    """Every recorded event is one of DynamoDB Streams, and each of its records can be routed."""
    event = json.loads(path.read_text())
    assert receive(event).source == "dynamodb-streams"
    assert [record.flaw for record in receive(event).records] == [None] * len(event["Records"])


def test_there_are_recorded_events() -> None:
    """There are recorded events to read."""
    assert RECORDED


def test_empty_batch() -> None:
    """An event without records, such as the last one of a tumbling window, is one of DynamoDB Streams."""
    assert receive({"Records": []}).source == "dynamodb-streams"


UNKNOWN: list[tuple[Any, str]] = [
    (None, "an event of type NoneType"),
    ([], "an event of type list"),
    ("Records", "an event of type str"),
    ({}, "an event with no keys"),
    ({"detail-type": "x", "detail": {}}, "an event with the keys 'detail-type', 'detail'"),
    (dict.fromkeys("abcdefghi"), "an event with the keys 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ..."),
    ({7: 1}, "an event with the keys '7'"),
    ({"k" * 70: 1}, f"an event with the keys '{'k' * 64}'"),
    ({"Records": None}, "an event whose Records are of type NoneType"),
    ({"Records": {}}, "an event whose Records are of type dict"),
    ({"Records": [None]}, "an event whose record 0 is of type NoneType"),
    ({"Records": [{}]}, "an event whose record 0 is an object with no keys and no eventSource"),
    ({"Records": [{"eventSource": "aws:s3"}]}, "an event whose record 0 is from 'aws:s3'"),
    (
        {"Records": [{"eventSource": None}]},
        "an event whose record 0 is an object with the keys 'eventSource' and no eventSource",
    ),
]


@pytest.mark.parametrize(("event", "found"), UNKNOWN, ids=[found for _, found in UNKNOWN])
def test_unknown_event(event: Any, found: str) -> None:
    """The error of an unknown event says what was found, what is expected, and what to check."""
    with pytest.raises(UnknownEventError) as caught:
        receive(event)
    assert str(caught.value) == (
        f"found {found}, expected an event of DynamoDB Streams (Records whose eventSource is 'aws:dynamodb') or Kinesis "
        "(Records whose eventSource is 'aws:kinesis') or SQS (Records whose eventSource is 'aws:sqs') or Lambda's failure "
        "documents or a backfill (Records whose eventSource is 'router:backfill') or EventBridge Pipes (a list of them); check what invokes this function"
    )


@given(junk() | st.builds(dict, Records=junk() | st.lists(junk())))
def test_unknown_events_raise_nothing_else(event: Any) -> None:
    """Any value is an event or raises UnknownEventError, without values in the message."""
    try:
        found = receive(event).source
    except UnknownEventError as error:
        found = str(error)
    assert SECRET not in found


def test_unknown_event_shows_no_values() -> None:
    """The message about an unknown event has no values of it."""
    with pytest.raises(UnknownEventError) as caught:
        receive({"Records": [{"body": SECRET}], "id": SECRET})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (None, "of type NoneType"),
        ("x", "of type str"),
        ({}, "an object with no keys and no eventSource"),
        ({"eventSource": "aws:s3"}, "from 'aws:s3'"),
    ],
)
def test_a_record_of_no_source(other: Any, found: str) -> None:
    """A record of no known source at any position makes the event unknown, before any handler runs."""
    with pytest.raises(UnknownEventError, match=f"^found an event whose record 1 is {found}, expected an event of"):
        receive({"Records": [raw(), other]})


# -------------------------------------------------------------------------------------------------------------- records


def test_order() -> None:
    """Records keep the order of the event."""
    event = {"Records": [raw(eventID=str(number)) for number in (3, 1, 2)]}
    assert [record.event_id for record in receive(event).records] == ["3", "1", "2"]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("INSERT", Event.INSERT),
        ("MODIFY", Event.MODIFY),
        ("REMOVE", Event.DELETE),
        ("UNKNOWN_TO_SDK_VERSION", Event.DELETE),
    ],
)
def test_event_names(name: str, event: Event) -> None:
    """Each eventName has its event, also the name with which DynamoDB Local 3 marks a removal."""
    record = read(raw(name))
    assert (record.event, record.event_name, record.flaw) == (event, name, None)


@pytest.mark.parametrize("name", ["REMOVE", "UNKNOWN_TO_SDK_VERSION"])
def test_time_to_live(name: str) -> None:
    """A removal by the DynamoDB service is an expiry."""
    assert read(raw(name, userIdentity=TTL)).event is Event.EXPIRE


def test_recorded_time_to_live() -> None:
    """Of the two removals recorded from a real engine the one that TTL made is an expiry."""
    event = json.loads((Path(__file__).parents[1] / "events" / "cart-expired-ttl.json").read_text())
    removals = [record.event for record in receive(event).records if record.event in Event.REMOVE]
    assert sorted(map(str, removals)) == ["DELETE", "EXPIRE"]


@pytest.mark.parametrize(
    "identity",
    [
        None,
        "dynamodb.amazonaws.com",
        [],
        {},
        {"type": "Service"},
        {"principalId": "dynamodb.amazonaws.com"},
        {"type": "User", "principalId": "dynamodb.amazonaws.com"},
        {"type": "Service", "principalId": "replication.dynamodb.amazonaws.com"},
        {"type": "Service", "principalId": ["dynamodb.amazonaws.com"]},
    ],
)
def test_no_time_to_live(identity: Any) -> None:
    """A removal with any other identity is a user's deletion."""
    assert read(raw("REMOVE", userIdentity=identity)).event is Event.DELETE


@pytest.mark.parametrize("name", ["INSERT", "MODIFY", "REMOVE"])
@pytest.mark.parametrize(
    "identity",
    [{"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}, {"Type": "User"}, {"PrincipalId": None}],
)
def test_an_identity_of_get_records_is_a_flaw(name: str, identity: Any) -> None:
    """Lambda writes its names in lower case: such a record is saved output, and its deletion may be an expiry."""
    flaw = read(raw(name, userIdentity=identity)).flaw
    assert flaw is not None
    assert (flaw.stage, str(flaw.error)) == (
        "envelope",
        "record 0: found a userIdentity of GetRecords, with PrincipalId and Type, expected principalId and type",
    )


@pytest.mark.parametrize(
    "time", ["2026-01-02T00:00:00+00:00", "2026-01-02 00:00:00Z", datetime(2026, 1, 2, tzinfo=UTC)]
)
def test_records_with_a_time_of_get_records_are_no_event(time: Any) -> None:
    """The message names the function that converts them."""
    event = {"Records": [raw(body={"ApproximateCreationDateTime": time})]}
    with pytest.raises(UnknownEventError, match=r"form of GetRecords.*saved_output\.lambda_event converts them"):
        receive(event)


@pytest.mark.parametrize(("name", "event"), [("INSERT", Event.INSERT), ("MODIFY", Event.MODIFY)])
def test_time_to_live_removes(name: str, event: Event) -> None:
    """The service's identity on an insert or a modification, as in hand-made events, changes nothing."""
    assert read(raw(name, userIdentity=TTL)).event is event


@pytest.mark.parametrize("name", [None, "", "insert", "UPDATE", 1, [], {}, True])
def test_strange_event_name(name: Any) -> None:
    """A record with an unknown eventName has a flaw, and the others of its batch have none."""
    records = receive({"Records": [raw(), raw(name), raw()]}).records
    assert [record.flaw is None for record in records] == [True, False, True]
    flaw = records[1].flaw
    assert flaw is not None
    assert (flaw.stage, type(flaw.error), str(flaw.error)) == (
        "envelope",
        MalformedRecordError,
        "record 1: found an eventName that is none, expected INSERT, MODIFY or REMOVE",
    )


def test_strange_event_name_keeps_identity() -> None:
    """A record with an unknown eventName keeps the identity by which it is reported."""
    record = read(raw("?", eventID="e1"))
    assert (record.event, record.event_id, record.sequence_number) == (Event(0), "e1", "100")


@pytest.mark.parametrize(("body", "kind"), [([], "list"), ("x", "str"), (7, "int"), (False, "bool")])
def test_strange_body(body: Any, kind: str) -> None:
    """A record whose dynamodb section is no object has a flaw and no identity."""
    record = read(raw(body=body))
    assert record.flaw is not None
    assert str(record.flaw.error) == f"record 0: found a dynamodb section of type {kind}, expected an object"
    assert (record.flaw.stage, record.sequence_number, record.keys) == ("envelope", None, {})


def test_no_body() -> None:
    """A record without a dynamodb section has a flaw."""
    flaw = read({"eventSource": "aws:dynamodb", "eventName": "INSERT"}).flaw
    assert flaw is not None
    assert str(flaw.error) == "record 0: found a dynamodb section of type NoneType, expected an object"


@pytest.mark.parametrize("image", ["NewImage", "OldImage"])
@pytest.mark.parametrize(
    ("value", "found"), [(None, "null"), ([], "a value of type list"), (SECRET, "a value of type str")]
)
def test_strange_image(image: str, value: Any, found: str) -> None:
    """A record with an image that is no object has a flaw at stage decode."""
    flaw = read(raw("MODIFY", {"NewImage": {}, "OldImage": {}, image: value})).flaw
    assert flaw is not None
    assert (flaw.stage, type(flaw.error), str(flaw.error)) == (
        "decode",
        DecodeError,
        f"{image}: found {found}, expected an object of attribute values",
    )


@pytest.mark.parametrize("images", [(), ("NewImage",), ("OldImage",), ("NewImage", "OldImage")])
def test_images_may_be_absent(images: tuple[str, ...]) -> None:
    """Images that a stream does not carry are no flaw."""
    keys = {"Keys": {"pk": {"S": "1"}}}
    assert read(raw("MODIFY", {**keys, **{name: {} for name in images}})).flaw is None


@pytest.mark.parametrize("kind", [collections.OrderedDict, collections.defaultdict])
def test_objects_of_other_kinds(kind: Any) -> None:
    """An event of other mappings than plain dicts is read too."""
    body = kind()
    body["Keys"] = kind(pk={"S": "1"}) if kind is collections.OrderedDict else kind(dict, pk={"S": "1"})
    body["NewImage"] = kind()
    record = read(raw(body=body))
    assert (record.flaw, record.new_image) == (None, {})


KEYS = {"pk": {"S": SECRET}}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"keys": KEYS, "newImage": KEYS}, "'keys', 'newImage' in the dynamodb section, expected 'Keys', 'NewImage'"),
        ({"Keys": KEYS, "newImage": KEYS}, "'newImage' in the dynamodb section, expected 'NewImage'"),
        ({"keys": KEYS, "NewImage": {}}, "'keys' in the dynamodb section, expected 'Keys'"),
        ({"KEYS": KEYS, "oldimage": KEYS}, "'KEYS', 'oldimage' in the dynamodb section, expected 'Keys', 'OldImage'"),
        ({"Keys": KEYS, "streamViewType": "NEW_IMAGE"}, "'streamViewType' in the dynamodb section"),
        ({}, "neither Keys nor an image, expected the keys of the item"),
        ({"Keys": {}}, "neither Keys nor an image"),
        ({"Keys": None}, "neither Keys nor an image"),
        ({"Keys": [SECRET], "StreamViewType": "KEYS_ONLY"}, "neither Keys nor an image"),
        ({"NewImage": {}, "OldImage": {}}, "neither Keys nor an image"),
        ({"Keys": KEYS, "StreamViewType": "keys_only"}, "a StreamViewType that is none, expected NEW_AND_OLD_IMAGES"),
        ({"Keys": KEYS, "StreamViewType": [SECRET]}, "a StreamViewType that is none"),
    ],
)
@pytest.mark.parametrize("name", ["INSERT", "MODIFY", "REMOVE"])
def test_a_record_without_images_and_keys_is_malformed(name: str, body: Any, found: str) -> None:
    """A record that holds no item under the names of Lambda cannot be routed, and its error has no values."""
    flaw = read(raw(name, {**body, "SequenceNumber": "100"})).flaw
    assert flaw is not None
    assert (flaw.stage, type(flaw.error)) == ("envelope", MalformedRecordError)
    assert str(flaw.error).startswith(f"record 0: found {found}")
    assert SECRET not in str(flaw.error)


@pytest.mark.parametrize(
    ("name", "view", "image"),
    [
        ("INSERT", "NEW_AND_OLD_IMAGES", "NewImage"),
        ("INSERT", "NEW_IMAGE", "NewImage"),
        ("MODIFY", "NEW_AND_OLD_IMAGES", "NewImage"),
        ("MODIFY", "NEW_IMAGE", "NewImage"),
        ("MODIFY", "OLD_IMAGE", "OldImage"),
    ],
)
def test_keys_alone_are_no_record_where_the_view_carries_an_image(name: str, view: str, image: str) -> None:
    """The flaw names the image that the record lacks."""
    flaw = read(raw(name, {"Keys": KEYS, "StreamViewType": view})).flaw
    assert flaw is not None
    assert (flaw.stage, str(flaw.error)) == (
        "decode",
        f"{image}: found no such image, expected one in a record of this event",
    )


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("INSERT", "KEYS_ONLY"),
        ("INSERT", "OLD_IMAGE"),
        ("INSERT", None),
        ("MODIFY", "KEYS_ONLY"),
        ("REMOVE", "NEW_IMAGE"),
        ("REMOVE", "NEW_AND_OLD_IMAGES"),
        ("REMOVE", None),
    ],
)
def test_keys_alone_are_a_record(name: str, view: str | None) -> None:
    """They are in a view that carries no image of the event, and for a removal in any: such events were recorded."""
    assert read(raw(name, {"Keys": KEYS, "StreamViewType": view})).flaw is None


@given(junk(), junk(), junk(), junk())
def test_any_record_can_be_read(name: Any, body: Any, image: Any, identity: Any) -> None:
    """A record of this source can be read with any content, and its repr shows none of it."""
    for dynamodb in (body, {"NewImage": image, "Keys": body, "SequenceNumber": name}):
        record = read(raw(name, dynamodb, userIdentity=identity))
        assert record.flaw is None or SECRET not in str(record.flaw.error)


# -------------------------------------------------------------------------------------------------------------- respond


def test_identify() -> None:
    """The identifier of a record is its sequence number."""
    assert identify(numbered("700")[0]) == "700"


def test_nothing_undone() -> None:
    """Without undone records no identifier is reported."""
    assert respond([]) == {"batchItemFailures": []}


def test_one_is_reported() -> None:
    """Of several undone records one is reported, from which Lambda continues."""
    assert respond(numbered("1", "2", "3")) == {"batchItemFailures": [{"itemIdentifier": "1"}]}


@pytest.mark.parametrize(
    ("numbers", "lowest"),
    [
        (["9", "10"], "9"),
        (["10", "9"], "9"),
        (["000000000000000000031", "32"], "000000000000000000031"),
        (["100", "0099"], "0099"),
        (["7", "007"], "7"),
        (["0", "1"], "0"),
        (["5", "000"], "000"),
        ([f"{10**39}", f"{10**39 - 1}"], f"{10**39 - 1}"),
        (["9" * 6000, "1" + "0" * 5999], "1" + "0" * 5999),
    ],
)
def test_lowest(numbers: list[str], lowest: str) -> None:
    """The lowest number is the lowest integer, of any size, as it was delivered."""
    assert failures(*numbers) == [lowest]


@given(st.lists(st.integers(0, 10**45), min_size=1), st.sampled_from(["{}", "{:021}", "{:045}"]))
def test_lowest_as_integers(numbers: list[int], layout: str) -> None:
    """The lowest of any numbers is that of the integers."""
    assert failures(*map(layout.format, numbers)) == [layout.format(min(numbers))]


def test_huge_numbers() -> None:
    """Numbers of more digits than Python makes integers of are compared all the same."""
    digits = sys.get_int_max_str_digits() + 1
    assert failures("2" * digits, "1" * digits) == ["1" * digits]


@pytest.mark.parametrize(
    ("numbers", "reported"),
    [(["shard-2", "shard-1"], "shard-2"), (["9", "x"], "9"), (["٣", "1"], "٣"), (["-1", "1"], "-1")],
)
def test_no_integers(numbers: list[str], reported: str) -> None:
    """If a number is no integer, the first undone record is reported."""
    assert failures(*numbers) == [reported]


def test_later_record_without_number() -> None:
    """A record without a number that stands behind one that has one comes again with it."""
    assert failures("7", None) == ["7"]


@pytest.mark.parametrize("number", [None, ""])
def test_no_number(number: str | None) -> None:
    """Where nothing identifies the first that is not done the batch has to fail: no empty identifier leaves."""
    with pytest.raises(MalformedRecordError) as caught:
        failures(number, "7")
    assert str(caught.value) == (
        "found no SequenceNumber on <Record INSERT entity=None sequence_number=None>, which is not done, expected one "
        "to report it by; the whole batch fails, so that Lambda delivers it again"
    )


@given(st.lists(st.none() | st.text(max_size=3) | st.integers(0, 10**30).map(str)))
def test_identifiers_are_known(numbers: list[str | None]) -> None:
    """With any numbers, the reported one is among them and not empty, or the batch fails."""
    try:
        reported = failures(*numbers)
    except MalformedRecordError:
        assert not numbers[0]
    else:
        assert len(reported) == bool(numbers)
        assert all(number and number in numbers for number in reported)


@pytest.mark.parametrize(
    ("numbers", "undone", "again"),
    [
        (["1", "2", "3"], [], []),
        (["1", "2", "3"], ["2"], ["2", "3"]),
        (["1", "2", "3"], ["3", "2"], ["2", "3"]),
        (["9", "10", "11"], ["10"], ["10", "11"]),
        (["10", "9", "11"], ["10"], ["10", "11"]),
        (["5", "5", "6"], ["5"], ["5", "5", "6"]),
        (["0099", "100"], ["100"], ["100"]),
        (["1", None, "3"], ["3"], ["1", None, "3"]),
        (["1", "x", "3"], ["3"], ["1", "x", "3"]),
        (["1", "2"], [None], ["1", "2"]),
    ],
)
def test_coming_again(numbers: list[str | None], undone: list[str | None], again: list[str | None]) -> None:
    """What comes again are the records from the lowest number on that is not done, or all where that is not known."""
    coming = SOURCE.coming_again(numbered(*numbers), numbered(*undone))
    assert [record.sequence_number for record in coming] == again


@given(st.lists(st.integers(0, 30).map(str), min_size=1), st.data())
def test_what_is_not_done_comes_again(numbers: list[str], data: st.DataObject) -> None:
    """Every record that is not done comes again, and so does the one that is reported."""
    records = numbered(*numbers)
    undone = data.draw(st.lists(st.sampled_from(records), min_size=1, unique=True))
    coming = SOURCE.coming_again(records, undone)
    reported = respond(undone)["batchItemFailures"][0]["itemIdentifier"]
    assert {id(record) for record in undone} <= {id(record) for record in coming}
    assert reported in [record.sequence_number for record in coming]


@pytest.mark.parametrize("state", [{"total": 1}, {}, None])
def test_state_of_a_window(state: Any) -> None:
    """A tumbling window's state goes back as it came, for a response without it is a failed invocation."""
    assert respond([], state=state) == {"batchItemFailures": [], "state": state}
