"""What each kind of failure becomes, by policy, and what a record's routes make of each other."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from router import (
    Change,
    DecodeError,
    Dispatcher,
    Drop,
    Insert,
    MalformedRecordError,
    MemoryParking,
    Modify,
    Outcome,
    Park,
    Parked,
    ParkingError,
    Reject,
    Retry,
    Routes,
    UnroutedError,
    changed,
    where,
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
    record,
    remove,
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
    """A parking place that takes nothing."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def park(self, parked: Parked) -> None:
        raise self.error


# ---------------------------------------------------------------------------------------------- stages, errors, defaults


@pytest.mark.parametrize("kind", BAD)
def test_each_failure_has_its_stage_and_error(kind: str) -> None:
    """A failure is told by the stage at which it happened and the error it was."""
    outcome = outcome_of(BAD[kind])
    assert (outcome.stage, type(outcome.error)) == (STAGES[kind], ERRORS[kind])


@pytest.mark.parametrize("kind", BAD)
def test_without_a_place_every_failure_is_reported(kind: str) -> None:
    """With no policy and no parking place, any failure is reported: nothing is dropped silently."""
    assert dispatcher(picky)(batch(BAD[kind], insert(2))) == failures(1)


@pytest.mark.parametrize("kind", PERMANENT)
def test_with_a_place_permanent_failures_are_parked(kind: str) -> None:
    """What no further try can help is parked where there is a place."""
    place = MemoryParking()
    assert (outcome_of(BAD[kind], parking=place).status, len(place)) == ("parked", 1)


def test_a_place_alone_parks_no_other_failure() -> None:
    """What another try may help is reported even where there is a parking place."""
    place = MemoryParking()
    assert (outcome_of(BAD["handler"], parking=place).status, len(place)) == ("failed", 0)


@pytest.mark.parametrize("kind", PERMANENT)
def test_the_stream_moves_on_from_a_parked_record(kind: str) -> None:
    """After a parked record the next ones are handled, and nothing is reported."""
    report = dispatcher(picky, parking=MemoryParking()).dispatch(batch(BAD[kind], insert(2)))
    assert (statuses(report), report.response) == (["parked", "done"], SUCCESS)


# -------------------------------------------------------------------------------------------- policies of the dispatcher


@pytest.mark.parametrize("kind", BAD)
def test_park_parks_anything(kind: str) -> None:
    """Park() puts aside what fails at any stage."""
    place = MemoryParking()
    assert (outcome_of(BAD[kind], on_error=Park(), parking=place).status, len(place)) == ("parked", 1)


@pytest.mark.parametrize("kind", BAD)
def test_drop_drops_anything(kind: str) -> None:
    """Drop() lets go of what fails at any stage, even where there is a parking place."""
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
    """A mapping speaks of the subclasses of the types in it."""
    assert outcome_of(BAD[kind], on_error={Exception: Drop()}).status == "skipped"


def test_the_nearest_base_class_counts() -> None:
    """Of several base classes in a mapping the one nearest to the error is taken, wherever it stands."""
    policies: Mapping[type[Exception], Any] = {Exception: Retry(), OSError: Drop(), LookupError: Retry()}
    assert outcome_of(BAD["handler"], on_error=policies).status == "skipped"


def test_a_mapping_that_says_nothing_leaves_the_default() -> None:
    """An error that a mapping does not name is treated as without it."""
    outcome = outcome_of(BAD["reject"], on_error={KeyError: Drop()}, parking=MemoryParking())
    assert outcome.status == "parked"


# --------------------------------------------------------------------------------------------------- policies of a route


def of_route(raw: Json, policy: Any, **options: Any) -> Outcome:
    routes = Routes()
    routes.on(Order, on_error=policy)(picky)
    (outcome,) = Dispatcher(routes, **options).dispatch(batch(raw))
    return outcome


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind not in ("envelope", "decode-null")])
def test_a_routes_policy_comes_first(kind: str) -> None:
    """What a route says counts before what the dispatcher says."""
    assert of_route(BAD[kind], Drop(), on_error=Park(), parking=MemoryParking()).status == "skipped"


