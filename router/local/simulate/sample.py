"""Which lanes are simulated, and for how many others each of them stands."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["Pick", "choose", "standard_error"]

_HOT = 1.1  # times the median: a lane that gets more is like no other


class Pick(NamedTuple):
    """A lane that is simulated.

    Args:
        lane: Its number.
        rate: How many writes it gets in a second: the mean of those for which it stands.
        weight: For how many lanes it stands, itself included.
    """

    lane: int
    rate: float
    weight: int


def choose(rates: Sequence[float], single: Iterable[int], most: int) -> list[Pick]:
    """Choose the lanes to simulate; their rates, by weight, add up to those of all lanes.

    Lanes that get much more than most, and those named, stand for themselves alone; of the others, neighbours in the
    order of their rates stand for each other.

    Args:
        rates: How many writes each lane gets in a second.
        single: Lanes that stand for themselves alone, as far as half of the sample goes.
        most: How many lanes to simulate.

    Example:
        >>> choose([10, 1, 1, 1, 1], [], 3)
        [Pick(lane=0, rate=10, weight=1), Pick(lane=1, rate=1.0, weight=2), Pick(lane=3, rate=1.0, weight=2)]
    """
    if len(rates) <= most:
        return [Pick(lane, rate, 1) for lane, rate in enumerate(rates)]
    order = sorted(range(len(rates)), key=lambda lane: (-rates[lane], lane))
    hot = [lane for lane in order if rates[lane] > _HOT * rates[order[len(order) // 2]]]
    alone = dict.fromkeys([*hot, *single])
    apart = list(alone)[: most // 2]
    rest = [lane for lane in order if lane not in set(apart)]
    groups = most - len(apart)
    edges = [len(rest) * number // groups for number in range(groups + 1)]
    picks = [Pick(lane, rates[lane], 1) for lane in apart]
    for start, end in itertools.pairwise(edges):
        group = rest[start:end]
        picks.append(Pick(group[0], sum(rates[lane] for lane in group) / len(group), len(group)))
    return picks


def standard_error(values: Mapping[Pick, float]) -> float:
    """By how much a total is off for want of lanes: the standard error of the sum over all lanes.

    Args:
        values: What was counted in each lane that was simulated.

    Example:
        >>> standard_error({Pick(0, 1.0, 1): 5.0, Pick(1, 1.0, 1): 7.0})
        0.0
    """
    standing = {pick: value for pick, value in values.items() if pick.weight > 1}
    if len(standing) <= 1:
        return 0.0 if not standing else math.nan
    mean = sum(standing.values()) / len(standing)
    variance = sum((value - mean) ** 2 for value in standing.values()) / (len(standing) - 1)
    # The others, weight - 1 of them, differ from it by their own chance, and all of them by the chance of this one.
    return math.sqrt(variance * sum(pick.weight * (pick.weight - 1) for pick in standing))
