"""Measure runs in turn, so that a noisy moment affects all of them, and compute ratios."""

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
    """Measure each run in each round, in a random order, so that no run always has the caches of the same one before it.

    Args:
        runs: Functions that return their time in seconds.
        rounds: How often each is measured.
    """
    times: dict[Name, list[float]] = {name: [] for name in runs}
    names, lot = list(runs), random.Random(0)  # noqa: S311 - the orders are the same in every run on purpose
    for _ in range(rounds):
        lot.shuffle(names)
        for name in names:
            times[name].append(runs[name]())
    return times


def timed(prepare: Callable[[], Any], run: Callable[[Any], Any], repeats: int = 1) -> float:
    """Return the processor seconds of a run. Garbage is collected before the first, and during each as usual.

    The runs do not wait, so on a quiet machine these are the elapsed seconds. On a busy one they exclude other programs.

    Args:
        prepare: Makes what the run is given, outside the measured time.
        run: What is measured.
        repeats: How often it runs; the result is the mean.
    """
    gc.collect()
    seconds = 0.0
    for _ in range(repeats):
        ready = prepare()
        started = process_time()
        run(ready)
        seconds += process_time() - started
    return seconds / repeats


def ratios(times: Sequence[float], others: Sequence[float]) -> Spread:
    """The ratios of times to others, each within its round."""
    return Spread.of([mine / other for mine, other in zip(times, others, strict=True)])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Discard standard output, such as the log of an invocation."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield
