"""The result of each kind of failure, by stage and policy."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from router import (
    Change,
    DecodeError,
    Dispatcher,
    Drop,
    MalformedRecordError,
    MemoryParking,
    Outcome,
    Park,
    Parked,
    ParkingError,
    Reject,
    Retry,
    Routes,
    UnroutedError,
)
from tests.builders import (
    SUCCESS,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    record,
    statuses,
)

OLD = 1_600_000_000  # seconds: September 2020


YOUNG = 32_503_680_000  # the year 3000: younger than any test


BAD: dict[str, Json] = {
    "envelope": {**insert(1), "eventName": "EXPLODED"},
    "decode": insert(1, total={"N": "abc"}),
    "decode-tag": insert(1, total={"X": 1}),
    "decode-null": {**insert(1), "dynamodb": {**insert(1)["dynamodb"], "NewImage": None}},
    "decode-absent": record(1, "INSERT", "a", OldImage=insert(1)["dynamodb"]["NewImage"]),
    "validate": insert(1, total="many"),
    "reject": insert(1, status="REJECT"),
    "handler": insert(1, status="FAIL"),
}


PERMANENT = [kind for kind in BAD if kind != "handler"]


STAGES = {kind: kind.partition("-")[0] for kind in BAD} | {"reject": "handler"}


ERRORS: dict[str, type[Exception]] = {
    "envelope": MalformedRecordError,
    "decode": DecodeError,
    "decode-tag": DecodeError,
    "decode-null": DecodeError,
    "decode-absent": DecodeError,
    "validate": ValidationError,
    "reject": Reject,
    "handler": TimeoutError,
}


def picky(change: Change[Order]) -> None:
    if change.image.status == "REJECT":
        raise Reject("never")
    if change.image.status == "FAIL":
        raise TimeoutError("s3cret")


def outcome_of(raw: Json, **options: Any) -> Outcome:
    (outcome,) = dispatcher(picky, **options).dispatch(batch(raw))
    return outcome


def aged(raw: Json, created: Any) -> Json:
    return {**raw, "dynamodb": {**raw["dynamodb"], "ApproximateCreationDateTime": created}}


class Refusing:
    """A parking place that refuses every record."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def park(self, parked: Parked) -> None:
        raise self.error


# --------------------------------------------------------------------------------------------- stages, errors, defaults


@pytest.mark.parametrize("kind", BAD)
def test_each_failure_has_its_stage_and_error(kind: str) -> None:
    """A failure has the stage at which it happened, and its error."""
    outcome = outcome_of(BAD[kind])
    assert (outcome.stage, type(outcome.error)) == (STAGES[kind], ERRORS[kind])


@pytest.mark.parametrize("kind", ["decode", "decode-absent", "validate"])
def test_an_error_of_the_parser_keeps_no_frames(kind: str) -> None:
    """What the parser raises has no traceback: its frames would keep the decoded item as long as the outcome."""
    assert error_of(kind).__traceback__ is None


@pytest.mark.parametrize("kind", ["reject", "handler"])
def test_an_error_of_a_handler_keeps_its_frames(kind: str) -> None:
    """What a handler raises has its traceback: it shows the line."""
    assert error_of(kind).__traceback__ is not None


def error_of(kind: str) -> Exception:
    error = outcome_of(BAD[kind]).error
    assert error is not None
    return error


@pytest.mark.parametrize("kind", BAD)
def test_without_a_place_every_failure_is_reported(kind: str) -> None:
    """Without policy and parking place any failure is reported: nothing is dropped silently."""
    assert dispatcher(picky)(batch(BAD[kind], insert(2))) == failures(1)


@pytest.mark.parametrize("kind", PERMANENT)
def test_with_a_place_permanent_failures_are_parked(kind: str) -> None:
    """A permanent failure is parked if there is a parking place."""
    place = MemoryParking()
    assert (outcome_of(BAD[kind], parking=place).status, len(place)) == ("parked", 1)