def test_a_mapping_of_a_route_that_says_nothing_asks_the_dispatcher() -> None:
    """An error that the route's mapping does not name goes by the dispatcher's policy."""
    assert of_route(BAD["handler"], {KeyError: Retry()}, on_error=Drop()).status == "skipped"


def test_a_bare_retry_of_a_route_asks_the_dispatcher_about_permanent_failures() -> None:
    """A route's Retry() says nothing of permanent failures, so the dispatcher's policy does."""
    assert of_route(BAD["reject"], Retry(), on_error=Drop()).status == "skipped"


def test_a_bare_retry_of_a_route_holds_for_the_rest() -> None:
    """A route's Retry() has other failures delivered again, whatever the dispatcher says."""
    assert of_route(BAD["handler"], Retry(), on_error=Drop()).status == "failed"


@pytest.mark.parametrize("kind", ["envelope", "decode-null"])
def test_a_routes_policy_says_nothing_of_what_reached_no_route(kind: str) -> None:
    """A record that could not be routed goes by the dispatcher's policy alone."""
    assert of_route(BAD[kind], Drop()).status == "failed"


def test_a_routes_policy_is_its_own() -> None:
    """Of two routes that fail on one record each goes by its own policy."""
    routes = Routes()
    routes.on(Order, on_error=Drop())(picky)
    routes.on(Order, on_error=Park())(picky)
    report = Dispatcher(routes, parking=MemoryParking()).dispatch(batch(BAD["handler"]))
    assert statuses(report) == ["skipped", "parked"]


# ------------------------------------------------------------------------------------------------------ park after an age


@pytest.mark.parametrize("age", [60, 0.5, timedelta(minutes=1)])
def test_an_old_record_is_parked(age: Any) -> None:
    """Retry(park_after=) parks a record that has reached the age."""
    outcome = outcome_of(aged(BAD["handler"], OLD), on_error=Retry(park_after=age), parking=MemoryParking())
    assert outcome.status == "parked"


@pytest.mark.parametrize("created", [OLD * 1000, OLD * 1_000_000, OLD * 1_000_000_000, float(OLD)])
def test_the_age_is_told_in_any_unit(created: float) -> None:
    """Milliseconds, microseconds and nanoseconds, which recorded events hold, give the same age as seconds."""
    outcome = outcome_of(aged(BAD["handler"], created), on_error=Retry(park_after=1), parking=MemoryParking())
    assert outcome.status == "parked"


@pytest.mark.parametrize(
    "created",
    [YOUNG, None, "yesterday", True, float("nan"), float("inf"), -1e300, 10**400, {}],
    ids=lambda created: str(created)[:9],
)
def test_a_young_record_is_retried(created: Any) -> None:
    """A record that is not yet old enough, or does not say how old it is, is delivered again."""
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
    """The text of an error of somebody else's may quote the item, so only its type is written beside the record."""
    place = MemoryParking()
    outcome_of(BAD["handler"], on_error=Park(), parking=place)
    assert (place.parked[0].error, place.parked[0].reason) == ("TimeoutError", "")


def test_a_validation_error_is_parked_by_place_and_kind() -> None:
    """The reason of a pydantic refusal names the field and the kind of fault, not the input."""
    place = MemoryParking()
    outcome_of(BAD["validate"], parking=place)
    assert place.parked[0].reason == "total: int_parsing"


@pytest.mark.parametrize("kind", PERMANENT)
def test_a_place_that_refuses_makes_the_record_fail(kind: str) -> None:
    """A record that could not be parked is failed at stage park, and the place's own error is the cause."""
    refusal = OSError("disk full")
    outcome = outcome_of(BAD[kind], parking=Refusing(refusal))
    assert isinstance(outcome.error, ParkingError)
    assert (outcome.status, outcome.stage, outcome.error.__cause__) == ("failed", "park", refusal)


def test_a_record_that_was_not_parked_is_reported() -> None:
    """When parking fails the stream does not move on."""
    report = dispatcher(picky, parking=Refusing(OSError())).dispatch(batch(BAD["reject"], insert(2)))
    assert (statuses(report), report.response) == (["failed", "deferred"], failures(1))


def test_a_record_that_was_not_parked_is_parked_at_the_next_delivery() -> None:
    """A place that comes back takes the record when Lambda delivers it again."""
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


