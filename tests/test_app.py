"""The dispatcher takes a Lambda event and answers with a report or a response; options that do not fit are refused."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from router import (
    Batch,
    Change,
    DecodeError,
    Dispatcher,
    MalformedRecordError,
    MemoryParking,
    Record,
    RegistrationError,
    Reject,
    RouterError,
    Routes,
    UnknownEventError,
)
from tests.builders import (
    SUCCESS,
    Context,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    modify,
    remove,
)
from tests.clock import Clock

EVENTS = Path(__file__).parent / "events"


def reasons(report: Any) -> list[tuple[str, str | None]]:
    return [(outcome.status, outcome.stage) for outcome in report]


# ------------------------------------------------------------------------------------------------------------ envelopes


SQS = {"messageId": "m", "eventSource": "aws:sqs", "body": "{}"}


UNKNOWN: list[Any] = [
    None,
    [],
    "",
    "Records",
    0,
    True,
    {},
    {"Records": None},
    {"Records": {}},
    {"Records": "aws:dynamodb"},
    {"Records": [None]},
    {"Records": [[]]},
    {"Records": [{}]},
    {"Records": [{"EventSource": "aws:dynamodb"}]},
    {"Records": [{"eventSource": None}]},
    {"Records": [{"eventSource": ["aws:dynamodb"]}]},
    {"records": [insert()]},
    {"detail-type": "Scheduled Event", "source": "aws.events"},
    [],
    [insert(), None],
    batch(SQS),
    batch(SQS, insert()),
    batch(insert(), SQS),
    batch(insert(), None),
    batch(insert(), insert(), {}),
    insert(),
]


@pytest.mark.parametrize("event", UNKNOWN, ids=lambda event: str(event)[:60])
def test_an_unknown_event_raises(event: Any) -> None:
    """What is no event of a known source is an error: a wrong wiring must never look like success."""
    with pytest.raises(UnknownEventError):
        dispatcher(Handled())(event, None)


@pytest.mark.parametrize("event", UNKNOWN, ids=lambda event: str(event)[:60])
def test_no_handler_runs_for_an_unknown_event(event: Any) -> None:
    """An unknown event is found before any handler runs, even where its first record looks right."""
    handled = Handled()
    with pytest.raises(UnknownEventError):
        dispatcher(handled)(event, None)
    assert list(handled) == []


@pytest.mark.parametrize(
    ("malformed", "stage"),
    [
        ({"eventName": "EXPLODED"}, "envelope"),
        ({"eventName": None}, "envelope"),
        ({"eventName": ["INSERT"]}, "envelope"),
        ({"eventName": "insert"}, "envelope"),
        ({"dynamodb": []}, "envelope"),
    ],
)
def test_a_malformed_envelope_fails_its_record(malformed: Json, stage: str) -> None:
    """A record without an event or a body fails alone, at stage envelope."""
    bad = {**insert(2), **malformed}
    if not isinstance(bad["dynamodb"], dict):
        with pytest.raises(MalformedRecordError):
            dispatcher(Handled())(batch(bad))
        return
    report = dispatcher(Handled()).dispatch(batch(insert(1), bad))
    assert (reasons(report)[1], report.response) == (("failed", stage), failures(2))


@pytest.mark.parametrize("name", ["eventName", "dynamodb"])
def test_a_missing_part_of_the_envelope_fails_its_record(name: str) -> None:
    """A record without its eventName or its dynamodb section is a MalformedRecordError of that record."""
    place = MemoryParking()
    bad = {field: value for field, value in insert(2).items() if field != name}
    report = dispatcher(Handled(), parking=place).dispatch(batch(insert(1), bad, insert(3)))
    assert (reasons(report)[1], place.parked[0].error) == (("parked", "envelope"), "MalformedRecordError")


@pytest.mark.parametrize("entity", ["Order", "Stranger"])
@pytest.mark.parametrize("unrouted", ["skip", "fail", "park"])
def test_a_record_in_camel_case_is_no_unrouted_success(entity: str, unrouted: Any) -> None:
    """A record that a Java program wrote with lower-case names fails at stage envelope, with any ``unrouted=``."""
    place = MemoryParking()
    bad = insert(2, entity=entity)
    bad["dynamodb"] = {f"{name[0].lower()}{name[1:]}": value for name, value in bad["dynamodb"].items()}
    report = dispatcher(Handled(), unrouted=unrouted, parking=place).dispatch(batch(insert(1), bad, insert(3)))
    assert (reasons(report)[1], place.parked[0].error) == (("parked", "envelope"), "MalformedRecordError")
    with pytest.raises(MalformedRecordError):  # it has no SequenceNumber to report it by
        dispatcher(Handled())(batch(bad))


@pytest.mark.parametrize("image", ["NewImage", "OldImage"])
@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_an_image_that_is_no_object_fails_at_decode(image: str, value: Any) -> None:
    """An image that is null, or anything but an object, is found before it is routed and is a DecodeError."""
    bad = modify(2)
    bad["dynamodb"][image] = value
    (outcome,) = dispatcher(Handled()).dispatch(batch(bad))
    assert (outcome.status, outcome.stage, type(outcome.error)) == ("failed", "decode", DecodeError)


def test_extra_fields_do_no_harm() -> None:
    """Unknown fields in the event, the record or its body are ignored."""
    extra = insert(1, SomethingNew="x")
    event = {**batch({**extra, "invented": {"deep": [1]}, "dynamodb": {**extra["dynamodb"], "more": None}}), "x": 1}
    assert dispatcher(Handled())(event) == SUCCESS


def test_the_event_is_left_as_it_came() -> None:
    """Dispatching changes nothing in the event."""
    event = batch(insert(1), modify(2, total=5), remove(3), {**insert(4), "eventName": "?"})
    before = json.dumps(event)
    dispatcher(Handled({2: TimeoutError()}), parking=MemoryParking())(event)
    assert json.dumps(event) == before


# ----------------------------------------------------------------------------------------------------------- the report


def test_a_report_has_an_outcome_for_each_record_and_route() -> None:
    """Iterating a report gives each record's outcomes in the order of the records."""
    report = dispatcher(Handled()).dispatch(inserts(1, 2))
    assert [outcome.record.sequence_number for outcome in report] == ["1", "2"]


