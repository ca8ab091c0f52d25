"""What finished beyond the checkpoint does not run again when Lambda delivers it again."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pytest

from router import Change, Dispatcher, Record, Routes
from router.completed import MemoryCompleted, Pair
from router.context import SYSTEM_CLOCK
from router.record import Records
from router.sources import receive
from tests.builders import (
    SUCCESS,
    Context,
    Customer,
    Handled,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
)


class Store:
    """A store outside of the container: what one dispatcher remembers another recalls."""

    def __init__(self) -> None:
        self.pairs: set[Pair] = set()
        self.recalls = 0
        self.fail: set[str] = set()

    def recall(self, records: Sequence[Record]) -> Collection[Pair]:
        self.recalls += 1
        if "recall" in self.fail:
            raise ConnectionError
        return set(self.pairs)

    def remember(self, pairs: Iterable[Pair]) -> None:
        if "remember" in self.fail:
            raise ConnectionError
        self.pairs.update(pairs)

    def forget(self, pairs: Iterable[Pair]) -> None:
        if "forget" in self.fail:
            raise ConnectionError
        self.pairs.difference_update(pairs)


def two_routes(second: Any, **options: Any) -> tuple[Handled, Dispatcher]:
    first, routes = Handled(), Routes()
    routes.on(Order)(first)
    routes.on(Order)(second)
    return first, Dispatcher(routes, **options)


def test_a_durable_store_serves_another_container() -> None:
    """What one container finished is skipped in another that shares the store."""
    store = Store()
    one, app = two_routes(Handled({1: TimeoutError()}), completed=store)
    other, replay = two_routes(Handled(), completed=store)
    assert (app(inserts(1)), replay(inserts(1)), list(one), list(other)) == (failures(1), SUCCESS, ["1"], [])


def test_memory_serves_its_own_container() -> None:
    """What one container finished runs again in another when each remembers for itself."""
    one, app = two_routes(Handled({1: TimeoutError()}))
    other, replay = two_routes(Handled())
    app(inserts(1))
    replay(inserts(1))
    assert (list(one), list(other)) == (["1"], ["1"])


def test_what_is_done_for_good_is_forgotten() -> None:
    """When everything of a batch is done, the next invocation forgets it."""
    store, second = Store(), Handled({1: TimeoutError()})
    _, app = two_routes(second, completed=store)
    app(inserts(1))
    assert len(store.pairs) == 1
    second.fail.clear()
    app(inserts(1))
    app(inserts(2))
    assert store.pairs == set()


def test_a_success_at_once_keeps_nothing() -> None:
    """A batch without a failure is never written to the store."""
    store = Store()
    dispatcher(Handled(), completed=store)(inserts(1, 2))
    assert store.pairs == set()


def test_only_what_comes_again_is_remembered() -> None:
    """Records before the checkpoint do not come again, so they are not kept."""
    store = Store()
    dispatcher(Handled({3: TimeoutError()}), completed=store)(inserts(1, 2, 3))
    assert store.pairs == set()


def test_what_is_done_above_the_checkpoint_is_remembered() -> None:
    """A record with a higher number than the one reported comes again, so it is kept."""
    store, handled = Store(), Handled({3: TimeoutError()})
    app = dispatcher(handled, completed=store)
    app(inserts(5, 3))
    assert {name for _, name in store.pairs} == {"e5:5"}


def test_what_is_remembered_is_skipped_in_any_batch() -> None:
    """A finished record is skipped though it comes again in a smaller or larger batch."""
    handled = Handled({3: TimeoutError()})
    app = dispatcher(handled)
    app(inserts(5, 3))
    handled.fail.clear()
    app(inserts(3))
    app(inserts(5, 6))
    assert list(handled) == ["5", "3", "6"]


def test_a_store_that_cannot_recall_knows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Every record is handled, and the log names the error: no record is lost because a store is down."""
    store, handled = Store(), Handled()
    store.fail.add("recall")
    assert dispatcher(handled, completed=store)(inserts(1, 2)) == SUCCESS
    assert list(handled) == ["1", "2"]
    assert '"error": "ConnectionError"' in capsys.readouterr().out


@pytest.mark.parametrize("answer", [[None], [("key",)], 5, [("key", ["unhashable"])]])
def test_a_store_that_recalls_nonsense_knows_nothing(answer: Any) -> None:
    """An answer that holds no pairs is the store's failure, and fails no record."""
    store, handled = Store(), Handled()
    store.recall = lambda records: answer  # type: ignore[method-assign]  # as a faulty store would
    assert dispatcher(handled, completed=store)(inserts(1, 2)) == SUCCESS
    assert list(handled) == ["1", "2"]


def test_a_store_that_cannot_forget_fails_nothing() -> None:
    """When everything is done a store that fails to clean up does not bring the batch back."""
    store, second = Store(), Handled({1: TimeoutError()})
    _, app = two_routes(second, completed=store)
    app(inserts(1))
    second.fail.clear()
    store.fail.add("forget")
    assert app(inserts(1)) == SUCCESS