def test_a_place_alone_parks_no_other_failure() -> None:
    """A failure that is not permanent is reported even with a parking place."""
    place = MemoryParking()
    assert (outcome_of(BAD["handler"], parking=place).status, len(place)) == ("failed", 0)


@pytest.mark.parametrize("kind", PERMANENT)
def test_the_stream_moves_on_from_a_parked_record(kind: str) -> None:
    """After a parked record the next ones are handled, and nothing is reported."""
    report = dispatcher(picky, parking=MemoryParking()).dispatch(batch(BAD[kind], insert(2)))
    assert (statuses(report), report.response) == (["parked", "done"], SUCCESS)


# ------------------------------------------------------------------------------------------- policies of the dispatcher


@pytest.mark.parametrize("kind", BAD)
def test_park_parks_anything(kind: str) -> None:
    """Park() parks a failure of any stage."""
    place = MemoryParking()
    assert (outcome_of(BAD[kind], on_error=Park(), parking=place).status, len(place)) == ("parked", 1)


@pytest.mark.parametrize("kind", BAD)
def test_drop_drops_anything(kind: str) -> None:
    """Drop() drops a failure of any stage, even with a parking place."""
    place = MemoryParking()
    outcome = outcome_of(BAD[kind], on_error=Drop(), parking=place)
    assert (outcome.status, outcome.stage, type(outcome.error), len(place)) == (
        "skipped",
        STAGES[kind],
        ERRORS[kind],
        0,
    )


@pytest.mark.parametrize("kind", BAD)
def test_the_stream_moves_on_from_a_dropped_record(kind: str) -> None:
    """After a dropped record the next ones are handled, and nothing is reported."""
    report = dispatcher(picky, on_error=Drop()).dispatch(batch(BAD[kind], insert(2)))
    assert (statuses(report), report.response) == (["skipped", "done"], SUCCESS)


@pytest.mark.parametrize("kind", PERMANENT)
def test_a_bare_retry_retries_nothing_permanent(kind: str) -> None:
    """Retry() as a bare policy leaves permanent failures to the parking place."""
    assert outcome_of(BAD[kind], on_error=Retry(), parking=MemoryParking()).status == "parked"


@pytest.mark.parametrize("kind", BAD)
def test_a_mapping_retries_even_what_is_permanent(kind: str) -> None:
    """A mapping that names the error's type with Retry() has it delivered again."""
    outcome = outcome_of(BAD[kind], on_error={ERRORS[kind]: Retry()}, parking=MemoryParking())
    assert outcome.status == "failed"


@pytest.mark.parametrize("kind", BAD)
def test_a_mapping_may_name_a_base_class(kind: str) -> None:
    """A mapping applies to subclasses of its types."""
    assert outcome_of(BAD[kind], on_error={Exception: Drop()}).status == "skipped"


def test_the_nearest_base_class_counts() -> None:
    """Of several base classes in a mapping the nearest one counts, in any order."""
    policies: Mapping[type[Exception], Any] = {Exception: Retry(), OSError: Drop(), LookupError: Retry()}
    assert outcome_of(BAD["handler"], on_error=policies).status == "skipped"


def test_a_mapping_that_says_nothing_leaves_the_default() -> None:
    """An error that a mapping does not name has the default policy."""
    outcome = outcome_of(BAD["reject"], on_error={KeyError: Drop()}, parking=MemoryParking())
    assert outcome.status == "parked"


# -------------------------------------------------------------------------------------------------- policies of a route


def of_route(raw: Json, policy: Any, **options: Any) -> Outcome:
    routes = Routes()
    routes.on(Order, on_error=policy)(picky)
    (outcome,) = Dispatcher(routes, **options).dispatch(batch(raw))
    return outcome


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind not in ("envelope", "decode-null")])
def test_a_routes_policy_comes_first(kind: str) -> None:
    """A route's policy counts before the dispatcher's."""
    assert of_route(BAD[kind], Drop(), on_error=Park(), parking=MemoryParking()).status == "skipped"


