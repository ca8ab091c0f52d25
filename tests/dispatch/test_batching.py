"""A batch handler runs once per invocation, with the changes before the checkpoint."""

from collections.abc import Sequence
from typing import Any

import pytest

from router import (
    Change,
    Dispatcher,
    Drop,
    MemoryParking,
    Parked,
    PartialFailure,
    Reject,
    Routes,
    where,
)
from tests.builders import (
    SUCCESS,
    Context,
    Handled,
    Order,
    batch,
    failures,
    insert,
    inserts,
    modify,
    remove,
    statuses,
)
from tests.clock import Clock


class Index:
    """An on_batch handler that notes its calls, and raises the given exception."""

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
    """An on_batch handler is not called without changes."""
    index = Index()
    with_batch(index, Handled())(batch(insert(1, entity="Stranger")))
    assert index.calls == []


def test_a_batch_holds_only_what_stands_before_the_checkpoint() -> None:
    """A batch has the changes before the first failed record, because later ones come again."""
    index = Index()
    report = with_batch(index, Handled({3: TimeoutError()})).dispatch(inserts(1, 2, 3, 4))
    assert (index.calls, report.response) == ([["1", "2"]], failures(3))


def test_no_batch_when_the_first_record_fails() -> None:
    """If the first record fails, the batch is not called."""
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
    """A rejected batch is parked, each record by itself, and the stream moves on."""
    place = MemoryParking()
    app = with_batch(Index(Reject("never")), Handled(), parking=place)
    assert (app(inserts(1, 2)), [parked.record["eventID"] for parked in place]) == (SUCCESS, ["e1", "e2"])


def test_a_batch_of_which_one_record_cannot_be_parked() -> None:
    """Of a rejected batch, records that could not be parked are failed, and the first of them is reported."""

    class Picky(MemoryParking):
        def park(self, parked: Parked) -> None:
            if parked.record["eventID"] == "e2":
                raise OSError
            super().park(parked)

    report = with_batch(Index(Reject("never")), Handled(), parking=Picky()).dispatch(inserts(1, 2, 3))
    batches = [o.status for o in report if o.route and o.route.batch]
    assert (batches, report.response) == (["parked", "failed", "parked"], failures(2))


def test_a_dropped_batch_is_let_go() -> None:
    """Drop() on an on_batch route drops all of its changes."""
    report = with_batch(Index(TimeoutError()), Handled(), on_error=Drop()).dispatch(inserts(1, 2))
    assert ([o.status for o in report if o.route and o.route.batch], report.response) == (["skipped"] * 2, SUCCESS)


def test_a_record_that_a_batch_cannot_read_fails_alone() -> None:
    """A change that fails validation is not in the batch; the changes before it are."""
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
    """The condition of an on_batch route decides for each change."""
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
    """Of two on_batch routes the one registered first is called first, for any order of records."""
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


def test_no_batch_without_time(clock: Clock) -> None:
    """An on_batch handler does not start after the deadline; its changes come again."""
    index = Index()
    routes = Routes()
    routes.on_batch(Order)(index)

    @routes.on(Order)
    def slow(change: Change[Order]) -> None:
        clock.advance(0.1)

    report = Dispatcher(routes, reserve=0).dispatch(inserts(1), Context(remaining=50))
    assert (index.calls, report.response) == ([], failures(1))


def test_an_async_batch_is_waited_for() -> None:
    """An async on_batch handler finishes before the dispatcher returns."""
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


# ------------------------------------------------------------------------------------------------------ partial failures


class Partly:
    """An on_batch handler that fails for the changes of some records, while they are in ``errors``."""

    def __init__(self, errors: dict[str, Exception]) -> None:
        self.errors = errors
        self.calls: list[list[str | None]] = []

    def __call__(self, changes: Sequence[Change[Order]]) -> None:
        self.calls.append([change.record.sequence_number for change in changes])
        failed = {
            change: self.errors[number]
            for change in changes
            if (number := str(change.record.sequence_number)) in self.errors
        }
        if failed:
            raise PartialFailure(failed)


def partly(errors: dict[str, Exception], **options: Any) -> tuple[Dispatcher, Partly]:
    routes, handler = Routes(), Partly(errors)
    routes.on_batch(Order)(handler)
    return Dispatcher(routes, **options), handler


def test_a_partial_failure_fails_the_changes_that_it_names() -> None:
    """They fail with their own errors, and the others are done."""
    app, _ = partly({"2": TimeoutError(), "4": KeyError()})
    report = app.dispatch(inserts(1, 2, 3, 4))
    assert statuses(report) == ["done", "failed", "done", "failed"]
    assert [type(outcome.error) for outcome in report] == [type(None), TimeoutError, type(None), KeyError]
    assert report.response == failures(2)


def test_what_a_partial_failure_left_done_does_not_run_again() -> None:
    """Lambda delivers again from the first that failed; the handler is called with what is not done."""
    app, handler = partly({"2": TimeoutError(), "4": KeyError()})
    app(inserts(1, 2, 3, 4))
    handler.errors.clear()
    assert app(inserts(2, 3, 4)) == SUCCESS
    assert handler.calls == [["1", "2", "3", "4"], ["2", "4"]]


def test_the_policies_of_the_route_settle_a_partial_failure() -> None:
    """A ``Reject`` is parked, and an error that the policy drops is skipped."""
    place = MemoryParking()
    app, _ = partly({"1": Reject("never"), "2": KeyError()}, parking=place, on_error={KeyError: Drop()})
    report = app.dispatch(inserts(1, 2, 3))
    assert (statuses(report), len(place), report.response) == (["parked", "skipped", "done"], 1, SUCCESS)


def test_a_partial_failure_with_a_foreign_change_fails_all() -> None:
    """It is unknown which are done."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        raise PartialFailure({Change(None, None): TimeoutError()})

    report = Dispatcher(routes).dispatch(inserts(1, 2))
    assert statuses(report) == ["failed", "failed"]
    assert all("not called with" in str(outcome.error) for outcome in report)


def test_a_partial_failure_of_none_is_success() -> None:
    """An empty mapping names no change."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        raise PartialFailure({})

    assert Dispatcher(routes)(inserts(1, 2)) == SUCCESS


def test_the_errors_of_a_partial_failure_are_exceptions() -> None:
    """A text in place of an exception is refused where it is written."""
    with pytest.raises(TypeError, match="found str as the error of a change"):
        PartialFailure({Change(None, None): "throttled"})  # type: ignore[dict-item]  # the mistake


def test_an_async_batch_handler_fails_in_part() -> None:
    """An asynchronous handler raises it, too."""
    routes = Routes()

    @routes.on_batch(Order)
    async def index(changes: Sequence[Change[Order]]) -> None:
        raise PartialFailure({changes[0]: TimeoutError()})

    assert statuses(Dispatcher(routes).dispatch(inserts(1, 2))) == ["failed", "done"]
