"""``router.local.backfill.backfill``: every item is sent, though items fail and runs end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.local.backfill.backfill import Backfill
from router.local.backfill.checkpoint import Checkpoint
from router.local.backfill.existing_items import BackfillError, ExistingItem, Position
from router.local.backfill.targets import Sent
from router.local.deployed_function import FunctionError, FunctionNotInvokedError
from router.sources.backfilled_item import backfilled_item
from tests.builders import item
from tests.examples import examples


class Numbers:
    """Items with numbers, in parts of equal size."""

    table = "shop"
    total = None

    def __init__(self, parts: int, size: int) -> None:
        self.parts = [str(part) for part in range(parts)]
        self.identity: Mapping[str, Any] = {"table": "shop"}
        self._size = size
        self.gone: set[int] = set()

    def read(self, part: str, after: Position | None) -> Iterator[ExistingItem]:
        for number in range(0 if after is None else after + 1, self._size):
            yield self._item(part, number)

    def read_again(self, part: str, positions: Sequence[Position]) -> Iterator[ExistingItem]:
        return (self._item(part, number) for number in positions if number not in self.gone)

    def close(self) -> None: ...

    def _item(self, part: str, number: int) -> ExistingItem:
        key = f"{part}-{number}"
        return ExistingItem(backfilled_item("shop", {"pk": {"S": key}}, {"NewImage": item(key)}), number)


class Shop:
    """A target that notes the keys of what it handles."""

    def __init__(self, answer: Callable[[list[str]], Sent | None] = lambda _: None) -> None:
        self.handled: list[str] = []
        self.sizes: list[int] = []
        self._answer = answer
        self._lock = threading.Lock()

    def send(self, wires: Sequence[Mapping[str, Any]]) -> Sent:
        keys = [wire["dynamodb"]["Keys"]["pk"]["S"] for wire in wires]
        with self._lock:
            self.sizes.append(len(keys))
            sent = self._answer(keys) or Sent(Counter(done=len(keys)), {}, frozenset())
            undone = {*sent.failed, *sent.deferred}
            self.handled += [key for key, wire in zip(keys, wires, strict=True) if wire["eventID"] not in undone]
        return sent

    def slices(self, wires: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
        yield wires

    def close(self) -> None: ...


def run(folder: Path, items: Numbers, shop: Shop, *, workers: int = 1, **options: Any) -> Backfill:
    with closing(Checkpoint(folder / "backfill.json", items.identity)) as checkpoint:
        backfill = Backfill(items, shop, checkpoint, batch_size=options.pop("batch_size", 10), **options)
        backfill.run(workers)
    return backfill


def ids(*keys: str) -> list[str]:
    return [str(backfilled_item("shop", {"pk": {"S": key}}, {"NewImage": item(key)})["eventID"]) for key in keys]


def failing(*keys: str) -> Callable[[list[str]], Sent | None]:
    """Answer that these items fail."""

    def answer(sent: list[str]) -> Sent | None:
        failed = dict.fromkeys(ids(*[key for key in keys if key in sent]), "TimeoutError")
        return Sent(Counter(done=len(sent) - len(failed), failed=len(failed)), failed, frozenset())

    return answer


@pytest.mark.parametrize("workers", [1, 4])
def test_every_item_is_sent_once_in_batches(tmp_path: Path, workers: int) -> None:
    """Of all parts, also beside each other."""
    shop = Shop()
    backfill = run(tmp_path, Numbers(4, 25), shop, workers=workers)
    assert sorted(shop.handled) == sorted(f"{part}-{number}" for part in range(4) for number in range(25))
    assert sorted(shop.sizes) == [5] * 4 + [10] * 8
    assert (backfill.items, backfill.outcomes, backfill.is_finished) == (100, {"done": 100}, True)


def test_a_finished_backfill_sends_nothing(tmp_path: Path) -> None:
    """The same command is harmless."""
    run(tmp_path, Numbers(2, 5), Shop())
    shop = Shop()
    assert run(tmp_path, Numbers(2, 5), shop).is_finished
    assert shop.handled == []


def test_a_limit_is_exact_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """Also between the parts."""
    shop = Shop()
    first = run(tmp_path, Numbers(2, 15), shop, limit=17)
    assert (len(shop.handled), first.is_finished) == (17, False)
    assert run(tmp_path, Numbers(2, 15), shop, limit=100).is_finished
    assert len(shop.handled) == len(set(shop.handled)) == 30


def test_items_that_are_not_wanted_are_passed_over(tmp_path: Path) -> None:
    """They count as read."""
    shop = Shop()
    wanted = {"0-1", "0-3"}
    backfill = run(tmp_path, Numbers(1, 5), shop, takes=lambda wire: wire["dynamodb"]["Keys"]["pk"]["S"] in wanted)
    assert (shop.handled, backfill.items, backfill.passed_over) == (["0-1", "0-3"], 5, 3)


def test_failed_items_run_again_in_the_next_run(tmp_path: Path) -> None:
    """Those alone."""
    run(tmp_path, Numbers(1, 25), Shop(failing("0-3", "0-17")))
    shop = Shop()
    again = run(tmp_path, Numbers(1, 25), shop)
    assert (shop.handled, again.retried, again.outcomes) == (["0-3", "0-17"], 2, {"done": 2})
    assert not (tmp_path / "backfill.json.failed.jsonl").exists()


def test_an_item_that_fails_again_waits_for_the_run_after_that(tmp_path: Path) -> None:
    """No run sends it twice."""
    run(tmp_path, Numbers(1, 5), Shop(failing("0-3")))
    shop = Shop(failing("0-3"))
    run(tmp_path, Numbers(1, 5), shop)
    assert shop.sizes == [1]
    run(tmp_path, Numbers(1, 5), shop := Shop())
    assert shop.handled == ["0-3"]


def test_a_failed_item_that_is_gone_waits_no_more(tmp_path: Path) -> None:
    """It was deleted from the table in between."""
    items = Numbers(1, 5)
    run(tmp_path, items, Shop(failing("0-3")))
    items.gone = {3}
    shop = Shop()
    assert run(tmp_path, items, shop).retried == 1
    assert shop.sizes == []
    assert not (tmp_path / "backfill.json.failed.jsonl").exists()


def test_items_that_did_not_start_are_sent_again_at_once(tmp_path: Path) -> None:
    """The function had too little time; that is no failure."""

    def three_at_a_time(keys: list[str]) -> Sent:
        return Sent(Counter(done=min(3, len(keys)), deferred=len(keys[3:])), {}, frozenset(ids(*keys[3:])))

    shop = Shop(three_at_a_time)
    backfill = run(tmp_path, Numbers(1, 10), shop)
    assert (shop.sizes, backfill.outcomes) == ([10, 7, 4, 1], {"done": 10})


def test_an_invocation_that_fails_is_halved_until_one_item_is_alone(tmp_path: Path) -> None:
    """So one item that kills the function costs one item."""

    def fatal(keys: list[str]) -> None:
        if "0-6" in keys:
            msg = "found Runtime.ExitError from the function"
            raise FunctionError(msg)

    shop = Shop(fatal)
    backfill = run(tmp_path, Numbers(1, 20), shop)
    assert len(shop.handled) == 19
    assert backfill.outcomes == {"done": 19, "failed": 1}
    assert "Runtime.ExitError" in (tmp_path / "backfill.json.failed.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("error", [FunctionError("found ImportError"), FunctionNotInvokedError("found no function")])
def test_a_target_that_never_works_ends_the_backfill(tmp_path: Path, error: Exception) -> None:
    """No item counts as failed, and the next run begins with the same ones."""

    def broken(_: list[str]) -> None:
        raise error

    with pytest.raises((BackfillError, FunctionNotInvokedError), match=str(error)):
        run(tmp_path, Numbers(4, 100), Shop(broken), workers=4, batch_size=50)
    shop = Shop()
    run(tmp_path, Numbers(4, 100), shop)
    assert len(set(shop.handled)) == 400


def test_a_stop_ends_after_the_batches_in_flight(tmp_path: Path) -> None:
    """What was sent is not sent again."""
    stop = threading.Event()

    def stop_now(keys: list[str]) -> None:
        if "0-15" in keys:
            stop.set()

    shop = Shop(stop_now)
    backfill = run(tmp_path, Numbers(1, 50), shop, stop=stop)
    assert (len(shop.handled), backfill.is_finished) == (20, False)
    run(tmp_path, Numbers(1, 50), shop)
    assert len(shop.handled) == len(set(shop.handled)) == 50


class KilledError(BaseException):
    """Stands for the end of the process."""


@settings(max_examples=examples(50))
@given(seed=st.integers(0, 2**32), workers=st.integers(1, 4))
def test_no_item_is_missed_wherever_runs_end(tmp_path_factory: pytest.TempPathFactory, seed: int, workers: int) -> None:
    """While items fail, invocations fail, and processes end within an invocation."""
    random, folder = Random(seed), tmp_path_factory.mktemp("backfill")  # noqa: S311 - chosen by a seed
    items, handled = Numbers(3, 20), set[str]()

    def anything(keys: list[str]) -> Sent | None:
        match random.randrange(12):
            case 0:
                raise KilledError
            case 1:
                raise FunctionError
            case 2:
                return failing(*random.sample(keys, 1))(keys)
        return None

    for attempt in range(200):
        shop = Shop(anything if attempt < 20 else lambda _: None)
        try:
            backfill = run(folder, items, shop, workers=workers, batch_size=random.randrange(1, 9))
        except (KilledError, BackfillError):
            handled.update(shop.handled)
            continue
        handled.update(shop.handled)
        if backfill.is_finished and not (folder / "backfill.json.failed.jsonl").exists():
            break
    assert len(handled) == 60