def test_a_mapping_of_a_route_that_says_nothing_asks_the_dispatcher() -> None:
    """An error that the route's mapping does not name has the dispatcher's policy."""
    assert of_route(BAD["handler"], {KeyError: Retry()}, on_error=Drop()).status == "skipped"


def test_a_bare_retry_of_a_route_asks_the_dispatcher_about_permanent_failures() -> None:
    """A route's Retry() leaves permanent failures to the dispatcher's policy."""
    assert of_route(BAD["reject"], Retry(), on_error=Drop()).status == "skipped"


def test_a_bare_retry_of_a_route_holds_for_the_rest() -> None:
    """A route's Retry() has other failures delivered again, against the dispatcher's policy."""
    assert of_route(BAD["handler"], Retry(), on_error=Drop()).status == "failed"


@pytest.mark.parametrize("kind", ["envelope", "decode-null"])
def test_a_routes_policy_says_nothing_of_what_reached_no_route(kind: str) -> None:
    """A record that could not be routed has the dispatcher's policy."""
    assert of_route(BAD[kind], Drop()).status == "failed"


def test_a_routes_policy_is_its_own() -> None:
    """Two routes that fail on one record have their own policies."""
    routes = Routes()
    routes.on(Order, on_error=Drop())(picky)
    routes.on(Order, on_error=Park())(picky)
    report = Dispatcher(routes, parking=MemoryParking()).dispatch(batch(BAD["handler"]))
    assert statuses(report) == ["skipped", "parked"]


# ---------------------------------------------------------------------------------------------------- park after an age


@pytest.mark.parametrize("age", [60, 0.5, timedelta(minutes=1)])
def test_an_old_record_is_parked(age: Any) -> None:
    """Retry(park_after=) parks a record that has reached the age."""
    outcome = outcome_of(aged(BAD["handler"], OLD), on_error=Retry(park_after=age), parking=MemoryParking())
    assert outcome.status == "parked"


@pytest.mark.parametrize("created", [OLD * 1000, OLD * 1_000_000, OLD * 1_000_000_000, float(OLD)])
def test_the_age_may_have_any_unit(created: float) -> None:
    """Milliseconds, microseconds and nanoseconds, as in recorded events, give the same age as seconds."""
    outcome = outcome_of(aged(BAD["handler"], created), on_error=Retry(park_after=1), parking=MemoryParking())
    assert outcome.status == "parked"


@pytest.mark.parametrize(
    "created",
    [YOUNG, None, "yesterday", True, float("nan"), float("inf"), -1e300, 10**400, {}],
    ids=lambda created: str(created)[:9],
)
def test_a_young_record_is_retried(created: Any) -> None:
    """A record that is not old enough, or has no time, is delivered again."""
    outcome = outcome_of(aged(BAD["handler"], created), on_error=Retry(park_after=60), parking=MemoryParking())
    assert outcome.status == "failed"


def test_the_age_of_permanent_failures_does_not_matter() -> None:
    """Under Retry(park_after=) a permanent failure is parked at once."""
    outcome = outcome_of(aged(BAD["reject"], YOUNG), on_error=Retry(park_after=60), parking=MemoryParking())
    assert outcome.status == "parked"


def test_an_age_in_a_mapping_holds_for_permanent_failures() -> None:
    """A mapping can have even a permanent failure retried until it is old."""
    policies = {Reject: Retry(park_after=60)}
    young = outcome_of(aged(BAD["reject"], YOUNG), on_error=policies, parking=MemoryParking())
    old = outcome_of(aged(BAD["reject"], OLD), on_error=policies, parking=MemoryParking())
    assert (young.status, old.status) == ("failed", "parked")


# -------------------------------------------------------------------------------------------------------------- parking


