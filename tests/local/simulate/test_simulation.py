"""``router.local.simulate.simulation``: the figures of all lanes."""

import json
from dataclasses import replace

import pytest

from router.local.simulate import Burst, Level, SimulatedFunction, simulate
from router.local.simulate.report import document, summary
from tests.local.simulate.scenarios import figures, scenario


def test_the_same_seed_gives_the_same_figures() -> None:
    """The seed determines all random numbers."""
    given = scenario(poison=0.001)
    assert figures(given) == figures(given)
    assert figures(given) != figures(replace(given, seed=1))


def test_every_record_is_accounted_for() -> None:
    """Each written record is handled, discarded, trimmed or waiting."""
    value = figures(scenario(poison=0.01))
    assert value["written"] == value["handled"] + value["discarded"] + value["trimmed"] + value["waiting"]
    assert value["discarded"] == value["exhausted"] + value["aged"] > 0
    assert value["executions"] > value["handled"]


@pytest.mark.parametrize("name", ["written", "invocations", "executions", "re_executions", "discarded"])
def test_a_sample_agrees_with_all_lanes(name: str) -> None:
    """The estimate from ten lanes is within four standard errors of the sum of forty."""
    given = scenario(poison=0.005, duration=1200)
    everything = simulate(replace(given, sample=0)).totals[name]
    estimate = simulate(replace(given, sample=10)).totals[name]
    assert everything.error == 0
    assert estimate.error > 0
    assert abs(estimate.value - everything.value) < 4 * estimate.error


def test_poison_in_few_lanes_is_found_in_each_of_them() -> None:
    """If few lanes have poison, each of them is simulated with weight one."""
    given = scenario(poison=3e-5, duration=600)
    everything = figures(replace(given, sample=0))
    assert 1 <= everything["failures"] < 40
    assert figures(replace(given, sample=12))["failures"] == everything["failures"]


def test_a_regular_load_has_figures_that_can_be_counted() -> None:
    """Four records a second and shard, one by one at the polls: as many invocations as writes."""
    simulation = simulate(scenario(writes=8, shards=2, arrivals="regular"))
    value = {name: estimate.value for name, estimate in simulation.totals.items()}
    assert value["written"] == 4800
    assert value["invocations"] == pytest.approx(4800, abs=4)
    assert value["cold_starts"] == 2
    assert value["busy"] == pytest.approx(value["invocations"] * 0.021 + 2 * 0.25)


def test_a_burst_shows_where_it_was() -> None:
    """The maximum iterator age is in the burst or just behind it, and low at the end."""
    given = scenario(writes=2_000, shards=10, duration=3600, bursts=[Burst(1200, 300, 8)])
    oldest = max(simulate(given).buckets, key=lambda bucket: bucket.age_max or 0)
    assert 1200 <= oldest.start <= 2000
    last = simulate(given).buckets[-1]
    assert last.age_max is not None
    assert last.age_max < 1


def test_the_course_adds_up_to_the_totals() -> None:
    """Writes and invocations of all parts are those of the whole, however it is divided."""
    simulation = simulate(scenario(poison=0.001, profile=[Level(0, 1), Level(240, 3)]))
    for parts in (simulation.buckets, simulation.table):
        written = sum(bucket.writes * (bucket.end - bucket.start) for bucket in parts)
        invoked = sum(bucket.invocations * (bucket.end - bucket.start) for bucket in parts)
        assert written == pytest.approx(simulation.totals["written"].value)
        assert invoked == pytest.approx(simulation.totals["invocations"].value)


def test_concurrency_stays_within_the_lanes() -> None:
    """An invocation that outlasts its bucket is counted once."""
    how = SimulatedFunction(invocation_time=50, record_time=0, timeout=100)
    simulation = simulate(replace(scenario(shards=3, writes=30), function=how))
    assert 2.5 < max(bucket.concurrency for bucket in simulation.buckets) <= 3 + 1e-9


def test_no_writes_are_no_invocations() -> None:
    """An empty table is a simulation too."""
    simulation = simulate(scenario(writes=0))
    assert simulation.totals["invocations"].value == 0
    assert (simulation.age_p50, simulation.age_max) == (None, None)
    assert list(summary(simulation))
    json.dumps(document(simulation))
