"""The choice of lanes to simulate, and how many lanes each of them represents."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["SampledLane", "sample_lanes", "standard_error"]

_HOT = 1.1  # times the median: a lane with a higher rate represents only itself


class SampledLane(NamedTuple):
    """A lane to simulate.

    Args:
        lane: Its number.
        rate: Writes a second: the mean of the lanes that it represents.
        weight: The number of lanes that it represents, itself included.
    """

    lane: int
    rate: float
    weight: int


def sample_lanes(rates: Sequence[float], single: Iterable[int], most: int) -> list[SampledLane]:
    """Choose the lanes to simulate; the sum of their rates, by weight, is that of all lanes.

    Hot lanes and ``single`` ones represent only themselves; each other one represents lanes with similar rates.

    Args:
        rates: Each lane's writes a second.
        single: Lanes that represent only themselves, up to half of the sample.
        most: The number of lanes to simulate.

    Example:
        >>> for sampled in sample_lanes([10, 1, 1, 1, 1], [], 3):
        ...     print(sampled)
        SampledLane(lane=0, rate=10, weight=1)
        SampledLane(lane=1, rate=1.0, weight=2)
        SampledLane(lane=3, rate=1.0, weight=2)
    """
    if len(rates) <= most:
        return [SampledLane(lane, rate, 1) for lane, rate in enumerate(rates)]
    order = sorted(range(len(rates)), key=lambda lane: (-rates[lane], lane))
    hot = [lane for lane in order if rates[lane] > _HOT * rates[order[len(order) // 2]]]
    apart = list(dict.fromkeys([*hot, *single]))[: most // 2]
    rest = [lane for lane in order if lane not in set(apart)]
    groups = most - len(apart)
    edges = [len(rest) * number // groups for number in range(groups + 1)]
    sampled = [SampledLane(lane, rates[lane], 1) for lane in apart]
    for start, end in itertools.pairwise(edges):
        group = rest[start:end]
        sampled.append(SampledLane(group[0], sum(rates[lane] for lane in group) / len(group), len(group)))
    return sampled


def standard_error(values: Mapping[SampledLane, float]) -> float:
    """The standard error of a sum over all lanes that is estimated from the simulated ones.

    Args:
        values: The value of each simulated lane.

    Example:
        >>> standard_error({SampledLane(0, 1.0, 1): 5.0, SampledLane(1, 1.0, 1): 7.0})
        0.0
    """
    representing = {sampled: value for sampled, value in values.items() if sampled.weight > 1}
    if len(representing) <= 1:
        return 0.0 if not representing else math.nan
    mean = sum(representing.values()) / len(representing)
    variance = sum((value - mean) ** 2 for value in representing.values()) / (len(representing) - 1)
    # The other weight - 1 lanes vary independently, and all of them share the deviation of the simulated one.
    return math.sqrt(variance * sum(sampled.weight * (sampled.weight - 1) for sampled in representing))