@pytest.mark.parametrize(("entity", "found"), [("Stranger", "has no route"), ("", "no entity name")])
def test_an_unrouted_failure_says_which(entity: str, found: str) -> None:
    """The error of an unrouted record tells a strange entity from none at all, without naming it."""
    outcome = outcome_of(insert(1, entity=entity), unrouted="fail")
    assert isinstance(outcome.error, UnroutedError)
    assert found in str(outcome.error)
    assert "Stranger" not in str(outcome.error)


def test_policies_do_not_touch_unrouted_records() -> None:
    """on_error= speaks of failures; what an unrouted record becomes is unrouted= alone."""
    assert outcome_of(insert(1, entity="Stranger"), unrouted="fail", on_error=Drop()).status == "failed"


# ------------------------------------------------------------------------------------------------------------ conditions


def conditional(condition: Any, raw: Json, **options: Any) -> Outcome:
    routes = Routes()

    @routes.on_modify(Order, condition)
    def handler(change: Modify[Order]) -> None: ...

    (outcome,) = Dispatcher(routes, **options).dispatch(batch(raw))
    return outcome


def test_a_predicate_that_raises_fails_the_record() -> None:
    """What a where() predicate raises is a failure at stage handler: it is the user's code."""

    def broken(change: Modify[Order]) -> bool:
        raise TimeoutError

    outcome = conditional(where(broken), modify(1))
    assert (outcome.status, outcome.stage, type(outcome.error)) == ("failed", "handler", TimeoutError)


def test_a_condition_of_the_users_own_that_raises_fails_the_record() -> None:
    """A user's own condition that raises on the wire images is a failure at stage handler."""

    class Broken:
        compares = False

        def wire(self, old: Any, new: Any) -> bool:
            raise TimeoutError

        def typed(self, change: Any, old: Any, new: Any) -> bool:
            return True

    outcome = conditional(Broken(), modify(1))
    assert (outcome.status, outcome.stage) == ("failed", "handler")


def over_five(change: Modify[Order]) -> bool:
    return change.new.total > 5


def test_a_predicate_that_says_no_skips_the_record() -> None:
    """A record that where() does not let through is skipped."""
    outcome = conditional(where(over_five), modify(1, total=5))
    assert (outcome.status, outcome.route) == ("skipped", None)


def test_a_record_that_none_of_several_routes_lets_through_is_one_outcome() -> None:
    """A record that every route's condition keeps out is skipped once, at no route."""
    routes = Routes()

    @routes.on_modify(Order, changed("status"))
    def one(change: Modify[Order]) -> None: ...

    @routes.on_modify(Order, changed("total"))
    def two(change: Modify[Order]) -> None: ...

    (outcome,) = Dispatcher(routes).dispatch(batch(modify(1)))
    assert (outcome.status, outcome.route) == ("skipped", None)


def test_what_no_condition_lets_through_is_not_decoded() -> None:
    """A record that changed() keeps out is skipped though its images could not be decoded."""
    raw = modify(1, total={"N": "abc"}, old={"total": {"N": "abc"}})
    assert conditional(changed("status"), raw).status == "skipped"


def test_what_where_has_to_see_is_decoded() -> None:
    """A record that cannot be decoded is a failure of the record, not a no of the predicate."""
    assert conditional(where(lambda change: False), modify(1, total={"N": "abc"})).stage == "decode"


@pytest.mark.parametrize(
    "wire", [{"N": "abc"}, {"X": "1"}, {}, None, [], {"N": "1", "S": "1"}, {"SS": [1]}, {"L": None}]
)
def test_a_malformed_value_that_a_condition_compares_is_no_handler_failure(wire: Any) -> None:
    """A malformed attribute under changed() is found at stage decode, where it is permanent."""
    outcome = conditional(changed("total"), modify(1, total=wire, old={"total": 5}))
    assert (outcome.status, outcome.stage) == ("failed", "decode")


# -------------------------------------------------------------------------------------------------- several routes, replay


def two_routes(first: Callable[..., Any], second: Callable[..., Any], **options: Any) -> Dispatcher:
    routes = Routes()
    routes.on(Order)(first)
    routes.on(Order)(second)
    return Dispatcher(routes, **options)


def test_each_route_is_its_own_unit_of_success() -> None:
    """Of two routes of a record one is done though the other failed."""
    assert statuses(two_routes(Handled(), Handled({1: TimeoutError()})).dispatch(inserts(1))) == ["done", "failed"]


def test_routes_after_a_failed_one_are_deferred() -> None:
    """The routes after the one that failed do not run for this record."""
    second = Handled()
    report = two_routes(Handled({1: TimeoutError()}), second).dispatch(inserts(1))
    assert (statuses(report), list(second)) == (["failed", "deferred"], [])


def test_a_parked_route_does_not_hold_up_the_next() -> None:
    """A route that parked its record lets the record's other routes run."""
    second = Handled()
    app = two_routes(Handled({1: Reject("never")}), second, parking=MemoryParking())
    assert (statuses(app.dispatch(inserts(1))), list(second)) == (["parked", "done"], ["1"])


def test_a_replay_skips_the_route_that_was_done() -> None:
    """When a record comes again for its second route, its first does not run again."""
    first, second = Handled(), Handled({1: TimeoutError()})
    app = two_routes(first, second)
    app(inserts(1))
    second.fail.clear()
    report = app.dispatch(inserts(1))
    assert (statuses(report), list(first), list(second)) == (["skipped", "done"], ["1"], ["1"])


def test_a_replay_does_not_park_again() -> None:
    """A route that parked a record does not park it again when it comes again for another route."""
    place, second = MemoryParking(), Handled({1: TimeoutError()})
    app = two_routes(Handled({1: Reject("never")}), second, parking=place)
    app(inserts(1))
    second.fail.clear()
    assert (app(inserts(1)), len(place)) == (SUCCESS, 1)


def test_a_replay_of_a_dropped_route_does_not_run_it_again() -> None:
    """A route that dropped a record is finished with it."""
    calls: list[int] = []

    def dropping(change: Change[Order]) -> None:
        calls.append(1)
        raise KeyError

    second = Handled({1: TimeoutError()})
    app = two_routes(dropping, second, on_error={KeyError: Drop()})
    app(inserts(1))
    app(inserts(1))
    assert len(calls) == 1


def test_two_routes_of_one_handler_are_told_apart() -> None:
    """A handler registered twice runs twice for a record, and each registration is remembered by itself."""
    calls: list[str] = []

    def handler(change: Change[Order]) -> None:
        calls.append("x")
        if len(calls) == 2:
            raise TimeoutError

    app = two_routes(handler, handler)
    responses = [app(inserts(1)), app(inserts(1))]
    assert (responses, len(calls)) == ([failures(1), SUCCESS], 3)


def test_records_alike_in_every_identifier_both_run_again() -> None:
    """Which of two records with one identity was finished cannot be told, so neither is skipped at a replay."""
    seen: list[str] = []
    fail = True

    def handler(change: Change[Order]) -> None:
        if fail and change.keys["pk"] == "c":
            raise TimeoutError
        seen.append(change.keys["pk"])

    app = dispatcher(handler)
    event = batch(insert(5, "a"), insert(5, "b"), insert(5, "c"))
    app(event)
    fail = False
    app(event)
    assert seen == ["a", "b", "a", "b", "c"]


def test_a_second_record_of_a_finished_identity_is_not_lost() -> None:
    """A record that looks just like a finished one beside it is a record of its own and runs."""
    seen: list[str] = []
    fail = True

    def handler(change: Change[Order]) -> None:
        if fail and change.keys["pk"] == "b":
            raise TimeoutError
        seen.append(change.keys["pk"])

    app = dispatcher(handler)
    app(batch(insert(7, "a"), insert(6, "b")))
    fail = False
    app(batch(insert(7, "a"), insert(7, "twin"), insert(6, "b")))
    assert {"a", "twin", "b"} <= set(seen)


def test_a_failed_record_of_a_finished_identity_is_not_lost() -> None:
    """A record that failed beside a finished one of the same identity runs when a bisected batch brings it alone."""
    seen: list[str] = []
    fail = True

    def handler(change: Change[Order]) -> None:
        if fail and change.keys["pk"] == "twin":
            raise TimeoutError
        seen.append(change.keys["pk"])

    app = dispatcher(handler)
    app(batch(insert(5, "a"), insert(5, "twin")))
    fail = False
    app(batch(insert(5, "twin")))
    assert seen == ["a", "twin"]


