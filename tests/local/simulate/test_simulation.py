"""``router.local.simulate``: all lanes together, their report and their plot."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from router.local.event_source_mapping import MappingSettings
from router.local.simulate import PRICES, Burst, Function, Load, Scenario, SimulationError, Step, simulate
from router.local.simulate.cost import bill
from router.local.simulate.plot import check_plot, plot
from router.local.simulate.report import course, document, scenario_text, summary, warnings
from router.local.simulate.series import bucket_seconds, quantile

RETRIES = MappingSettings(maximum_retry_attempts=1, function_response_types=["ReportBatchItemFailures"])


def scenario(settings: MappingSettings = RETRIES, **load: Any) -> Scenario:
    return Scenario(load=Load(**{"writes": 200, "seconds": 600, "shards": 40, **load}), settings=settings)


def figures(given: Scenario) -> dict[str, float]:
    return {name: estimate.value for name, estimate in simulate(given).totals.items()}


def test_the_same_seed_gives_the_same_figures() -> None:
    """Chance comes from the seed alone."""
    given = scenario(poison=0.001)
    assert figures(given) == figures(given)
    assert figures(given) != figures(replace(given, seed=1))


def test_every_record_is_accounted_for() -> None:
    """What was written is handled, discarded, trimmed or waiting."""
    value = figures(scenario(poison=0.01))
    assert value["written"] == value["handled"] + value["discarded"] + value["trimmed"] + value["waiting"]
    assert value["discarded"] == value["exhausted"] + value["aged"] > 0
    assert value["executions"] > value["handled"]


@pytest.mark.parametrize("name", ["written", "invocations", "executions", "re_executions", "discarded"])
def test_a_sample_agrees_with_all_lanes(name: str) -> None:
    """The estimate of ten lanes is within four standard errors of what forty lanes give."""
    given = scenario(poison=0.005, seconds=1200)
    everything = simulate(replace(given, sample=0)).totals[name]
    estimate = simulate(replace(given, sample=10)).totals[name]
    assert everything.error == 0
    assert estimate.error > 0
    assert abs(estimate.value - everything.value) < 4 * estimate.error


def test_poison_in_few_lanes_is_found_in_each_of_them() -> None:
    """Where hardly a lane has poison, those that have are simulated, so that none is missed or multiplied."""
    given = scenario(poison=3e-5, seconds=600)
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
    """The maximum of the iterator's age is in the burst or just behind it, and it is over later."""
    given = scenario(writes=2_000, shards=10, seconds=3600, bursts=[Burst(1200, 300, 8)])
    oldest = max(simulate(given).buckets, key=lambda bucket: bucket.age_max or 0)
    assert 1200 <= oldest.start <= 2000
    last = simulate(given).buckets[-1]
    assert last.age_max is not None
    assert last.age_max < 1


def test_the_course_adds_up_to_the_totals() -> None:
    """Writes and invocations of all parts are those of the whole, however it is divided."""
    simulation = simulate(scenario(poison=0.001, profile=[Step(0, 1), Step(240, 3)]))
    for parts in (simulation.buckets, simulation.table):
        written = sum(bucket.writes * (bucket.end - bucket.start) for bucket in parts)
        invoked = sum(bucket.invocations * (bucket.end - bucket.start) for bucket in parts)
        assert written == pytest.approx(simulation.totals["written"].value)
        assert invoked == pytest.approx(simulation.totals["invocations"].value)


def test_concurrency_stays_within_the_lanes() -> None:
    """Long invocations go on beyond the part in which they began, and are counted once."""
    how = Function(seconds=50, seconds_per_record=0, timeout=100)
    simulation = simulate(replace(scenario(shards=3, writes=30), function=how))
    assert 2.5 < max(bucket.concurrency for bucket in simulation.buckets) <= 3 + 1e-9


def test_no_writes_are_no_invocations() -> None:
    """An empty table is a simulation too."""
    simulation = simulate(scenario(writes=0))
    assert simulation.totals["invocations"].value == 0
    assert (simulation.age_p50, simulation.age_max) == (None, None)
    assert list(summary(simulation))
    json.dumps(document(simulation))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"poll": 0}, "found poll 0, expected 0.001 to 60"),
        ({"sample": -1}, "found sample -1, expected 0 or more"),
        ({"settings": MappingSettings(tumbling_window_in_seconds=60)}, "found a tumbling window, expected none"),
        (
            {"load": Load(writes=1, seconds=86_400), "poll": 0.001},
            "found 86,400,000 polls of a shard, expected at most",
        ),
        (
            {
                "load": Load(writes=1e8),
                "settings": MappingSettings(batch_size=1),
                "function": Function(seconds=1e-6, seconds_per_record=0),
            },
            "found more invocations than can be simulated",
        ),
    ],
)
def test_there_is_no_such_scenario(given: dict[str, Any], told: str) -> None:
    """What cannot be simulated is refused before it begins."""
    with pytest.raises(SimulationError) as raised:
        Scenario(**{"load": Load(writes=1), **given})
    assert str(raised.value).startswith(told)


def test_the_bill_is_requests_and_gb_seconds() -> None:
    """A million invocations of 100 ms with 512 MB on x86_64, by the price list."""
    found = bill(PRICES["x86_64"], 1e6, 1e8, 512, 86_400)
    assert found.gb_seconds == 50_000
    assert found.total == pytest.approx(0.20 + 50_000 * 0.0000166667)
    assert found.month == pytest.approx(30 * found.total)


