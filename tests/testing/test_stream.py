"""``router.testing.stream``: records as DynamoDB makes them, delivered as Lambda does."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from router import Change, Dispatcher, RegistrationError, Routes
from router.local.event_source_mapping import MappingSettingsError
from router.stream_view import View
from router.testing import Stream, TrimmedRecordsWarning, inserted

REPORT = ["ReportBatchItemFailures"]
START = datetime(2026, 1, 1, tzinfo=UTC)


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    pk: str
    total: int = 0


class Customer(BaseModel):
    pk: str
    name: str = ""


def nothing(event: Any, context: Any) -> None:
    """A handler that succeeds."""


def fail(event: Any, context: Any) -> None:
    raise ValueError("no")


def names(stream: Stream) -> list[str]:
    return [record["eventName"] for record in stream.records]


def test_put() -> None:
    """A new item is an insert, another item with its key a modification, an equal item nothing."""
    stream = Stream(nothing)
    assert stream.put(Order(pk="a")) is not None
    assert stream.put(Order(pk="a", total=1)) is not None
    assert stream.put(Order(pk="a", total=1)) is None
    assert stream.put({"pk": "a", "total": Decimal("1.0"), "EntityType": "Order"}) is None
    assert names(stream) == ["INSERT", "MODIFY"]
    body = stream.records[1]["dynamodb"]
    assert (body["OldImage"]["total"], body["NewImage"]["total"]) == ({"N": "0"}, {"N": "1"})


def test_delete() -> None:
    """By model or by key; a missing item makes no record."""
    stream = Stream(nothing)
    stream.put(Order(pk="a"))
    stream.put(Order(pk="b"))
    assert stream.delete(Order(pk="a")) is not None
    assert stream.delete({"pk": "b"}) is not None
    assert stream.delete({"pk": "b"}) is None
    assert names(stream)[2:] == ["REMOVE", "REMOVE"]
    assert "userIdentity" not in stream.records[-1]
    assert stream.put(Order(pk="a")) is not None
    assert names(stream)[-1] == "INSERT"


def test_expire() -> None:
    """DynamoDB is the principal that removes an expired item."""
    stream = Stream(nothing)
    stream.put(Order(pk="a"))
    assert stream.expire({"pk": "b"}) is None
    record = stream.expire(Order(pk="a"))
    assert record is not None
    assert record["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    assert stream.delete({"pk": "a"}) is None


def test_update() -> None:
    """Attributes are set, a missing item is created, equal values make no record, and the key stays."""
    stream = Stream(nothing)
    stream.put(Order(pk="a", total=1))
    assert stream.update({"pk": "a"}, total=1) is None
    changed = stream.update(Order(pk="a"), total=2)
    made = stream.update({"pk": "b"}, name="x")
    assert changed is not None
    assert changed["dynamodb"]["NewImage"] == {"EntityType": {"S": "Order"}, "pk": {"S": "a"}, "total": {"N": "2"}}
    assert made is not None
    assert (made["eventName"], made["dynamodb"]["NewImage"]) == ("INSERT", {"pk": {"S": "b"}, "name": {"S": "x"}})
    with pytest.raises(RegistrationError, match="expected an item to keep its key"):
        stream.update({"pk": "a"}, pk="b")


@pytest.mark.parametrize("view", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"])
def test_view(view: View) -> None:
    """Records have the view's images; equal items make no record under any view."""
    stream = Stream(nothing, view=view)
    stream.put(Order(pk="a"))
    stream.put(Order(pk="a"))
    stream.put(Order(pk="a", total=1))
    stream.delete({"pk": "a"})
    images = [[name for name in record["dynamodb"] if name.endswith("Image")] for record in stream.records]
    new, old = ["NewImage"] * view.startswith("NEW"), ["OldImage"] * ("OLD" in view)
    assert images == [new, new + old, old]


def test_a_stream_invents_nothing() -> None:
    """An item has what its model or dict holds, and the attributes that are given beside it."""
    stream = Stream(nothing)
    put = [stream.put(Customer(pk="a")), stream.put({"pk": "b"}), stream.put(Customer(pk="c"), EntityType="Customer")]
    images = [each["dynamodb"]["NewImage"] for each in put if each is not None]
    assert [set(image) for image in images] == [{"pk", "name"}, {"pk"}, {"pk", "name", "EntityType"}]


