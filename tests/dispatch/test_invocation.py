"""An invocation answers with the records to deliver again, and starts nothing after a failure or without time."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import MagicMock

import pytest

from router import (
    Change,
    Dispatcher,
    MalformedRecordError,
    Routes,
)
from router.inject.scopes import current_invocation
from tests.builders import (
    SUCCESS,
    Context,
    Handled,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    item,
    record,
    statuses,
    without,
)
from tests.clock import Clock
from tests.waiting import becomes

# --------------------------------------------------------------------------------------------------------- the response


def test_success_is_an_empty_list() -> None:
    """The response to a batch without undone records has no failures."""
    assert dispatcher(Handled())(inserts(1, 2, 3), None) == SUCCESS


def test_an_empty_batch_is_success() -> None:
    """An event without records has nothing that could fail."""
    assert dispatcher(Handled())({"Records": []}, None) == SUCCESS


def test_the_context_may_be_left_out() -> None:
    """The dispatcher can be called with an event alone."""
    assert dispatcher(Handled())(inserts(1)) == SUCCESS


def test_a_failure_is_reported_by_its_sequence_number() -> None:
    """The response holds the sequence number of the record that failed."""
    assert dispatcher(Handled({2: TimeoutError()}))(inserts(1, 2, 3)) == failures(2)


def test_one_identifier_is_reported() -> None:
    """With several undone records, the response has the one from which Lambda starts again."""
    app = dispatcher(Handled({2: TimeoutError(), 3: TimeoutError()}))
    assert len(app(inserts(1, 2, 3))["batchItemFailures"]) == 1


def test_nothing_runs_after_the_first_failure() -> None:
    """Records after a failure do not run, because they would run again and out of order."""
    handled = Handled({2: TimeoutError()})
    dispatcher(handled)(inserts(1, 2, 3, 4))
    assert list(handled) == ["1"]


def test_what_did_not_run_is_deferred() -> None:
    """Records after a failure are deferred, not failed."""
    report = dispatcher(Handled({2: TimeoutError()})).dispatch(inserts(1, 2, 3))
    assert statuses(report) == ["done", "failed", "deferred"]


def test_sequence_numbers_are_compared_as_integers() -> None:
    """Of numbers with 22 and 23 digits the one with fewer digits is lower, though its text sorts higher."""
    shorter, longer = "9" * 22, "1" + "0" * 22
    assert dispatcher(Handled({longer: TimeoutError()}))(inserts(longer, shorter)) == failures(shorter)


def test_the_lowest_is_reported_though_a_higher_one_failed() -> None:
    """In an event out of order, a deferred record with a lower number is where Lambda has to start."""
    assert dispatcher(Handled({7: TimeoutError()}))(inserts(7, 5, 6)) == failures(5)


def test_leading_zeros_do_not_make_a_number_higher() -> None:
    """A sequence number is compared as an integer and reported as delivered."""
    app = dispatcher(Handled({"0012": TimeoutError()}))
    assert app(inserts("0012", "9", "013")) == failures("9")


def test_a_record_done_below_the_checkpoint_is_not_reported() -> None:
    """In an event out of order a done record with the lowest number is not reported."""
    assert dispatcher(Handled({7: TimeoutError()}))(inserts(5, 7, 6)) == failures(6)


def test_a_sequence_number_that_is_no_number_is_reported_as_delivered() -> None:
    """Where numbers cannot be compared, the first undone record's is reported."""
    assert dispatcher(Handled({"b": TimeoutError()}))(inserts("c", "b", "a")) == failures("b")


def test_two_records_with_one_sequence_number_are_two_records() -> None:
    """Each of two records with the same sequence number is handled."""
    handled = Handled()
    report = dispatcher(handled).dispatch(batch(insert(5, "a"), {**insert(5, "b"), "eventID": "other"}))
    assert (list(handled), statuses(report)) == (["5", "5"], ["done", "done"])


def test_two_records_with_one_event_id_are_two_records() -> None:
    """Each of two records with the same eventID is handled."""
    handled = Handled()
    dispatcher(handled)(batch(insert(5), {**insert(6), "eventID": "e5"}))
    assert list(handled) == ["5", "6"]