def test_an_unrouted_record_is_parked_once() -> None:
    """A record without a route that was parked beyond the checkpoint is not parked again when it comes again."""
    place, handled = MemoryParking(), Handled({5: TimeoutError()})
    app = dispatcher(handled, unrouted="park", parking=place)
    event = batch(insert(6, entity="Stranger"), insert(5))
    app(event)
    handled.fail.clear()
    assert (app(event), len(place)) == (SUCCESS, 1)


def test_a_malformed_record_is_parked_once() -> None:
    """A record that could not be routed and was parked beyond the checkpoint is not parked again."""
    place, handled = MemoryParking(), Handled({5: TimeoutError()})
    app = dispatcher(handled, parking=place)
    event = batch({**insert(6), "eventName": "EXPLODED"}, insert(5))
    app(event)
    handled.fail.clear()
    assert (app(event), len(place)) == (SUCCESS, 1)


def test_images_are_decoded_once_for_several_routes() -> None:
    """Two routes of one record are given the same model instance, validated once."""
    seen: list[Order] = []

    def handler(change: Change[Order]) -> None:
        seen.append(change.image)

    two_routes(handler, handler)(inserts(1))
    assert seen[0] is seen[1]


# ----------------------------------------------------------------------------------------------------------- base exceptions


class Stop(BaseException):
    """Ends a process, not a record."""


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_is_no_exception_ends_the_invocation(concurrency: int) -> None:
    """SystemExit and its like are no failure of a record: they end the invocation, so the whole batch comes again."""
    with pytest.raises(Stop):
        dispatcher(Handled({2: Stop()}), concurrency=concurrency)(inserts(1, 2, 3))


def test_the_dispatcher_works_after_such_an_end() -> None:
    """After an invocation that was ended from within the next one is handled."""
    handled = Handled({1: Stop()})
    app = dispatcher(handled)
    with pytest.raises(Stop):
        app(inserts(1))
    handled.fail.clear()
    assert app(inserts(1)) == SUCCESS


@pytest.mark.parametrize(
    "error", [RecursionError(), MemoryError(), StopIteration(), AssertionError(), ExceptionGroup("g", [OSError()])]
)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_exception_is_a_failure_of_its_record(error: Exception, concurrency: int) -> None:
    """Whatever exception a handler raises costs its record and nothing more."""
    assert dispatcher(Handled({2: error}), concurrency=concurrency)(inserts(1, 2)) == failures(2)


class UnprintableError(Exception):
    """An exception that cannot be printed."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


def test_an_exception_that_cannot_be_printed_costs_its_record() -> None:
    """An exception whose own text raises is a failure of its record like any other."""
    assert dispatcher(Handled({1: UnprintableError()}))(inserts(1)) == failures(1)


def test_a_validator_of_the_users_that_raises_costs_its_record() -> None:
    """A validator that raises something pydantic does not catch is a failure at stage validate."""
    from pydantic import BaseModel, field_validator

    class Strict(BaseModel):
        total: int

        @field_validator("total")
        @classmethod
        def refuse(cls, value: int) -> int:
            raise KeyError(value)

    routes = Routes()

    @routes.on_insert(Strict)
    def handler(change: Insert[Strict]) -> None: ...

    (outcome,) = Dispatcher(routes).dispatch(batch(insert(1, entity="Strict", total=1)))
    assert (outcome.stage, type(outcome.error)) == ("validate", KeyError)


# ------------------------------------------------------------------------------------------------------------------ batches


class Index:
    """An on_batch handler that notes its calls, and raises what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[list[str | None]] = []

    def __call__(self, changes: Sequence[Change[Order]]) -> None:
        self.calls.append([change.record.sequence_number for change in changes])
        if self.error is not None:
            raise self.error


def with_batch(index: Index, handled: Handled, **options: Any) -> Dispatcher:
    routes = Routes()
    routes.on_batch(Order)(index)
    routes.on(Order)(handled)
    return Dispatcher(routes, **options)