def test_key() -> None:
    """Keys are given by name, by more attributes or by a function."""
    by_name = Stream(nothing, key=("customer", "order"))
    by_name.put({"id": "1", "customer": "c", "order": 1})
    by_name.put({"id": "1", "customer": "c", "order": 2})
    assert names(by_name) == ["INSERT", "INSERT"]
    by_attribute = Stream(nothing)
    by_attribute.put(Order(pk="a"), sk="1")
    by_attribute.put(Order(pk="a"), sk="2")
    assert by_attribute.delete(Order(pk="a"), sk="1") is not None
    assert names(by_attribute) == ["INSERT", "INSERT", "REMOVE"]
    by_function = Stream(nothing, key=lambda order: {"PK": f"ORDER#{order.pk}"})
    by_function.put(Order(pk="a"))
    assert by_function.records[0]["dynamodb"]["Keys"] == {"PK": {"S": "ORDER#a"}}
    assert by_function.delete({"PK": "ORDER#a"}) is not None
    assert by_function.delete(Order(pk="never")) is None
    by_function.put(Order(pk="b"))
    assert by_function.delete(Order(pk="b")) is not None


def test_append() -> None:
    """A record is delivered as it is, and later records have higher sequence numbers."""
    stream = Stream(nothing)
    strange = {"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": "5000000000000000000000", "X": None}}
    stream.append(strange)
    stream.append({"dynamodb": 5})
    stream.put(Order(pk="a"))
    stream.run()
    assert stream.invocations[0]["Records"][:2] == [strange, {"dynamodb": 5}]
    assert stream.records[-1]["dynamodb"]["SequenceNumber"] == "5000000000000000000001"


def test_records_are_in_the_exact_shape() -> None:
    """A handler gets all fields that Lambda sends, in its order."""
    stream = Stream(nothing, start=START, table_name="Shop")
    stream.put({"pk": "a", "total": 5})
    stream.run()
    assert json.dumps(stream.invocations) == json.dumps(
        [
            {
                "Records": [
                    {
                        "eventID": stream.records[0]["eventID"],
                        "eventName": "INSERT",
                        "eventVersion": "1.1",
                        "eventSource": "aws:dynamodb",
                        "awsRegion": "us-east-1",
                        "dynamodb": {
                            "ApproximateCreationDateTime": 1767225600.0,
                            "Keys": {"pk": {"S": "a"}},
                            "NewImage": {"pk": {"S": "a"}, "total": {"N": "5"}},
                            "SequenceNumber": "999999999999999999997",
                            "SizeBytes": 13,
                            "StreamViewType": "NEW_AND_OLD_IMAGES",
                        },
                        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Shop/stream/"
                        "2026-01-01T00:00:00.000",
                    }
                ]
            }
        ]
    )


def test_sequence_numbers_get_longer() -> None:
    """Code that compares sequence numbers as text fails at the fourth record."""
    stream = Stream(nothing)
    for total in range(6):
        stream.put(Order(pk="a", total=total))
    numbers = [record["dynamodb"]["SequenceNumber"] for record in stream.records]
    assert sorted(numbers, key=int) == numbers != sorted(numbers)


def test_a_handler_that_always_fails() -> None:
    """With AWS's default retries a record blocks the shard for a day, and run() ends."""
    stream = Stream(fail, start=START)
    stream.put(Order(pk="a"))
    with pytest.warns(TrimmedRecordsWarning, match="^1 record left the stream after 24 hours; the stream's clock"):
        stream.run()
    assert 1000 < len(stream.invocations) < 2000
    assert stream.discarded == []
    assert stream.trimmed == stream.records
    assert (stream.now - START).total_seconds() >= 86_400


OLD = datetime(2020, 5, 1, 12, tzinfo=UTC)


def recorded(moment: datetime | None, unit: float = 1) -> dict[str, Any]:
    """A record that was recorded at a moment; without one, it has no time."""
    record = inserted(Order(pk="a"))
    if moment is None:
        del record["dynamodb"]["ApproximateCreationDateTime"]
    else:
        record["dynamodb"]["ApproximateCreationDateTime"] = moment.timestamp() * unit
    return record


@pytest.mark.parametrize("unit", [1, 1e3, 1e6, 1e9], ids=["s", "ms", "us", "ns"])
def test_the_first_appended_record_starts_the_clock(unit: float) -> None:
    """A recorded event is delivered, in any unit of time."""
    stream = Stream(nothing)
    stream.append(recorded(OLD, unit))
    assert stream.now == OLD
    assert len(stream.run().invocations) == 1


def test_a_record_of_another_year_is_not_discarded_for_its_age() -> None:
    """The mapping's limit is counted from the stream's clock."""
    stream = Stream(nothing, maximum_record_age_in_seconds=60)
    stream.append(recorded(OLD))
    stream.run()
    assert (len(stream.invocations), stream.discarded) == (1, [])


