"""A window handler is called with its changes and its state, and the state agrees with the records that are done."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from router import (
    Change,
    Dispatcher,
    Drop,
    MemoryParking,
    Park,
    PartialFailure,
    RouterError,
    Routes,
    Window,
)
from router.dispatch.windows import COUNTED
from router.testing import Stream
from router.window import LARGEST_STATE
from tests.builders import Order, insert, inserts, statuses

REPORTS = ["ReportBatchItemFailures"]


class Totals(BaseModel):
    count: int = 0
    numbers: list[str | None] = []


class Total:
    """An on_window handler that counts into its state, notes its calls, then raises the given exceptions."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.windows: list[Window[Order, Totals]] = []
        self.calls: list[list[str | None]] = []

    def __call__(self, window: Window[Order, Totals]) -> None:
        numbers = [change.record.sequence_number for change in window.changes]
        self.windows.append(window)
        self.calls.append(numbers)
        window.state.count += len(numbers)
        window.state.numbers += numbers
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error


def app_of(*handlers: Any, **options: Any) -> Dispatcher:
    routes = Routes()
    for handler in handlers:
        routes.on_window(Order, state=Totals)(handler)
    return Dispatcher(routes, **options)


def in_window(event: dict[str, Any], state: Any = None, *, final: bool = False, early: bool = False) -> dict[str, Any]:
    return {
        **event,
        "shardId": "shardId-1",
        "window": {"start": "2026-09-17T14:14:00Z", "end": "2026-09-17T14:15:00Z"},
        "state": {} if state is None else state,
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": early,
    }