def test_a_store_that_cannot_remember_does_not_widen_the_failure() -> None:
    """When a store fails to remember, the response is still the lowest not done, not the whole batch."""
    store = Store()
    store.fail.add("remember")
    assert dispatcher(Handled({3: TimeoutError()}), completed=store)(inserts(4, 3)) == failures(3)


def test_deferred_routes_are_not_finished() -> None:
    """What had no time is not remembered as finished."""
    store = Store()
    dispatcher(Handled(), completed=store)(inserts(1, 2), Context(remaining=0))
    assert store.pairs == set()


def test_a_record_without_any_identity_is_not_remembered() -> None:
    """A record without an identity is not remembered, so it runs again."""
    handled = Handled({2: TimeoutError()})
    app = dispatcher(handled)
    nameless = insert(3)
    del nameless["eventID"], nameless["dynamodb"]["SequenceNumber"]
    event = batch(nameless, insert(2))
    app(event)
    handled.fail.clear()
    app(event)
    assert list(handled) == ["", "", "2"]


def test_a_record_is_named_by_event_id_and_number() -> None:
    """Records that share one of eventID and SequenceNumber are not taken for each other."""
    handled = Handled({2: TimeoutError()})
    app = dispatcher(handled)
    app(batch(insert(5), insert(2)))
    handled.fail.clear()
    other = {**insert(5, "other"), "eventID": "another"}
    app(batch(other, insert(2)))
    assert list(handled) == ["5", "5", "2"]


def test_routes_of_one_handler_for_two_entities_are_distinct() -> None:
    """A handler registered for two entities is remembered for each."""
    store, routes = Store(), Routes()
    seen: list[str] = []
    fail = True

    @routes.on(Order)
    @routes.on(Customer)
    def handler(change: Change[Any]) -> None:
        if fail and change.keys["pk"] == "bad":
            raise TimeoutError
        seen.append(change.keys["pk"])

    app = Dispatcher(routes, completed=store)
    event = batch(insert(9, "order"), insert(8, "customer", "Customer"), insert(7, "bad"))
    app(event)
    fail = False
    app(event)
    assert seen == ["order", "customer", "bad"]


def test_a_record_parked_without_a_route_is_forgotten() -> None:
    """What was parked before it reached a route is forgotten after the response that its batch is done."""
    from router import MemoryParking

    store, handled = Store(), Handled({2: TimeoutError()})
    app = dispatcher(handled, completed=store, unrouted="park", parking=MemoryParking())
    event = batch(insert(3, entity="Stranger"), insert(2))
    app(event)
    handled.fail.clear()
    app(event)
    app(inserts(4))
    assert store.pairs == set()


def pair(number: int) -> Pair:
    (record,) = records(number)
    return "route", str(record.identity)


def records(*numbers: int) -> Records:
    return receive(batch(*(insert(number) for number in numbers))).records


def test_memory_recalls_the_pairs_of_the_records() -> None:
    """A pair is recalled for its own record, and for no other."""
    memory = MemoryCompleted()
    memory.remember([pair(1), pair(2)])
    assert set(memory.recall(records(1, 3))) == {pair(1)}
    assert set(memory.recall(list(records(2, 3)))) == {pair(2)}
    assert not memory.recall(records(3))
    assert len(memory) == 2


def test_memory_forgets_pairs() -> None:
    """What is forgotten is not recalled, and forgetting the unknown does no harm."""
    memory = MemoryCompleted()
    memory.remember([pair(1)])
    memory.forget([pair(1), pair(2)])
    assert (list(memory.recall(records(1))), len(memory)) == ([], 0)


def test_memory_keeps_a_pair_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 24 hours the stream has no such record any more, and the pair is gone."""
    memory = MemoryCompleted()
    now = 1_700_000_000.0
    monkeypatch.setattr(SYSTEM_CLOCK, "time", lambda: now)
    memory.remember([pair(1)])
    now += 12 * 3600
    memory.remember([pair(2)])
    now += 12 * 3600
    assert set(memory.recall(records(1, 2))) == {pair(1), pair(2)}
    now += 1
    assert set(memory.recall(records(1, 2))) == {pair(2)}
    assert len(memory) == 1


def test_memory_drops_the_oldest_pairs() -> None:
    """Beyond its limit memory drops the pairs that were remembered first."""
    memory = MemoryCompleted(most=2)
    memory.remember([pair(1), pair(2)])
    memory.remember([pair(3)])
    assert sorted(memory.recall(records(1, 2, 3))) == [pair(2), pair(3)]


def test_memory_does_not_grow() -> None:
    """Records that Lambda gives up never come again; memory stays within its limit all the same."""
    memory = MemoryCompleted(most=10)
    second = Handled({number: TimeoutError() for number in range(100)})
    _, app = two_routes(second, completed=memory)
    for number in range(100):
        app(inserts(number))
    assert len(memory) == 10