def test_later_records_do_not_move_the_clock() -> None:
    """The batch is delivered at once, as it was recorded, up to the last record."""
    stream = Stream(nothing)
    for days in range(4):
        stream.append(recorded(OLD + timedelta(days=days)))
    stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [4]
    assert (stream.now, stream.trimmed) == (OLD, [])


def test_writes_follow_an_appended_record() -> None:
    """They are as old as the clock says."""
    stream = Stream(nothing)
    stream.append(recorded(OLD))
    written = stream.advance(60).put(Order(pk="b"))
    assert written is not None
    assert written["dynamodb"]["ApproximateCreationDateTime"] == OLD.timestamp() + 60
    assert [len(event["Records"]) for event in stream.run().invocations] == [2]


@pytest.mark.parametrize("window", [0, 5])
def test_a_record_without_a_time_leaves_the_clock_to_the_next_one(window: int) -> None:
    """Both are delivered in their order."""
    stream = Stream(nothing, maximum_batching_window_in_seconds=window)
    first, second = stream.append(recorded(None)), stream.append(recorded(OLD))
    assert stream.run().invocations == [{"Records": [first, second]}]
    assert stream.now == OLD + timedelta(seconds=window)


def test_records_without_a_time_run_on_the_present() -> None:
    """Nothing says when they were recorded."""
    began = datetime.now(UTC)
    stream = Stream(nothing)
    stream.append(recorded(None))
    stream.advance(60).run()
    assert len(stream.invocations) == 1
    assert timedelta(seconds=58) < stream.now - began


def test_a_start_stays() -> None:
    """A record from before it by more than a day is trimmed, and that is said."""
    stream = Stream(nothing, start=START)
    stream.append(recorded(OLD))
    with pytest.warns(TrimmedRecordsWarning) as warned:
        stream.run()
    assert stream.now == START
    assert repr(stream) == "<Stream of 1 records: 0 invocations, 0 discarded, 1 trimmed>"
    assert [str(each.message) for each in warned] == [
        "1 record left the stream after 24 hours, 1 never delivered; the stream's clock, which start= or the first "
        "record starts, is at 2026-01-01T00:00:00Z"
    ]
    assert warned[0].filename == __file__


def test_a_write_starts_the_clock() -> None:
    """An old record behind it is trimmed; the written one is delivered."""
    stream = Stream(nothing)
    written = stream.put(Order(pk="b"))
    old = stream.append(recorded(OLD))
    with pytest.warns(TrimmedRecordsWarning, match="^1 record left the stream after 24 hours, 1 never delivered"):
        stream.run()
    assert (stream.invocations, stream.trimmed) == ([{"Records": [written]}], [old])


def test_a_warning_comes_once() -> None:
    """A later run that trims nothing warns of nothing."""
    stream = Stream(nothing, start=START)
    stream.append(recorded(OLD))
    with pytest.warns(TrimmedRecordsWarning):
        stream.run()
    stream.put(Order(pk="b"))
    stream.run()
    assert len(stream.invocations) == 1


def test_records_that_no_filter_matches_are_in_the_repr() -> None:
    """They are the reason for a stream without an invocation."""
    criteria = {"Filters": [{"Pattern": '{"eventName": ["REMOVE"]}'}]}
    stream = Stream(nothing, filter_criteria=criteria)
    stream.put(Order(pk="a"))
    assert repr(stream.run()) == "<Stream of 1 records: 0 invocations, 0 discarded, 1 filtered out>"
    assert stream.filtered_out == 1


def test_age() -> None:
    """A record that is too old is discarded without an invocation."""
    stream = Stream(nothing, maximum_record_age_in_seconds=60)
    stream.put(Order(pk="a"))
    stream.advance(70).run()
    assert stream.invocations == []
    assert stream.discarded[0].condition == "RecordAgeExceeded"


def test_run_waits_for_the_batching_window() -> None:
    """The clock moves to its end."""
    stream = Stream(nothing, start=START, batch_size=2, maximum_batching_window_in_seconds=5)
    for total in range(5):
        stream.put(Order(pk="a", total=total))
    stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [2, 2, 1]
    assert (stream.now - START).total_seconds() == 5


def test_run_again() -> None:
    """Each run continues where the last one ended."""
    stream = Stream(nothing)
    for pk in "ab":
        stream.put(Order(pk=pk))
        stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [1, 1]
    assert Stream(nothing).run().invocations == []


def test_filter() -> None:
    """The handler gets only records that match a filter."""
    stream = Stream(nothing, filter_criteria={"Filters": [{"Pattern": '{"eventName": ["REMOVE"]}'}]})
    stream.put(Order(pk="a"))
    stream.delete({"pk": "a"})
    stream.run()
    assert [record["eventName"] for event in stream.invocations for record in event["Records"]] == ["REMOVE"]


