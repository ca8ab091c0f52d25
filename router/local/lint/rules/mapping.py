"""Rules about mappings that do not read all of the stream."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from router.local.cloudformation.intrinsics import first_unknown
from router.local.cloudformation.mappings import mapping_parameters
from router.local.event_source_mapping import MappingSettings, MappingSettingsError
from router.local.filter_patterns import FilterPatternError
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.rule import Violation, rule

__all__ = ["concurrency_below_lanes", "function_stopped", "mapping_disabled", "mapping_refused", "starts_at_latest"]

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
_SHARDS_ON_DEMAND = 4  # of a new table, which takes 4,000 writes a second
_WRITES_OF_SHARD = 1_000


@rule("error", f"{_GUIDE}/services-ddb-params.html")
def mapping_refused(deployment: Deployment) -> Iterator[Violation]:
    """Lambda refuses the mapping's settings."""
    settings = {"StartingPosition": None, **deployment.mapping.settings}
    known = {name: value for name, value in settings.items() if first_unknown(value) is None}
    try:
        MappingSettings.of(mapping_parameters(known))
    except (MappingSettingsError, FilterPatternError) as error:
        reason = error.explanation if isinstance(error, FilterPatternError) else str(error)
        named = next((name for name in known if name.lower() in reason.lower()), "FilterCriteria")
        yield Violation(
            deployment.place(named),
            f"Lambda refuses the settings of {deployment.mapping.name}, and the deployment fails: "
            f"{' '.join(reason.split())}.",
            "settings in the ranges of the page below",
        )


@rule("warning", f"{_GUIDE}/with-ddb.html")
def starts_at_latest(deployment: Deployment) -> Iterator[Violation]:
    """The mapping starts at LATEST."""
    if deployment.setting("StartingPosition", "") == "LATEST":
        yield Violation(
            deployment.place("StartingPosition"),
            f"{deployment.mapping.name} starts at LATEST. Creating or updating a mapping takes minutes, and records "
            "that are written meanwhile may be missed.",
            "StartingPosition: TRIM_HORIZON",
        )


@rule("warning", f"{_GUIDE}/services-ddb-params.html")
def mapping_disabled(deployment: Deployment) -> Iterator[Violation]:
    """The mapping is deployed disabled."""
    if not deployment.setting("Enabled", default=True):
        yield Violation(
            deployment.place("Enabled"),
            f"{deployment.mapping.name} is deployed disabled: records that are 24 hours old when it is enabled are "
            "lost.",
            "Enabled: true",
        )


@rule("error", f"{_GUIDE}/configuration-concurrency.html")
def function_stopped(deployment: Deployment) -> Iterator[Violation]:
    """The function has no concurrency, so it never runs."""
    if deployment.property_of_function("ReservedConcurrentExecutions", 1.0) == 0:
        yield Violation(
            deployment.place_of_function("ReservedConcurrentExecutions"),
            "ReservedConcurrentExecutions is 0, so the function never runs, and the stream drops each record after 24 "
            "hours.",
            "ReservedConcurrentExecutions: 10 # or leave it out",
        )


@rule("warning", f"{_GUIDE}/configuration-concurrency.html")
def concurrency_below_lanes(deployment: Deployment) -> Iterator[Violation]:
    """The function's concurrency is below that of the mapping."""
    reserved = deployment.property_of_function("ReservedConcurrentExecutions", -1.0)
    factor, shards = deployment.setting("ParallelizationFactor", 1), _shards(deployment)
    if 0 < reserved < shards * factor:
        yield Violation(
            deployment.place_of_function("ReservedConcurrentExecutions"),
            f"ReservedConcurrentExecutions is {reserved:g}, and the mapping invokes the function for {shards} shards "
            f"and ParallelizationFactor {factor} up to {shards * factor} times at once: Lambda throttles the rest, "
            "whose records wait and age.",
            f"ReservedConcurrentExecutions: {shards * factor} # or more, since shards may split; or leave it out",
        )


def _shards(deployment: Deployment) -> int:
    """The fewest shards that the table's stream has under its full load."""
    try:
        table = deployment.table.values
    except NotKnownError:
        return 1
    if table.get("BillingMode") == "PAY_PER_REQUEST":
        return _SHARDS_ON_DEMAND
    throughput = table.get("ProvisionedThroughput")
    writes: Any = throughput.get("WriteCapacityUnits") if isinstance(throughput, Mapping) else None
    return max(1, math.ceil(writes / _WRITES_OF_SHARD)) if isinstance(writes, int | float) else 1
