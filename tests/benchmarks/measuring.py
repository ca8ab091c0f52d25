"""Times taken in turn, so that a noisy moment meets everybody alike, and what they come to."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import statistics
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any, TypeVar

__all__ = ["Spread", "interleaved", "quiet", "ratios", "timed"]

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class Spread:
    """Quartiles of a measurement."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        return cls(*statistics.quantiles(values, n=4, method="inclusive"))

    def scaled(self, factor: float) -> Spread:
        return Spread(self.low * factor, self.median * factor, self.high * factor)


def interleaved(runs: Mapping[Name, Callable[[], float]], rounds: int) -> dict[Name, list[float]]:
    """Measure each in each round, in an order by lot: who always came after the same one would have its caches.

    Args:
        runs: What measures itself, in seconds.
        rounds: How often each is measured.
    """
    times: dict[Name, list[float]] = {name: [] for name in runs}
    names, lot = list(runs), random.Random(0)  # noqa: S311 - the same orders in every run are what is wanted
    for _ in range(rounds):
        lot.shuffle(names)
        for name in names:
            times[name].append(runs[name]())
    return times


def timed(run: Callable[[], Any]) -> float:
    """Seconds of the processor that a run takes. Garbage is collected before it, and as always during it, as in Lambda.

    Nobody waits for anything here, so on a quiet machine these are the seconds on the wall. On another they leave out the
    time in which other programs had the processor.
    """
    gc.collect()
    started = process_time()
    run()
    return process_time() - started


def ratios(times: Sequence[float], others: Sequence[float]) -> Spread:
    """How many times as long as the others these took, each beside the other of its round."""
    return Spread.of([mine / other for mine, other in zip(times, others, strict=True)])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What is printed meanwhile, such as the log of an invocation, goes nowhere."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield
