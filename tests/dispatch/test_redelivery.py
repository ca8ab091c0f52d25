"""A record that is delivered again runs only the routes that are not done."""

import asyncio
from collections.abc import Collection, Iterable, Sequence

import pytest
from pydantic import BaseModel

from router import (
    Change,
    DecodeError,
    Dispatcher,
    Drop,
    Event,
    MemoryParking,
    Modify,
    Record,
    Reject,
    Routes,
)
from router.completed import Pair
from router.parsing import parser as parser_module
from tests.builders import (
    SUCCESS,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    modify,
    statuses,
)
from tests.dispatch.cases import two_routes


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


def test_two_routes_of_one_handler_are_distinct() -> None:
    """A handler with two routes for a record runs twice, and each route is remembered by itself."""
    calls: list[str] = []

    def handler(change: Change[Order]) -> None:
        calls.append("x")
        if len(calls) == 2:
            raise TimeoutError

    routes = Routes()
    routes.on(Order)(handler)
    routes.on(Order, Event.INSERT)(handler)
    app = Dispatcher(routes)
    responses = [app(inserts(1)), app(inserts(1))]
    assert (responses, len(calls)) == ([failures(1), SUCCESS], 3)


def test_records_alike_in_every_identifier_are_told_apart() -> None:
    """Two records with the same ID and sequence number are each remembered by their content."""
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
    assert seen == ["a", "b", "c"]


@pytest.mark.parametrize("twins", [(insert(7, "a", total="x"), insert(7, "b")), (insert(7, "a", total="x"),) * 2])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_parked_record_is_parked_once_beside_its_twin(twins: tuple[Json, Json], concurrency: int) -> None:
    """A record that was parked is not handled again, though another record has its ID and sequence number."""
    place, handled = MemoryParking(), Handled({6: TimeoutError()})
    app = dispatcher(handled, parking=place, concurrency=concurrency)
    event = batch(insert(8, "c"), *twins, insert(6, "z"))
    for _ in range(3):
        app(event)
    parked = len(place)
    handled.fail.clear()
    assert (app(event), len(place)) == (SUCCESS, parked)
    assert parked == sum("x" in str(twin) for twin in twins)


def test_a_second_record_of_a_finished_identity_is_not_lost() -> None:
    """A record with the identity of a finished one in its batch runs."""
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


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("images", [0, 1_000])
def test_the_image_that_an_error_names(concurrency: int, images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two malformed images the new one is named: in the first delivery and in later ones, by every kind of parser."""
    monkeypatch.setattr(parser_module, "IMAGES_BEFORE_CODEGEN", images)

    class Keys(BaseModel):
        pk: str

    routes, calls = Routes(), []
    bad = modify(1, total={"N": "?"}, old={"total": {"N": "?"}})

    @routes.on_modify(Keys, entity="Order")
    def first(change: Modify[Keys]) -> None:
        calls.append(1)

    @routes.on_modify(Order)
    def second(change: Modify[Order]) -> None: ...

    app = Dispatcher(routes, concurrency=concurrency)
    errors = [outcome.error for _ in range(2) for outcome in app.dispatch(batch(bad)) if outcome.error]
    assert [error.image for error in errors if isinstance(error, DecodeError)] == ["NewImage", "NewImage"]
    assert calls == [1]


class Shared:
    """A store that outlives containers."""

    def __init__(self) -> None:
        self._pairs: set[Pair] = set()

    def recall(self, records: Sequence[Record]) -> Collection[Pair]:
        return [pair for pair in self._pairs if pair[1] in {record.identity for record in records}]

    def remember(self, pairs: Iterable[Pair]) -> None:
        self._pairs |= {*pairs}

    def forget(self, pairs: Iterable[Pair]) -> None:
        self._pairs -= {*pairs}

    def __len__(self) -> int:
        return len(self._pairs)


def _in_lanes(store: Shared, failing: set[int], ran: list[int]) -> Dispatcher:
    """An app in which a record fails when record 3 is done."""
    routes, third = Routes(), asyncio.Event()

    @routes.on(Order)
    async def handle(change: Change[Order]) -> None:
        number = change.image.total
        if number in failing:
            if 3 not in ran:
                await third.wait()
            raise TimeoutError
        ran.append(number)
        if number == 3:
            third.set()

    return Dispatcher(routes, concurrency=3, completed=store)


def test_a_lost_response_lets_no_older_change_run_alone() -> None:
    """The response of a delivery is lost that completed two changes of an item around a failure: neither runs again."""
    ran: list[int] = []
    store, records = Shared(), [insert(1, "a", total=1), insert(2, "b", total=2), insert(3, "a", total=3)]
    assert _in_lanes(store, {2}, ran)(batch(*records)) == failures(2)
    assert _in_lanes(store, set(), ran)(batch(*records)) == SUCCESS
    assert ran == [1, 3, 2]


def test_a_second_lost_response_lets_no_older_change_run_alone() -> None:
    """A delivery that recalled two completed changes of an item leaves the first one known, while the second one is."""
    ran: list[int] = []
    store, records = Shared(), [insert(1, "a", total=1), insert(2, "b", total=2), insert(3, "a", total=3)]
    assert _in_lanes(store, {2}, ran)(batch(*records)) == failures(2)
    assert _in_lanes(store, {2}, ran)(batch(*records)) == failures(2)
    assert _in_lanes(store, set(), ran)(batch(*records)) == SUCCESS
    assert ran == [1, 3, 2]


def test_what_comes_no_more_is_forgotten() -> None:
    """When all changes of a batch are done, the next invocation empties the store: it shows that the response was sent."""
    ran: list[int] = []
    store, records = Shared(), [insert(1, "a", total=1), insert(2, "b", total=2), insert(3, "a", total=3)]
    _in_lanes(store, {2}, ran)(batch(*records))
    assert len(store) == 2
    app = _in_lanes(store, set(), ran)
    app(batch(*records))
    assert len(store) >= 2
    app(batch(insert(4, "c", total=4)))
    assert len(store) == 0


def test_half_a_batch_whose_response_is_lost_forgets_nothing() -> None:
    """Lambda has split a batch: the later change of an item is in the other half, and known as completed."""
    ran: list[int] = []
    store, records = Shared(), [insert(1, "b", total=1), insert(2, "a", total=2), insert(3, "a", total=3)]
    _in_lanes(store, {1}, ran)(batch(*records))
    assert ran == [2, 3]
    for _ in range(2):  # the process is killed before its first response
        _in_lanes(store, set(), ran)(batch(*records[:2]))
    _in_lanes(store, set(), ran)(batch(records[2]))
    assert ran == [2, 3, 1, 1]
