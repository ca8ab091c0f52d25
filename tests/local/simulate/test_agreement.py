"""``router.local.simulate.lane`` against the mapping's state machine, invocation by invocation."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.local.event_source_mapping import EventSourceMapping, Invoke, MappingSettings
from router.local.event_source_mapping.batches import LARGEST_PAYLOAD
from router.local.event_source_mapping.lanes import lane_of
from router.local.simulate.arrivals import Arrivals, poisson, positions
from router.local.simulate.function import SimulatedFunction
from router.local.simulate.lane import SimulatedLane, most_records
from router.local.simulate.load import Segment
from router.local.simulate.rng import random_for
from tests.local.simulate.exact import Exact

REPORTS = ["ReportBatchItemFailures"]
POLL = 0.25

# Parts of powers of two: sums of such are exact, so that both clocks round nothing.
SECONDS = st.sampled_from([1 / 1024, 1 / 64, 1 / 8, 3 / 4, 2.0])


def function(**changes: Any) -> SimulatedFunction:
    return SimulatedFunction(**{"invocation_time": 1 / 64, "record_time": 1 / 1024, "cold_start": 1 / 4, **changes})


def agree(arrivals: Arrivals, poison: list[int], settings: MappingSettings, how: SimulatedFunction) -> SimulatedLane:
    """Run both, and compare all figures that both have."""
    exact = Exact(arrivals, poison, settings, how).run()
    lane = SimulatedLane(arrivals, poison, settings, how, random_for(1))
    lane.run()
    counters, log = lane.counters, lane.log
    assert [start * arrivals.poll for start in log.starts] == exact.starts
    ages = [
        start - arrivals.written_at(batch[-1]) * arrivals.poll
        for start, batch in zip(exact.starts, exact.batches, strict=True)
    ]
    assert [age * arrivals.poll for age in log.ages] == pytest.approx(ages, abs=1e-6)
    assert counters.invocations == len(exact.batches)
    assert counters.failures == exact.failures
    assert (counters.exhausted, counters.aged, counters.trimmed) == (exact.exhausted, exact.aged, exact.trimmed)
    assert counters.documents == len(exact.discards)
    assert counters.executions == len(exact.executed)
    assert counters.re_executions == len(exact.executed) - len(set(exact.executed))
    return lane


@st.composite
def scenarios(draw: st.DrawFn) -> tuple[Arrivals, list[int], MappingSettings, SimulatedFunction]:
    """Small loads: gaps and bursts, poison, slow functions, all simulated settings."""
    heaps = st.one_of(st.integers(0, 3), st.just(0), st.integers(0, 40))
    arrivals = Arrivals(draw(st.lists(heaps, min_size=1, max_size=40)) + [0] * draw(st.integers(0, 600)), POLL)
    poison = sorted(draw(st.sets(st.integers(0, max(arrivals.total - 1, 0)), max_size=6)))
    reports = draw(st.booleans())
    settings = MappingSettings(
        batch_size=draw(st.integers(1, 12)),
        maximum_batching_window_in_seconds=draw(st.sampled_from([0, 0, 1, 5, 90])),
        maximum_retry_attempts=draw(st.sampled_from([-1, 0, 1, 3])),
        maximum_record_age_in_seconds=draw(st.sampled_from([-1, 60, 61])),
        bisect_batch_on_function_error=draw(st.booleans()),
        function_response_types=REPORTS if reports else [],
    )
    how = function(
        invocation_time=draw(SECONDS),
        record_time=draw(SECONDS),
        timeout=draw(st.sampled_from([1.0, 4.0, 60.0])),
        cold_start=draw(SECONDS),
        keep_warm=draw(st.sampled_from([0.0, 5.0, 600.0])),
    )
    return arrivals, [number for number in poison if number < arrivals.total], settings, how


@given(scenarios())
def test_every_scenario_agrees_with_the_machine(
    scenario: tuple[Arrivals, list[int], MappingSettings, SimulatedFunction],
) -> None:
    """Each invocation starts at the same time with the same records' age, and the sums are the same."""
    agree(*scenario)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("reports", [True, False])
