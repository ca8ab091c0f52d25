"""Many changes through an app whose handlers fail and whose containers die, and a check that none is lost.

    python -m tests.soak [--changes 100000] [--seed 1]

The changes of some items go through the simulated event source mapping, four batches of a shard at a time. Meanwhile
handlers raise, containers are killed in the middle of a record, new containers know nothing, and some items are poison.
An independent check reads the effects in the order in which they happened: each change was handled or parked, and none
before an earlier change of its item.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from router import Change, Dispatcher, MemoryParking, Routes
from router.testing import Stream

__all__ = ["Effects", "Soak", "main"]

ITEMS = 200
POISON = 0.003
RAISES = 0.01
KILLED = 0.002
REPLACED = 0.05


class Counted(BaseModel):
    """An item whose changes are numbered."""

    EntityType: Literal["Counted"] = "Counted"
    pk: str
    number: int
    poison: bool = False


class Killed(BaseException):
    """The end of a container, as by ``kill -9``: nothing after it runs, and no response is sent."""


@dataclass
class Effects:
    """What the handlers did, in the order in which they did it, and what was injected."""

    done: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    injected: Counter[str] = field(default_factory=Counter)
    again: int = 0
    out_of_order: int = 0

    def add(self, key: str, number: int) -> None:
        """Note that a change was handled or parked."""
        done = self.done[key]
        if number in done:
            self.again += 1
            return
        if done.issuperset(range(number)):
            done.add(number)
        else:
            self.out_of_order += 1


class Soak:
    """A run.

    Args:
        changes: How many changes there are.
        seed: Of the injected faults.
        concurrency: How many lanes of a batch run at a time.
    """

    def __init__(self, changes: int, seed: int, concurrency: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a repeatable run, no secret
        self.changes = changes
        self.effects = Effects()
        self.written: Counter[str] = Counter()
        self._concurrency = concurrency
        self._app = self._container()

    def _container(self) -> Dispatcher:
        routes, effects = Routes(), self.effects
        chance = self._random.random

        @routes.on(Counted)
        def count(change: Change[Counted]) -> None:
            item, drawn = change.image, chance()
            if drawn < KILLED / 2:
                self._inject("killed before the effect", Killed())
            if drawn < RAISES:
                self._inject("raised before the effect", TimeoutError())
            effects.add(item.pk, item.number)
            if drawn > 1 - KILLED / 2:
                self._inject("killed after the effect", Killed())
            if drawn > 1 - RAISES:
                self._inject("raised after the effect", TimeoutError())

        return Dispatcher(routes, parking=Place(self), concurrency=self._concurrency)

    def _inject(self, name: str, error: BaseException) -> None:
        self.effects.injected[name] += 1
        raise error

    def _invoke(self, event: Any, context: Any) -> Any:
        if self._random.random() < REPLACED:
            self.effects.injected["another container"] += 1
            self._app = self._container()
        try:
            return self._app(event, context)
        except Killed:
            self._app = self._container()
            msg = "the runtime exited"
            raise RuntimeError(msg) from None

    def run(self) -> Effects:
        """Write and deliver all changes."""
        stream = Stream(
            self._invoke,
            batch_size=100,
            parallelization_factor=4,
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
        )
        for written in range(self.changes):
            key = f"item-{self._random.randrange(ITEMS)}"
            number = self.written[key]
            self.written[key] += 1
            item: dict[str, Any] = {"EntityType": "Counted", "pk": key, "number": number}
            if self._random.random() < POISON:
                self.effects.injected["poison"] += 1
                item["poison"] = {"not": "a bool"}
            stream.put(item)
            if written % 1_000 == 999:
                stream.run()
        stream.run()
        return self.effects

    def lost(self) -> int:
        """How many changes were neither handled nor parked."""
        return sum(count - len(self.effects.done[key]) for key, count in self.written.items())


class Place(MemoryParking):
    """A parking place that counts a parked change as handled, and fails sometimes."""

    def __init__(self, soak: Soak) -> None:
        super().__init__()
        self._soak = soak

    def park(self, parked: Any) -> None:
        if self._soak._random.random() < RAISES:
            self._soak._inject("parking failed", ConnectionError())
        image = parked.record["dynamodb"]["NewImage"]
        self._soak.effects.add(image["pk"]["S"], int(image["number"]["N"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=1)
    options = parser.parse_args()
    soak = Soak(options.changes, options.seed, options.concurrency)
    effects = soak.run()
    for name, count in sorted(effects.injected.items()):
        print(f"{count:>9,}  {name}")
    print(f"{options.changes:>9,}  changes of {len(soak.written)} items")
    print(f"{effects.again:>9,}  handled again")
    print(f"{soak.lost():>9,}  lost")
    print(f"{effects.out_of_order:>9,}  out of order")


if __name__ == "__main__":
    main()