def test_a_report_counts() -> None:
    """A report counts its outcomes by status."""
    report = dispatcher(Handled({2: TimeoutError()})).dispatch(inserts(1, 2, 3, 4))
    assert (report.counts(), len(report), repr(report)) == (
        {"done": 1, "failed": 1, "deferred": 2},
        4,
        "<Report 1 done, 1 failed, 2 deferred>",
    )


def test_an_empty_report_says_so() -> None:
    """A report of no records prints as one."""
    assert repr(dispatcher(Handled()).dispatch(batch())) == "<Report no records>"


def test_an_outcome_holds_what_went_wrong() -> None:
    """A failed outcome has the route, the stage and the very error."""
    error = TimeoutError("late")
    app = dispatcher(Handled({1: error}))
    (outcome,) = app.dispatch(inserts(1))
    assert (outcome.stage, outcome.error, outcome.route) == ("handler", error, next(iter(app.routes)))


def test_an_outcome_prints_no_values() -> None:
    """An outcome prints its status, stage and error type, not the error's text."""
    (outcome,) = dispatcher(Handled({1: TimeoutError("s3cret")})).dispatch(inserts(1))
    assert "failed at handler: TimeoutError" in repr(outcome)
    assert "s3cret" not in repr(outcome)


def test_an_outcome_knows_how_long_it_took(clock: Clock) -> None:
    """The duration of a handler is in seconds."""

    def slow(change: Change[Order]) -> None:
        clock.advance(0.02)

    (outcome,) = dispatcher(slow).dispatch(inserts(1))
    assert outcome.duration == pytest.approx(0.02)


def test_a_record_carries_its_identity() -> None:
    """The record of an outcome has what identifies it, and the dict as delivered."""
    raw = insert(1)
    (outcome,) = dispatcher(Handled()).dispatch(batch(raw))
    found: Record = outcome.record
    assert (found.event_id, found.sequence_number, found.event_name, found.entity, found.keys, found.source) == (
        "e1",
        "1",
        "INSERT",
        "Order",
        {"pk": "a"},
        "dynamodb-streams",
    )
    assert found.raw is raw


