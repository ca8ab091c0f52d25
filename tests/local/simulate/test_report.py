"""``router.local.simulate.report``: the figures as text and JSON."""

import json
from typing import Any

import pytest

from router.local.event_source_mapping import MappingSettings
from router.local.simulate import Load, Scenario, SimulatedFunction, simulate
from router.local.simulate.report import course, document, scenario_text, summary, warnings
from tests.local.simulate.scenarios import scenario


def test_the_summary_says_what_a_reader_has_to_know() -> None:
    """One line for each figure."""
    rows = {row.label.strip(): row for row in summary(simulate(scenario(poison=0.001)))}
    assert {"invocations", "re-executions", "discarded", "iterator age", "concurrency", "cost"} <= set(rows)
    assert rows["concurrency"].remark.endswith("at most 40")
    assert rows["30 days of it"].remark == "Lambda in us-east-1, prices of 2026-05, no free tier"


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        (
            {"writes": 80_000},
            "the busiest lane gets 2,000 records/s and can process 833.3: its iterator age grows by 0.58 s",
        ),
        ({"writes": 30_000}, "the busiest lane gets 90% of the records that it can process in full batches"),
        ({"writes": 80_000}, "the busiest shard gets 2,000 writes/s; a partition of DynamoDB takes 1,000"),
        ({"poison": 0.001, "mapping": MappingSettings()}, "poison blocks its lane for 24 hours"),
        (
            {"mapping": MappingSettings(filter_criteria={"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]})},
            "filters are not simulated: the writes are those that pass them",
        ),
    ],
)
def test_warnings(given: dict[str, Any], warning: str) -> None:
    """Limits that the figures do not show."""
    found = list(warnings(simulate(scenario(**{"duration": 20, **given}))))
    assert any(text.startswith(warning) for text in found), found


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
    """The rows describe load, stream, mapping and function."""
    lines = dict(scenario_text(scenario(poison=0.001)))
    assert lines["load"] == "200 writes/s for 10m, 0.001 of them poison"
    assert lines["stream"] == "40 shards of 1 lane each, polled every 250 ms"
    assert "1 retry" in lines["mapping"]


def test_a_time_out_of_managed_instances_is_noted() -> None:
    """Their price is another."""
    found = simulate(Scenario(load=Load(duration=60), function=SimulatedFunction(timeout=1_801)))
    assert "a time-out above 1,800 s needs Lambda Managed Instances, whose price is not simulated" in warnings(found)
