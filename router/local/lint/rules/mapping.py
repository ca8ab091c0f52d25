"""Rules about what is read of the stream at all."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.resources import mapping_parameters
from router.local.event_source_mapping import MappingSettings, MappingSettingsError
from router.local.filter_patterns import FilterPatternError
from router.local.lint.deployment import Deployment
from router.local.lint.rule import Trouble, rule

__all__ = ["function_stopped", "mapping_disabled", "mapping_refused", "starts_at_latest"]

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"


@rule("error", f"{_GUIDE}/services-ddb-params.html")
def mapping_refused(deployment: Deployment) -> Iterator[Trouble]:
    """Lambda would not make such a mapping."""
    settings = {"StartingPosition": None, **deployment.mapped.settings}
    known = {name: value for name, value in settings.items() if not _holds_unknown(value)}
    try:
        MappingSettings.of(mapping_parameters(known))
    except (MappingSettingsError, FilterPatternError) as error:
        reason = f"{error} {error.reason}" if isinstance(error, FilterPatternError) else str(error)
        named = next((name for name in known if name.lower() in reason.lower()), "FilterCriteria")
        yield Trouble(
            deployment.place(named),
            f"Lambda refuses the settings of {deployment.name}, and the deployment fails: {' '.join(reason.split())}.",
            "settings in the ranges of the page below",
        )


def _holds_unknown(value: object) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, Unknown) or any(map(_holds_unknown, inner))


@rule("warning", f"{_GUIDE}/with-ddb.html")
def starts_at_latest(deployment: Deployment) -> Iterator[Trouble]:
    """The mapping begins somewhere after it was made."""
    if deployment.setting("StartingPosition", "") == "LATEST":
        yield Trouble(
            deployment.place("StartingPosition"),
            f"{deployment.name} starts at LATEST. For minutes while the mapping is being made or updated, records that "
            "are written are missed.",
            "StartingPosition: TRIM_HORIZON",
        )


@rule("warning", f"{_GUIDE}/services-ddb-params.html")
def mapping_disabled(deployment: Deployment) -> Iterator[Trouble]:
    """The mapping does not read the stream."""
    if not deployment.setting("Enabled", default=True):
        yield Trouble(
            deployment.place("Enabled"),
            f"{deployment.name} is deployed disabled: records that are 24 hours old when it is enabled are lost.",
            "Enabled: true",
        )


@rule("error", f"{_GUIDE}/configuration-concurrency.html")
def function_stopped(deployment: Deployment) -> Iterator[Trouble]:
    """The function may not run."""
    if deployment.property_of_function("ReservedConcurrentExecutions", 1.0) == 0:
        yield Trouble(
            deployment.place_of_function("ReservedConcurrentExecutions"),
            "ReservedConcurrentExecutions is 0, so the function never runs, and the stream drops each record after 24 "
            "hours.",
            "ReservedConcurrentExecutions: 10 # or leave it out",
        )