def test_what_is_parked_is_the_record_as_delivered() -> None:
    """The parked record is equal to the dict in the event, and can be delivered again."""
    place = MemoryParking()
    outcome_of(BAD["validate"], parking=place)
    assert place.parked[0].record == BAD["validate"]


def test_what_is_parked_says_why() -> None:
    """A parked record names its entity, route, stage and error."""
    place = MemoryParking()
    outcome_of(BAD["reject"], parking=place)
    (parked,) = place
    assert (parked.entity, parked.route, parked.stage, parked.error, parked.reason) == (
        "Order",
        f"{__name__}.picky",
        "handler",
        "Reject",
        "never",
    )


def test_what_reached_no_route_is_parked_without_one() -> None:
    """A record with a malformed envelope is parked with neither route nor entity."""
    place = MemoryParking()
    outcome_of(BAD["envelope"], parking=place)
    assert (place.parked[0].route, place.parked[0].entity) == (None, None)


def test_the_text_of_a_handlers_error_is_not_parked() -> None:
    """Only the type of a handler's error is parked, because its text may quote the item."""
    place = MemoryParking()
    outcome_of(BAD["handler"], on_error=Park(), parking=place)
    assert (place.parked[0].error, place.parked[0].reason) == ("TimeoutError", "")


def test_a_validation_error_is_parked_by_place_and_kind() -> None:
    """The reason of a validation error names the field and the kind of fault, not the input."""
    place = MemoryParking()
    outcome_of(BAD["validate"], parking=place)
    assert place.parked[0].reason == "total: int_parsing"


@pytest.mark.parametrize("kind", PERMANENT)
def test_a_place_that_refuses_makes_the_record_fail(kind: str) -> None:
    """A record that could not be parked is failed at stage park, with the place's error as the cause."""
    refusal = OSError("disk full")
    outcome = outcome_of(BAD[kind], parking=Refusing(refusal))
    assert isinstance(outcome.error, ParkingError)
    assert (outcome.status, outcome.stage, outcome.error.__cause__) == ("failed", "park", refusal)


def test_a_record_that_was_not_parked_is_reported() -> None:
    """When parking fails the stream does not move on."""
    report = dispatcher(picky, parking=Refusing(OSError())).dispatch(batch(BAD["reject"], insert(2)))
    assert (statuses(report), report.response) == (["failed", "deferred"], failures(1))


def test_a_record_that_was_not_parked_is_parked_at_the_next_delivery() -> None:
    """A place that works again parks the record at the next delivery."""
    place, broken = MemoryParking(), True

    class Flaky:
        def park(self, parked: Parked) -> None:
            if broken:
                raise OSError
            place.park(parked)

    app = dispatcher(picky, parking=Flaky())
    first = app(batch(BAD["reject"]))
    broken = False
    assert (first, app(batch(BAD["reject"])), len(place)) == (failures(1), SUCCESS, 1)


@pytest.mark.parametrize(
    ("entity", "found"), [("Stranger", "has no route"), ("", "no entity name (EntityType is an empty S)")]
)
def test_an_unrouted_failure_says_which(entity: str, found: str) -> None:
    """The error of an unrouted record distinguishes an unknown entity from a missing one, without its name."""
    outcome = outcome_of(insert(1, entity=entity), unrouted="fail")
    assert isinstance(outcome.error, UnroutedError)
    assert found in str(outcome.error)
    assert "Stranger" not in str(outcome.error)


def test_policies_do_not_touch_unrouted_records() -> None:
    """on_error= does not apply to unrouted records; unrouted= does."""
    assert outcome_of(insert(1, entity="Stranger"), unrouted="fail", on_error=Drop()).status == "failed"


# -------------------------------------------------------------------------------------------------------------- batches


def test_parked_records_are_json() -> None:
    """A parked record can be written as JSON."""
    place = MemoryParking()
    outcome_of(BAD["decode"], parking=place)
    assert json.loads(json.dumps(place.parked[0].to_dict()))["record"] == BAD["decode"]
