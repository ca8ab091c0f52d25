"""Lambda delivers at least once: repeated and reordered records leave the shop in the same state."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from router.effects import MemoryEvents, MemoryTables
from tests.handlers.shop import EVENTS, Shop, recorded

# What the table of the shop puts on its stream; the others carry less, and one holds what no order can be.
STORIES = sorted(path.stem for path in EVENTS.glob("*.json") if not path.stem.startswith(("view-", "poison")))


def delivered_once(records: list[dict[str, Any]]) -> tuple[Any, ...]:
    shop = Shop()
    assert shop.deliver(*records) == {"batchItemFailures": []}
    return shop.state


@pytest.mark.parametrize("story", STORIES)
def test_twice_is_as_once(story: str) -> None:
    """A second delivery of the batch to a new container changes nothing."""
    records, shop = recorded(story), Shop()
    shop.deliver(*records)
    shop.deliver(*records)
    assert shop.state == delivered_once(records)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("story", STORIES)
def test_older_records_may_follow_newer_ones(story: str, seed: int) -> None:
    """Up to three deliveries of each record in any order lead to the same state."""
    chance = random.Random(seed)  # noqa: S311 - a shuffle that can be repeated
    records, shop = recorded(story), Shop()
    order = [record for record in records for _ in range(chance.randint(1, 3))]
    chance.shuffle(order)
    for record in order:
        shop.deliver(record)
    assert shop.state == delivered_once(records)


class Downstream:
    """Fails at the first attempt of every call; half of these calls take effect all the same."""

    def __init__(self) -> None:
        self.seen: set[Any] = set()
        self.chance = random.Random(7)  # noqa: S311 - as above

    def attempt(self, call: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        fails = call not in self.seen
        self.seen.add(call)
        answer: dict[str, Any] = {}
        if not fails or self.chance.random() < 0.5:
            answer = make()
        if fails:
            raise TimeoutError
        return answer


class FailingTables(MemoryTables):
    def __init__(self, downstream: Downstream) -> None:
        super().__init__()
        self.downstream = downstream

    def put_item(self, **request: Any) -> dict[str, Any]:
        return self.try_it(super().put_item, request)

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        return self.try_it(super().transact_write_items, request)

    def try_it(self, write: Any, request: dict[str, Any]) -> dict[str, Any]:
        call = re.sub("'expires_at': {'N': .+?}", "", str(request))
        return self.downstream.attempt(call, lambda: write(**request))


class FailingEvents(MemoryEvents):
    def __init__(self, downstream: Downstream) -> None:
        super().__init__()
        self.downstream = downstream

    def put_events(self, **request: Any) -> dict[str, Any]:
        return self.downstream.attempt(str(request), lambda: super(FailingEvents, self).put_events(**request))


def suffix(records: list[dict[str, Any]], response: dict[str, Any]) -> list[dict[str, Any]]:
    """The records that Lambda delivers next: all from the reported one on."""
    failures = response["batchItemFailures"]
    if not failures:
        return []
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return records[numbers.index(failures[0]["itemIdentifier"]) :]


@pytest.mark.parametrize("same_container", [True, False])
@pytest.mark.parametrize("story", STORIES)
def test_failures_on_the_way_leave_no_trace(story: str, same_container: bool) -> None:
    """If every call to the outside fails once, the final state is the same."""
    downstream = Downstream()
    shop = Shop(FailingTables(downstream), FailingEvents(downstream))
    records = left = recorded(story)
    app = shop.container()
    for _ in range(1000):
        if not left:
            break
        app = app if same_container else shop.container()
        left = suffix(left, app({"Records": left}))
    assert not left
    assert shop.state == delivered_once(records)


def test_a_bad_record_holds_up_what_follows_and_nothing_else() -> None:
    """The order before the bad record is handled, the one after it waits, and the bad record is reported."""
    records, shop = recorded("poison"), Shop()
    response = shop.deliver(*records)
    assert response == {"batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]}
    assert list(shop.page("CUSTOMER#42")) == ["ORDER#3001"]