def test_arm_is_a_fifth_cheaper() -> None:
    """Each GB-second of it."""
    assert PRICES["arm64"].gb_second == pytest.approx(0.8 * PRICES["x86_64"].gb_second, rel=1e-4)


def test_prices_name_their_region_and_date() -> None:
    """So that a reader can tell when they are stale."""
    assert {(prices.region, len(prices.as_of)) for prices in PRICES.values()} == {("us-east-1", 7)}


def test_quantiles_count_weights() -> None:
    """A value that stands for nine others is ten values."""
    assert quantile([(5.0, 1), (1.0, 10)], 0.9) == 1.0
    assert quantile([(5.0, 1), (1.0, 10)], 0.99) == 5.0
    assert quantile([], 0.5) is None


@pytest.mark.parametrize("seconds", [1, 59, 3600, 86_400, 604_800])
def test_a_table_has_at_most_24_rows(seconds: float) -> None:
    """Parts are as long as clocks have them."""
    assert seconds / bucket_seconds(seconds, 24) <= 24


def test_the_summary_says_what_a_reader_has_to_know() -> None:
    """One line for each figure."""
    rows = {row.label.strip(): row for row in summary(simulate(scenario(poison=0.001)))}
    assert {"invocations", "re-executions", "discarded", "iterator age", "concurrency", "cost"} <= set(rows)
    assert rows["concurrency"].remark.endswith("at most 40")
    assert rows["30 days of it"].remark == "Lambda in us-east-1, prices of 2026-05, no free tier"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"writes": 80_000},
            "the busiest lane gets 2,000 records/s and can take 833.3: its iterator age grows by 0.58 s",
        ),
        ({"writes": 30_000}, "the busiest lane gets 90% of the records that it can take in full batches"),
        ({"writes": 80_000}, "the busiest shard gets 2,000 writes/s; a partition of DynamoDB takes 1,000"),
        ({"poison": 0.001, "settings": MappingSettings()}, "poison blocks its lane for 24 hours"),
        (
            {"settings": MappingSettings(filter_criteria={"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]})},
            "filters are left out: the writes are those that pass them",
        ),
    ],
)
def test_warnings(given: dict[str, Any], told: str) -> None:
    """What the figures alone do not tell."""
    found = list(warnings(simulate(scenario(**{"seconds": 20, **given}))))
    assert any(text.startswith(told) for text in found), found


def test_the_document_is_json() -> None:
    """With the same figures as the summary, and the course in full."""
    simulation = simulate(scenario())
    read = json.loads(json.dumps(document(simulation)))
    assert read["totals"]["invocations"]["value"] == simulation.totals["invocations"].value
    assert len(read["course"]) == len(simulation.buckets)
    assert read["simulated"]["lanes"] == 40
    assert read["cost"]["prices"]["as_of"] == "2026-05"


def test_the_course_is_a_table() -> None:
    """A heading, and as many cells in every row."""
    rows = course(simulate(scenario()))
    assert rows[0][0] == "time"
    assert {len(row) for row in rows} == {7}


def test_the_scenario_is_told_in_words() -> None:
    """What was simulated stands above the figures."""
    told = dict(scenario_text(scenario(poison=0.001)))
    assert told["load"] == "200 writes/s for 10m, 0.001 of them poison"
    assert told["stream"] == "40 shards of 1 lane each, polled every 250 ms"
    assert "1 retry" in told["mapping"]


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")])
def test_a_plot_is_drawn(tmp_path: Path, name: str, magic: bytes) -> None:
    """By the suffix of the file."""
    pytest.importorskip("matplotlib", reason="draws plots")
    plot(simulate(scenario(poison=0.001)), tmp_path / name, "title")
    assert (tmp_path / name).read_bytes().startswith(magic)


def test_the_same_simulation_is_the_same_file(tmp_path: Path) -> None:
    """No date and no random names in it, so that it can be committed."""
    pytest.importorskip("matplotlib", reason="draws plots")
    for name in ("a.svg", "b.svg"):
        plot(simulate(scenario()), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_plot_without_invocations_is_drawn(tmp_path: Path) -> None:
    """Axes with nothing on them."""
    pytest.importorskip("matplotlib", reason="draws plots")
    plot(simulate(scenario(writes=0)), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.gif", "found the plot 'a.gif', expected a name that ends in .svg, .png, .pdf"),
        ("no/a.svg", "found no folder"),
        ("folder.svg", "found the folder"),
    ],
)
def test_a_plot_that_cannot_be_drawn_is_refused_early(tmp_path: Path, name: str, told: str) -> None:
    """Before the simulation takes its time."""
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(SimulationError, match=told):
        check_plot(tmp_path / name)


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is an extra, and the message says which."""
    monkeypatch.setattr("router.local.simulate.plot.find_spec", lambda _: None)
    with pytest.raises(SimulationError, match=r"pip install 'entity-router\[plot\]'"):
        check_plot(tmp_path / "a.svg")


def test_matplotlib_is_loaded_for_plots_only() -> None:
    """A simulation without a plot needs nothing but the standard library and the mapping."""
    code = "import sys, router.local.simulate.plot; print('matplotlib' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]