def test_two_records_with_one_identity_are_two_records() -> None:
    """Of two records alike in every identifier one can be done while the other fails, and the number is reported."""
    seen: list[str] = []

    def handler(change: Change[Order]) -> None:
        if change.keys["pk"] == "b":
            raise TimeoutError
        seen.append(change.keys["pk"])

    report = dispatcher(handler).dispatch(batch(insert(5, "a"), insert(5, "b")))
    assert (seen, statuses(report), report.response) == (["a"], ["done", "failed"], failures(5))


# -------------------------------------------------------------------------------------------- without a sequence number


def test_a_failure_that_nothing_identifies_raises() -> None:
    """A failed record without a sequence number fails the whole batch, as Lambda would."""
    with pytest.raises(MalformedRecordError):
        dispatcher(Handled({"": TimeoutError()}))(batch(without(insert(1), "SequenceNumber")))


@pytest.mark.parametrize("number", ["", None, 5, [], {"S": "5"}])
def test_an_identifier_that_lambda_would_not_take_raises(number: Any) -> None:
    """Empty, null and other values that are no text are not reported as sequence numbers."""
    with pytest.raises(MalformedRecordError):
        dispatcher(Handled({"": TimeoutError()}))(batch(record(1, "INSERT", SequenceNumber=number, NewImage=item())))


def test_success_needs_no_sequence_number() -> None:
    """A record without a sequence number that is done is done."""
    assert dispatcher(Handled())(batch(without(insert(1), "SequenceNumber"))) == SUCCESS


def test_a_numbered_failure_reports_for_those_after_it() -> None:
    """A deferred record without a number comes again with the numbered one that failed before it."""
    event = batch(insert(1), without(insert(2), "SequenceNumber"))
    assert dispatcher(Handled({1: TimeoutError()}))(event) == failures(1)


def test_what_finished_before_the_raise_is_remembered() -> None:
    """When the whole batch comes again, what was finished in it does not run again."""
    handled = Handled({"": TimeoutError()})
    app = dispatcher(handled)
    event = batch(insert(1), without(insert(2), "SequenceNumber"))
    with pytest.raises(MalformedRecordError):
        app(event)
    handled.fail.clear()
    assert (app(event), list(handled)) == (SUCCESS, ["1", ""])


# ----------------------------------------------------------------------------------------------------- tumbling windows


def test_the_state_of_a_window_goes_back() -> None:
    """A tumbling window's state is returned unchanged, because Lambda treats a response without it as a failure."""
    assert dispatcher(Handled())(batch(insert(1), state={"sum": 5}, window={})) == {**SUCCESS, "state": {"sum": 5}}


def test_the_state_goes_back_beside_a_failure() -> None:
    """A window's state is returned with a partial failure too."""
    app = dispatcher(Handled({1: TimeoutError()}))
    assert app(batch(insert(1), state={})) == {**failures(1), "state": {}}


def test_a_window_ends_without_records() -> None:
    """The last invocation of a window may have no records, and its response has the state."""
    event = batch(state={"sum": 5}, isFinalInvokeForWindow=True)
    assert dispatcher(Handled())(event) == {**SUCCESS, "state": {"sum": 5}}


def test_without_a_window_there_is_no_state() -> None:
    """A response holds a state only if the event does."""
    assert "state" not in dispatcher(Handled())(batch(insert(1)))


# ------------------------------------------------------------------------------------------------------------- deadline


def test_nothing_starts_when_the_time_is_up() -> None:
    """With less time left than the reserve, records are deferred and the first of them reported."""
    handled = Handled()
    report = dispatcher(handled, reserve=1).dispatch(inserts(1, 2), Context(remaining=999))
    assert (list(handled), statuses(report), report.response) == ([], ["deferred", "deferred"], failures(1))