@pytest.mark.parametrize("bisect", [True, False])
def test_loads_by_chance_agree_too(seed: int, reports: bool, bisect: bool) -> None:
    """Ten minutes of a busy lane with random poison, with and without reporting and bisecting."""
    segments = [Segment(0, 300, 1.0), Segment(300, 360, 0.0), Segment(360, 600, 2.0)]
    arrivals = poisson(segments, 6, POLL, random_for(seed, "arrivals"))
    poison = positions(0.01, arrivals.total, random_for(seed, "poison"))
    settings = MappingSettings(
        batch_size=10,
        maximum_retry_attempts=2,
        bisect_batch_on_function_error=bisect,
        function_response_types=REPORTS if reports else [],
    )
    lane = agree(arrivals, poison, settings, function())
    assert lane.counters.exhausted >= len(poison) > 10


def test_what_is_older_than_a_day_is_trimmed() -> None:
    """A record that always fails blocks its lane until the stream trims it."""
    arrivals = Arrivals([1, 1, *[0] * 1500, 1, 0], 64.0)
    lane = agree(arrivals, [0], MappingSettings(), function())
    assert (lane.counters.trimmed, lane.counters.documents, lane.counters.handled) == (1, 0, 2)


def test_a_batch_is_cut_at_6_mb() -> None:
    """The state machine measures JSON, the simulation multiplies; both form the same batches."""
    exact = Exact(Arrivals([7], POLL), [], MappingSettings(batch_size=10_000), function())
    record = exact.record(0)
    size = LARGEST_PAYLOAD // 3
    record["dynamodb"]["NewImage"] = {"text": {"S": "x" * (size - 200)}}
    length = len(json.dumps(record, separators=(",", ":")))
    mapping = EventSourceMapping(exact.settings)
    mapping.add_shard("s")
    mapping.feed("s", [record] * 7, 0.0)
    (invoke,) = [action for action in mapping.poll(0.0) if isinstance(action, Invoke)]
    assert len(invoke.event["Records"]) == most_records(exact.settings, length) == 3


def test_lanes_of_a_shard_know_nothing_of_each_other() -> None:
    """A shard with three lanes is three simulated ones, one of which is blocked for a time."""
    counts = [5, 0, 9, 1, 0, 0, 30, 2, 2, 2, *[3] * 100]
    settings = MappingSettings(batch_size=4, parallelization_factor=3, maximum_retry_attempts=3)
    whole, poison, how = Arrivals(counts, POLL), [7], function(invocation_time=1 / 8)
    exact = Exact(whole, poison, settings, how).run()
    at = [lane_of(exact.record(number), 3) for number in range(whole.total)]
    for number in range(3):
        mine = [sum(at[record] == number for record in range(*pair)) for pair in itertools.pairwise(whole.read)]
        bad = [at[:record].count(number) for record in poison if at[record] == number]
        lane = SimulatedLane(Arrivals(mine, POLL), bad, settings, how, random_for(1))
        lane.run()
        starts = [start for start, lane_number in zip(exact.starts, exact.lanes, strict=True) if lane_number == number]
        assert [start * POLL for start in lane.log.starts] == starts


def test_what_grows_too_old_in_a_window_is_let_go_poll_by_poll() -> None:
    """A window that is longer than records may live: each poll that finds one too old writes a document."""
    arrivals = Arrivals([1, 1, 1, 0, 2, *[0] * 500], POLL)
    settings = MappingSettings(maximum_batching_window_in_seconds=300, maximum_record_age_in_seconds=60)
    lane = agree(arrivals, [1], settings, function())
    assert (lane.counters.aged, lane.counters.documents, lane.counters.healthy) == (5, 4, 4)


def test_a_window_ends_when_no_more_fits_into_6_mb() -> None:
    """Three fit, and only the fourth tells that no more do."""
    settings = MappingSettings(batch_size=10_000, maximum_batching_window_in_seconds=300)
    record = Exact(Arrivals([4], POLL), [], settings, function()).record(0)
    record["dynamodb"]["NewImage"] = {"text": {"S": "x" * (LARGEST_PAYLOAD // 3 - 200)}}
    mapping = EventSourceMapping(settings)
    mapping.add_shard("s")
    invoked = []
    for second in range(4):
        mapping.feed("s", [record], float(second))
        invoked.append(len(mapping.poll(float(second))))
    length = len(json.dumps(record, separators=(",", ":")))
    lane = SimulatedLane(Arrivals([1] * 4 + [0], POLL), [], settings, function(), random_for(1), length)
    lane.run()
    assert invoked == [0, 0, 0, 1]
    assert (lane.log.starts, lane.log.taken) == ([4.0], [3])
