"""A scenario of forty shards for ten minutes."""

from typing import Any

from router.local.event_source_mapping import MappingSettings
from router.local.simulate import Load, Scenario, simulate

RETRIES = MappingSettings(maximum_retry_attempts=1, function_response_types=["ReportBatchItemFailures"])


def scenario(mapping: MappingSettings = RETRIES, **load: Any) -> Scenario:
    return Scenario(load=Load(**{"writes": 200, "duration": 600, "shards": 40, **load}), mapping=mapping)


def figures(given: Scenario) -> dict[str, float]:
    return {name: estimate.value for name, estimate in simulate(given).totals.items()}