# ------------------------------------------------------------------------------------------------ construction, options


def test_a_place_that_cannot_park_is_refused() -> None:
    """parking= takes something with a park method."""
    with pytest.raises(RegistrationError, match="parking"):
        dispatcher(Handled(), parking=object())


def test_parking_without_a_place_is_refused() -> None:
    """unrouted="park" needs a parking place."""
    with pytest.raises(RegistrationError, match="parking="):
        dispatcher(Handled(), unrouted="park")


@pytest.mark.parametrize("routes", [Routes, [], None, Handled()])
def test_anything_but_routes_is_refused(routes: Any) -> None:
    """A dispatcher is made of Routes."""
    with pytest.raises(RegistrationError, match="expected Routes"):
        Dispatcher(routes)


# ------------------------------------------------------------------------------------------------ Powertools' processor


def powertools(app: Dispatcher, event: Json, context: Any = Context()) -> Any:  # noqa: B008 - it never changes
    processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
    return process_partial_response(event, app.record_handler, processor, context)


def test_powertools_runs_the_handlers() -> None:
    """The record handler runs a record's routes under Powertools' BatchProcessor."""
    handled = Handled()
    assert (powertools(dispatcher(handled), inserts(1, 2)), list(handled)) == (SUCCESS, ["1", "2"])


def test_powertools_reports_what_failed() -> None:
    """A record that fails is one of Powertools' partial failures."""
    assert powertools(dispatcher(Handled({2: TimeoutError()})), inserts(1, 2, 3)) == failures(2)


def test_powertools_sees_the_handlers_own_exception() -> None:
    """When everything fails, what Powertools raises holds what the handler raised."""
    error = TimeoutError("late")
    with pytest.raises(BatchProcessingError) as caught:
        powertools(dispatcher(Handled({1: error})), inserts(1))
    assert caught.value.child_exceptions[0][1] is error


def test_powertools_moves_on_from_parked_records() -> None:
    """A record that is parked is done with as far as Powertools is concerned."""
    place = MemoryParking()
    app = dispatcher(Handled({1: Reject("never")}), parking=place)
    assert (powertools(app, inserts(1, 2)), len(place)) == (SUCCESS, 1)


def test_powertools_context_reaches_the_handler() -> None:
    """The context that Powertools passes on is the one that handlers get, deadline included."""
    with pytest.raises(BatchProcessingError):
        powertools(dispatcher(Handled()), inserts(1), Context(remaining=1))


def test_a_record_handler_takes_a_dict() -> None:
    """A record as a plain dict does as well as Powertools' data class."""
    handled = Handled()
    dispatcher(handled).record_handler(insert(1))
    assert list(handled) == ["1"]


def test_a_record_handler_raises_for_what_is_deferred() -> None:
    """A record for which there was no time is raised, so that it is reported."""
    with pytest.raises(RouterError, match="time"):
        dispatcher(Handled()).record_handler(insert(1), Context(remaining=1))


def test_a_record_handler_raises_for_what_is_no_record() -> None:
    """A record of no known source is an UnknownEventError."""
    with pytest.raises(UnknownEventError):
        dispatcher(Handled()).record_handler(SQS)


def test_a_batch_route_runs_for_the_single_record() -> None:
    """Under a record handler an on_batch route gets a batch of one."""
    routes, seen = Routes(), []

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]], batch: Batch) -> None:
        seen.append((len(changes), batch.size))

    Dispatcher(routes).record_handler(insert(1))
    assert seen == [(1, 1)]


# ------------------------------------------------------------------------------------------------------ recorded events


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_recorded_events_are_taken(path: Path, concurrency: int) -> None:
    """Every event recorded from a real stream reaches the fallback, record by record."""
    routes, seen = Routes(), []

    @routes.fallback
    def unknown(change: Change[dict[str, Any]]) -> None:
        seen.append(change.image)

    event = json.loads(path.read_text("utf-8"))
    assert (Dispatcher(routes, concurrency=concurrency)(event), len(seen)) == (SUCCESS, len(event["Records"]))