def reported(response: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def only(state: dict[str, Any]) -> Any:
    (value,) = (value for key, value in state.items() if key != COUNTED)
    return value


def test_a_handler_has_the_window_of_the_event() -> None:
    """A handler sees the window's times and the shard."""
    total = Total()
    app_of(total)(in_window(inserts(1, 2)))
    (window,) = total.windows
    assert (window.start, window.end) == (
        datetime(2026, 9, 17, 14, 14, tzinfo=UTC),
        datetime(2026, 9, 17, 14, 15, tzinfo=UTC),
    )
    assert (window.is_final, window.is_early, window.shard_id) == (False, False, "shardId-1")


def test_the_state_goes_from_one_invocation_to_the_next() -> None:
    """What a handler leaves in its state is in the response, and is what the next call finds."""
    app = app_of(Total())
    first = app(in_window(inserts(1, 2)))
    second = app(in_window(inserts(3), first["state"]))
    assert only(second["state"]) == {"count": 3, "numbers": ["1", "2", "3"]}


def test_a_state_may_be_assigned() -> None:
    """A handler may assign another state."""
    routes = Routes()

    @routes.on_window(Order, state=Totals)
    def total(window: Window[Order, Totals]) -> None:
        window.state = Totals(count=7)

    assert only(Dispatcher(routes)(in_window(inserts(1)))["state"])["count"] == 7


def test_an_async_handler_is_waited_for() -> None:
    """The state is taken when an asynchronous handler has finished."""
    routes = Routes()

    @routes.on_window(Order, state=Totals)
    async def total(window: Window[Order, Totals]) -> None:
        window.state.count = len(window.changes)

    assert only(Dispatcher(routes)(in_window(inserts(1)))["state"])["count"] == 1


def test_routes_do_not_share_a_state() -> None:
    """Each route has an entry of its own, and an entry of an unknown route stays as it came."""
    one, other = Total(), Total()
    state = app_of(one, other)(in_window(inserts(1), {"another": [1]}))["state"]
    assert state.pop("another") == [1]
    assert [each["count"] for each in state.values()] == [1, 1]


def test_the_event_is_not_changed() -> None:
    """The state of the event stays as it came."""
    event = in_window(inserts(1), {"another": [1]})
    before = json.dumps(event)
    app_of(Total())(event)
    assert json.dumps(event) == before


def test_without_window_routes_the_state_goes_back() -> None:
    """An app without on_window routes returns the state as it came."""
    assert Dispatcher(Routes())(in_window(inserts(1), {"a": 1}))["state"] == {"a": 1}


def test_the_final_invocation_has_no_changes() -> None:
    """At the end of a window each handler is called once more, with the state and no changes."""
    total = Total()
    app = app_of(total)
    app(in_window({"Records": []}, app(in_window(inserts(1)))["state"], final=True, early=True))
    last = total.windows[-1]
    assert (last.changes, last.state.count, last.is_final, last.is_early) == ([], 1, True, True)


def test_an_invocation_without_changes_of_the_entity_calls_no_handler() -> None:
    """Like an on_batch handler, a window handler is not called for nothing before the window ends."""
    total = Total()
    app_of(total)(in_window({"Records": []}))
    assert total.calls == []


def test_a_failed_call_leaves_the_state_of_before() -> None:
    """What a handler changes before it raises is undone, and its changes are reported."""
    app = app_of(Total(None, ValueError()))
    state = app(in_window(inserts(1)))["state"]
    response = app(in_window(inserts(2, 3), state))
    assert (reported(response), response["state"]) == (["2"], state)


@pytest.mark.parametrize("policy", [Drop(), Park()])
def test_changes_that_are_dropped_or_parked_are_not_in_the_state(policy: Any) -> None:
    """The policies of the route decide about the changes of a failed call."""
    app = app_of(Total(ValueError()), on_error=policy, parking=MemoryParking())
    response = app(in_window(inserts(1)))
    assert (reported(response), response["state"]) == ([], {})


def test_a_partial_failure_keeps_the_state() -> None:
    """With a PartialFailure the state counts as the handler left it: without the changes that it names."""
    routes = Routes()
    calls: list[list[str | None]] = []

    @routes.on_window(Order, state=Totals)
    def total(window: Window[Order, Totals]) -> None:
        numbers = [change.record.sequence_number for change in window.changes]
        bad = {change: ValueError() for change in window.changes if not calls and change.record.sequence_number == "2"}
        calls.append(numbers)
        window.state.numbers += [change.record.sequence_number for change in window.changes if change not in bad]
        if bad:
            raise PartialFailure(bad)

    app = Dispatcher(routes)
    first = app(in_window(inserts(1, 2, 3)))
    assert (reported(first), only(first["state"])["numbers"]) == (["2"], ["1", "3"])
    # In another container, which remembers nothing: the state itself says that 3 is in it.
    second = Dispatcher(routes)(in_window(inserts(2, 3), first["state"]))
    assert calls == [["1", "2", "3"], ["2"]]
    assert second["state"].keys() == first["state"].keys() - {COUNTED}
    assert only(second["state"])["numbers"] == ["1", "3", "2"]


def test_a_batch_that_is_split_is_not_counted_twice() -> None:
    """The state keeps the number of a counted record until it comes again, be it in the second half of a split batch."""
    app = app_of(Total())
    (key,) = app(in_window(inserts(1)))["state"]
    first = app(in_window(inserts(2), {key: {"count": 1, "numbers": ["3"]}, COUNTED: {key: ["3"]}}))
    second = app(in_window(inserts(3), first["state"]))
    assert second["state"] == {key: {"count": 2, "numbers": ["3", "2"]}}


def fails_once(number: str) -> Any:
    failed: list[str] = []

    def index(changes: Sequence[Change[Order]]) -> None:
        bad = {change: ValueError() for change in changes if not failed and change.record.sequence_number == number}
        failed.append(number)
        if bad:
            raise PartialFailure(bad)

    return index


@pytest.mark.parametrize("number", ["1", "2", "3"])
@pytest.mark.parametrize("window_first", [True, False])
def test_each_change_is_counted_once(number: str, window_first: bool) -> None:
    """Whichever record another route fails, and in whichever order they run, a window counts each change once."""
    total, routes = Total(), Routes()
    if window_first:
        routes.on_window(Order, state=Totals)(total)
    routes.on_batch(Order)(fails_once(number))
    if not window_first:
        routes.on_window(Order, state=Totals)(total)
    stream = Stream(Dispatcher(routes), tumbling_window_in_seconds=60, function_response_types=REPORTS, key="order_id")
    for each in ("1", "2", "3"):
        stream.append(insert(int(each)))
    stream.run().advance(120).run()
    assert sorted(map(str, total.windows[-1].state.numbers)) == ["1", "2", "3"]
    assert total.windows[-1].is_final


def test_a_batch_delivered_again_with_the_old_state_is_counted_again() -> None:
    """After a failure at the first record Lambda keeps the state of before, so the handler is called with all again."""
    total, routes = Total(), Routes()
    routes.on_window(Order, state=Totals)(total)
    routes.on_batch(Order)(fails_once("1"))
    app = Dispatcher(routes)
    assert reported(app(in_window(inserts(1, 2)))) == ["1"]
    assert only(app(in_window(inserts(1, 2)))["state"])["count"] == 2


def test_a_final_invocation_that_fails_raises() -> None:
    """It has no record to report, so it raises and Lambda invokes it again; the other handlers are called."""
    other = Total()
    app = app_of(Total(ValueError("secret")), other)
    with pytest.raises(RouterError, match="failed with ValueError") as raised:
        app(in_window({"Records": []}, final=True))
    assert "secret" not in str(raised.value)
    assert other.calls == [[]]


def test_a_final_invocation_that_is_dropped_does_not_raise() -> None:
    """Drop() is what a user writes to lose a window whose final call fails."""
    assert reported(app_of(Total(ValueError()), on_error=Drop())(in_window({"Records": []}, final=True))) == []


def test_lambda_retries_a_final_invocation() -> None:
    """The mapping invokes a failed final invocation again, with the same state."""
    total = Total(None, ValueError())
    stream = Stream(app_of(total), tumbling_window_in_seconds=60, function_response_types=REPORTS)
    stream.append(insert(1))
    stream.run().advance(120).run()
    assert [(window.is_final, window.state.count) for window in total.windows] == [(False, 1), (True, 1), (True, 1)]


def test_a_mapping_without_windows_is_named() -> None:
    """Without a window in the event the changes fail, with what is missing."""
    report = app_of(Total()).dispatch(inserts(1))
    assert statuses(report) == ["failed"]
    assert "lacks TumblingWindowInSeconds" in str(report.outcomes[0].error)
    assert "state" not in report.response


def test_a_state_beyond_the_limit_fails() -> None:
    """A state that is too large fails the changes, names route, size and limit, and leaves the state of before."""
    routes = Routes()

    @routes.on_window(Order, state=Totals)
    def total(window: Window[Order, Totals]) -> None:
        window.state.numbers = ["x" * LARGEST_STATE]

    report = Dispatcher(routes).dispatch(in_window(inserts(1), {"another": 1}))
    text = str(report.outcomes[0].error)
    assert (statuses(report), report.response["state"]) == (["failed"], {"another": 1})
    assert "total" in text
    assert str(LARGEST_STATE) in text


@pytest.mark.parametrize(
    ("state", "expected"),
    [([], "type list"), ("x", "type str")],
)
def test_a_state_that_is_no_object_fails(state: Any, expected: str) -> None:
    """A state that no Dispatcher made fails the changes and goes back as it came."""
    report = app_of(Total()).dispatch(in_window(inserts(1), state))
    assert expected in str(report.outcomes[0].error)
    assert report.response["state"] == state


def test_a_state_of_another_form_fails() -> None:
    """A state that the model does not accept fails the changes, and the error has none of its values."""
    app = app_of(Total())
    (key,) = app(in_window(inserts(1)))["state"]
    report = app.dispatch(in_window(inserts(2), {key: {"count": "secret"}}))
    assert "no Totals: int_parsing" in str(report.outcomes[0].error)


@pytest.mark.parametrize("left", [None, {"count": 1}, Totals.model_construct(count="x")])
def test_a_handler_that_leaves_no_state_fails(left: Any) -> None:
    """What is no state of the model fails the call that left it, not the next one."""
    routes = Routes()

    @routes.on_window(Order, state=Totals)
    def total(window: Window[Order, Totals]) -> None:
        window.state = left

    report = Dispatcher(routes).dispatch(in_window(inserts(1)))
    assert (statuses(report), report.response["state"]) == (["failed"], {})