def test_tumbling_window() -> None:
    """The state is kept while the clock is in the window; the final event follows its end."""

    def handler(event: Any, context: Any) -> dict[str, Any]:
        return {"state": {"n": event["state"].get("n", 0) + len(event["Records"])}}

    stream = Stream(handler, start=START, tumbling_window_in_seconds=60)
    for pk in "ab":
        stream.put(Order(pk=pk))
        stream.run()
    stream.advance(60).run()
    assert [
        (len(event["Records"]), event["state"], event["isFinalInvokeForWindow"]) for event in stream.invocations
    ] == [
        (1, {}, False),
        (1, {"n": 1}, False),
        (0, {"n": 2}, True),
    ]
    stream.put(Order(pk="c"))
    assert stream.run().invocations[-1]["state"] == {}


def test_put_from_within_a_handler() -> None:
    """Records of a handler's own writes are delivered too."""

    def handler(event: Any, context: Any) -> None:
        if len(stream.invocations) < 3:
            stream.put(Order(pk="a", total=len(stream.invocations)))

    stream = Stream(handler)
    stream.put(Order(pk="a"))
    assert len(stream.run().invocations) == 3


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_time_does_not_go_back(seconds: float) -> None:
    """Negative and infinite times are refused."""
    with pytest.raises(RegistrationError, match="time does not go back"):
        Stream(nothing).advance(seconds)


def test_settings_are_checked() -> None:
    """The messages are Lambda's."""
    with pytest.raises(MappingSettingsError, match="Member must have value less than or equal to 10000"):
        Stream(nothing, batch_size=10_001)
    with pytest.raises(MappingSettingsError, match="did you mean 'batch_size'"):
        Stream(nothing, batchsize=1)


def test_repr() -> None:
    """The representation holds counts and no item."""
    stream = Stream(fail, maximum_retry_attempts=0)
    stream.put(Order(pk="s3cret"))
    assert repr(stream.run()) == "<Stream of 1 records: 1 invocations, 1 discarded>"


def test_many_records() -> None:
    """Ten thousand records are delivered."""
    stream = Stream(nothing, batch_size=1000)
    record = inserted({"pk": "a"})
    for _ in range(10_000):
        stream.append(record)
    assert len(stream.run().invocations) == 10


Writes = list[tuple[str, str]]


def writes() -> st.SearchStrategy[Writes]:
    return st.lists(st.tuples(st.sampled_from(["put", "delete"]), st.sampled_from("abcd")), max_size=12)


@given(
    writes(),
    st.dictionaries(st.tuples(st.sampled_from(["first", "second"]), st.integers(0, 11)), st.integers(1, 3), max_size=5),
    st.fixed_dictionaries(
        {
            "batch_size": st.integers(1, 6),
            "bisect_batch_on_function_error": st.booleans(),
            "parallelization_factor": st.integers(1, 3),
        }
    ),
    st.sampled_from([1, 3]),
)
def test_dispatcher_does_each_route_once(
    writes: Writes, failures: dict[tuple[str, int], int], settings: dict[str, Any], concurrency: int
) -> None:
    """With transient failures, each route runs once on each record, in the order of its item."""
    left = Counter(failures)
    done: list[tuple[str, str, str]] = []
    routes = Routes()

    def act(name: str, change: Change[Order]) -> None:
        number = change.record.sequence_number or ""
        fault = (name, [record["dynamodb"]["SequenceNumber"] for record in stream.records].index(number))
        if left[fault] > 0:
            left[fault] -= 1
            raise ValueError
        done.append((name, change.keys["pk"], number))

    @routes.on(Order)
    def first(change: Change[Order]) -> None:
        act("first", change)

    @routes.on(Order)
    async def second(change: Change[Order]) -> None:
        act("second", change)

    app = Dispatcher(routes, concurrency=concurrency)
    stream = Stream(app, function_response_types=REPORT, **settings)
    for total, (verb, pk) in enumerate(writes):
        stream.put(Order(pk=pk, total=total)) if verb == "put" else stream.delete({"pk": pk})
    stream.run()

    numbers = [record["dynamodb"]["SequenceNumber"] for record in stream.records]
    assert Counter((name, number) for name, _, number in done) == Counter(
        (name, number) for name in ("first", "second") for number in numbers
    )
    for name in ("first", "second"):
        for pk in "abcd":
            own = [int(number) for route, key, number in done if (route, key) == (name, pk)]
            assert own == sorted(own)
    assert stream.discarded == []
    assert stream.responses[-1:] in ([], [{"batchItemFailures": []}])