def test_a_batch_is_called_once_with_every_change() -> None:
    """An on_batch handler is called once per invocation, with the changes in the order of the stream."""
    index = Index()
    with_batch(index, Handled())(inserts(1, 2, 3))
    assert index.calls == [["1", "2", "3"]]


def test_a_batch_runs_after_the_singles() -> None:
    """When an on_batch handler is called, every single record of the invocation has been handled."""
    handled = Handled()
    before: list[int] = []
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        before.append(len(handled.numbers))

    routes.on(Order)(handled)
    Dispatcher(routes)(inserts(1, 2))
    assert before == [2]


def test_a_batch_that_is_done_is_an_outcome_of_each_record() -> None:
    """Each change of a batch has its own outcome for the batch route."""
    report = with_batch(Index(), Handled()).dispatch(inserts(1, 2))
    assert statuses(report) == ["done"] * 4


def test_no_batch_without_changes() -> None:
    """An on_batch handler is not called when no record is for it."""
    index = Index()
    with_batch(index, Handled())(batch(insert(1, entity="Stranger")))
    assert index.calls == []


def test_a_batch_holds_only_what_stands_before_the_checkpoint() -> None:
    """Changes from the first failed record on come again, so the batch is called with those before it."""
    index = Index()
    report = with_batch(index, Handled({3: TimeoutError()})).dispatch(inserts(1, 2, 3, 4))
    assert (index.calls, report.response) == ([["1", "2"]], failures(3))


def test_no_batch_when_the_first_record_fails() -> None:
    """When nothing stands before the checkpoint the batch is not called."""
    index = Index()
    with_batch(index, Handled({1: TimeoutError()}))(inserts(1, 2))
    assert index.calls == []


def test_a_failed_batch_fails_every_record_in_it() -> None:
    """What an on_batch handler raises is the failure of all of its changes, and the lowest is reported."""
    report = with_batch(Index(TimeoutError()), Handled()).dispatch(inserts(1, 2))
    batches = [(o.status, o.stage) for o in report if o.route and o.route.batch]
    assert (batches, report.response) == ([("failed", "handler")] * 2, failures(1))


def test_a_replay_after_a_failed_batch_runs_the_batch_only() -> None:
    """The single routes of a failed batch's records are not run again."""
    index, handled = Index(TimeoutError()), Handled()
    app = with_batch(index, handled)
    app(inserts(1, 2))
    index.error = None
    assert (app(inserts(1, 2)), list(handled), len(index.calls)) == (SUCCESS, ["1", "2"], 2)


def test_a_replay_after_a_failed_single_does_not_index_again() -> None:
    """Changes that a batch was called with are not in the batch of the replay."""
    index, handled = Index(), Handled({3: TimeoutError()})
    app = with_batch(index, handled)
    app(inserts(1, 2, 3))
    handled.fail.clear()
    app(inserts(3))
    assert index.calls == [["1", "2"], ["3"]]


def test_a_rejected_batch_is_parked_record_by_record() -> None:
    """A batch that can never work is parked, each record by itself, and the stream moves on."""
    place = MemoryParking()
    app = with_batch(Index(Reject("never")), Handled(), parking=place)
    assert (app(inserts(1, 2)), [parked.record["eventID"] for parked in place]) == (SUCCESS, ["e1", "e2"])


def test_a_batch_of_which_one_record_cannot_be_parked() -> None:
    """Of a rejected batch the records that were not kept are failed, and the first of them reported."""

    class Picky(MemoryParking):
        def park(self, parked: Parked) -> None:
            if parked.record["eventID"] == "e2":
                raise OSError
            super().park(parked)

    report = with_batch(Index(Reject("never")), Handled(), parking=Picky()).dispatch(inserts(1, 2, 3))
    batches = [o.status for o in report if o.route and o.route.batch]
    assert (batches, report.response) == (["parked", "failed", "parked"], failures(2))


def test_a_dropped_batch_is_let_go() -> None:
    """Drop() on an on_batch route lets go of all of its changes."""
    report = with_batch(Index(TimeoutError()), Handled(), on_error=Drop()).dispatch(inserts(1, 2))
    assert ([o.status for o in report if o.route and o.route.batch], report.response) == (["skipped"] * 2, SUCCESS)