def test_time_that_runs_out_on_the_way_defers_the_rest(clock: Clock) -> None:
    """Records are handled until the time runs out, and the first not started is reported."""
    seen = []

    def slow(change: Change[Order]) -> None:
        seen.append(change.record.sequence_number)
        clock.advance(0.2)

    app = dispatcher(slow, reserve=0)
    assert (app(inserts(1, 2, 3), Context(remaining=100)), seen) == (failures(2), ["1"])


def test_the_reserve_is_kept() -> None:
    """The same time left is enough for a smaller reserve."""
    assert dispatcher(Handled(), reserve=0.1)(inserts(1), Context(remaining=999)) == SUCCESS


def test_routes_of_one_record_that_the_time_does_not_reach_come_again(clock: Clock) -> None:
    """If the first handler uses up the time, the second one runs at the next delivery, alone."""
    seen: list[str] = []
    routes = Routes()

    @routes.on(Order)
    def slow(change: Change[Order]) -> None:
        seen.append("slow")
        clock.advance(0.05)

    @routes.on(Order)
    def late(change: Change[Order]) -> None:
        seen.append("late")

    app = Dispatcher(routes, reserve=0)
    assert (app(inserts(1), Context(remaining=20)), seen) == (failures(1), ["slow"])
    assert (app(inserts(1)), seen) == (SUCCESS, ["slow", "late"])


@pytest.mark.parametrize("remaining", [None, "soon", MagicMock(), True, [], float("nan"), float("inf")])
def test_a_context_that_tells_no_time_sets_no_deadline(remaining: Any) -> None:
    """Without a number of milliseconds there is no deadline: handlers run."""
    assert dispatcher(Handled())(inserts(1), Context(remaining=lambda: remaining)) == SUCCESS


@pytest.mark.parametrize(
    "context", [None, MagicMock(), object(), {}, "context", type("C", (), {"get_remaining_time_in_millis": 5})()]
)
def test_any_context_will_do(context: Any) -> None:
    """A mock, None or any other object as the context does not stop the handlers."""
    assert dispatcher(Handled())(inserts(1), context) == SUCCESS


def test_negative_time_defers_everything() -> None:
    """With a negative remaining time nothing starts."""
    assert dispatcher(Handled(), reserve=0)(inserts(1), Context(remaining=-1)) == failures(1)


# ---------------------------------------------------------------------------------------------------------- what stays


class Wire(dict[str, Any]):
    """A record that a weak reference can follow."""


async def _asynchronous(change: Change[Order]) -> None: ...


def _synchronous(change: Change[Order]) -> None: ...


async def _waiting(change: Change[Order]) -> None:
    await asyncio.sleep(0)


async def _waiting_longer(change: Change[Order]) -> None:
    await asyncio.sleep(0.001)


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(
    "handlers", [[_asynchronous], [_synchronous], [_waiting], [_waiting, _waiting_longer], [_synchronous, _waiting]]
)
def test_no_batch_stays_in_memory(handlers: Sequence[Callable[..., Any]], concurrency: int) -> None:
    """An invocation makes no circle, so its batch is freed at once and not when Python collects garbage."""
    routes = Routes()
    for handler in handlers:
        routes.on(Order)(handler)
    app = Dispatcher(routes, concurrency=concurrency)
    records = [Wire(each) for each in inserts(1, 2)["Records"]]
    kept = [weakref.ref(each) for each in records]
    gc.disable()
    try:
        app({"Records": records})
        del records
        assert becomes(lambda: all(each() is None for each in kept))  # the thread of a lane lets go a moment later
    finally:
        gc.enable()


def test_an_invocation_is_over_whatever_ends_it() -> None:
    """Ctrl-C while an outbox ends leaves no invocation that the next one would be inside of."""
    outbox = MagicMock(**{"send.return_value": {}, "close.side_effect": KeyboardInterrupt})
    routes = Routes()

    @routes.on(Order)
    def handle(change: Change[Order]) -> None:
        outboxes = current_invocation.get().outboxes
        assert outboxes is not None
        outboxes.get_or_make("a queue", lambda _: outbox)

    with pytest.raises(KeyboardInterrupt):
        Dispatcher(routes)(inserts(1))
    assert current_invocation.get(None) is None