def test_a_record_that_a_batch_cannot_read_fails_alone() -> None:
    """A change that cannot be validated never gets into the batch; those before it do."""
    index = Index()
    routes = Routes()
    routes.on_batch(Order)(index)
    response = Dispatcher(routes)(batch(insert(1), insert(2, total="many"), insert(3)))
    assert (index.calls, response) == ([["1"]], failures(2))


def test_a_batch_without_the_records_that_were_parked() -> None:
    """A change that cannot be validated and is parked does not hold up the batch."""
    index = Index()
    routes = Routes()
    routes.on_batch(Order)(index)
    response = Dispatcher(routes, parking=MemoryParking())(batch(insert(1), insert(2, total="many"), insert(3)))
    assert (index.calls, response) == ([["1", "3"]], SUCCESS)


def test_a_condition_keeps_changes_out_of_a_batch() -> None:
    """An on_batch route's condition decides change by change."""
    routes, index = Routes(), Index()
    routes.on_batch(Order, where(lambda change: change.image.total > 1))(index)
    Dispatcher(routes)(batch(insert(1, total=1), insert(2, total=2), insert(3, total=3)))
    assert index.calls == [["2", "3"]]


def test_a_batch_takes_every_event() -> None:
    """An on_batch route without events gets inserts, modifications and removals in one call."""
    index = Index()
    with_batch(index, Handled())(batch(insert(1), modify(2), remove(3)))
    assert index.calls == [["1", "2", "3"]]


def test_batches_run_in_the_order_of_registration() -> None:
    """Of two on_batch routes the one registered first is called first, whichever record came first."""
    routes, order = Routes(), []

    @routes.on_batch(Order, where(lambda change: change.image.total == 2))
    def one(changes: Sequence[Change[Order]]) -> None:
        order.append("one")

    @routes.on_batch(Order)
    def two(changes: Sequence[Change[Order]]) -> None:
        order.append("two")

    Dispatcher(routes)(batch(insert(1, total=1), insert(2, total=2)))
    assert order == ["one", "two"]


def test_no_batch_after_a_failed_one() -> None:
    """After an on_batch handler that failed the next is not called; its changes come again."""
    first, second = Index(TimeoutError()), Index()
    routes = Routes()
    routes.on_batch(Order)(first)
    routes.on_batch(Order)(second)
    report = Dispatcher(routes).dispatch(inserts(1))
    assert (second.calls, statuses(report)) == ([], ["failed", "deferred"])


def test_no_batch_without_time() -> None:
    """An on_batch handler does not start when the time is up; its changes come again."""
    import time

    index = Index()
    routes = Routes()
    routes.on_batch(Order)(index)

    @routes.on(Order)
    def slow(change: Change[Order]) -> None:
        time.sleep(0.1)

    report = Dispatcher(routes, reserve=0).dispatch(inserts(1), Context(remaining=50))
    assert (index.calls, report.response) == ([], failures(1))


def test_an_async_batch_is_waited_for() -> None:
    """An async on_batch handler has finished when the dispatcher answers."""
    import asyncio

    routes, done = Routes(), []

    @routes.on_batch(Order)
    async def index(changes: Sequence[Change[Order]]) -> None:
        await asyncio.sleep(0)
        done.append(len(changes))

    assert (Dispatcher(routes)(inserts(1, 2)), done) == (SUCCESS, [2])


def test_an_awaitable_of_a_plain_batch_is_waited_for() -> None:
    """A coroutine that a plain on_batch function returns is awaited, and its failure is the batch's."""
    routes = Routes()

    async def work() -> None:
        raise TimeoutError

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> Any:
        return work()

    assert Dispatcher(routes)(inserts(1, 2)) == failures(1)


def test_the_changes_of_a_batch_can_be_counted_and_indexed() -> None:
    """An on_batch handler gets a sequence."""
    routes, seen = Routes(), []

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        seen.append((len(changes), changes[0].image.pk, changes[-1].image.pk))

    Dispatcher(routes)(inserts(1, 2))
    assert seen == [(2, "key-1", "key-2")]


def test_parked_records_are_json() -> None:
    """What is parked can be written as JSON, whole."""
    place = MemoryParking()
    outcome_of(BAD["decode"], parking=place)
    assert json.loads(json.dumps(place.parked[0].to_dict()))["record"] == BAD["decode"]
