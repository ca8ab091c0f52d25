"""Checks of what the metrics of the last hour say."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.doctor.check import Symptom, check
from router.local.doctor.deployed import Deployed, DeployedMapping

__all__ = [
    "function_errors",
    "function_throttled",
    "handlers_fail",
    "iterator_age",
    "records_discarded",
    "records_dropped",
    "records_lost",
]

_LAMBDA = "AWS/Lambda"
_LATE = 900.0  # seconds; that of the template's alarm
_RECENT = 15  # minutes


@check("error")
def iterator_age(deployed: Deployed) -> Iterator[Symptom]:
    """Changes wait for long before they are handled."""
    limit = _limit(deployed)
    age = _age(deployed)
    if age is not None and age >= limit:
        yield Symptom(
            f"function {deployed.function}",
            f"records that are {age:,.0f} seconds old",
            f"less than {limit:,.0f}",
            "look for a record that fails repeatedly (Failed in the metrics, the log) and for throttles",
        )


@check("warning")
def function_errors(deployed: Deployed) -> Iterator[Symptom]:
    """Invocations ended without a response."""
    yield from _of_function(
        deployed, "Errors", "invocations without a response in the last hour", "the log has time-outs and exceptions"
    )


@check("warning")
def function_throttled(deployed: Deployed) -> Iterator[Symptom]:
    """Invocations were throttled."""
    yield from _of_function(
        deployed,
        "Throttles",
        "throttled invocations in the last hour",
        "raise the reserved or the account's concurrency",
    )


@check("error")
def records_lost(deployed: Deployed) -> Iterator[Symptom]:
    """Lambda discarded records and could not write them to the destination."""
    yield from _of_mappings(
        deployed,
        "DroppedEventCount",
        "records that are lost in the last hour",
        "mend the role's permission or the destination; the table still has the present items: router backfill",
    )


@check("warning")
def records_discarded(deployed: Deployed) -> Iterator[Symptom]:
    """Lambda discarded records, and wrote them to the destination."""
    yield from _of_mappings(
        deployed,
        "OnFailureDestinationDeliveredEventCount",
        "records that Lambda discarded in the last hour",
        "find why they failed, then redrive the failure documents",
    )


@check("warning")
def handlers_fail(deployed: Deployed) -> Iterator[Symptom]:
    """Records fail, and Lambda delivers them again."""
    yield from _of_router(
        deployed, "Failed", "failed attempts of records in the last hour", "the log names entity, route and error"
    )


@check("note")
def records_dropped(deployed: Deployed) -> Iterator[Symptom]:
    """A Drop policy skipped records that failed."""
    yield from _of_router(
        deployed, "Dropped", "records that a Drop policy skipped in the last hour", "the log names entity and error"
    )


def _of_function(deployed: Deployed, metric: str, what: str, remedy: str) -> Iterator[Symptom]:
    points = deployed.figures(_LAMBDA, metric, {"FunctionName": deployed.name}, "Sum")
    yield from _counted(f"function {deployed.function}", points, what, remedy)


def _of_mappings(deployed: Deployed, metric: str, what: str, remedy: str) -> Iterator[Symptom]:
    for mapping in deployed.mappings:
        if mapping.uuid is not None and mapping.values is not None:
            points = deployed.figures(_LAMBDA, metric, {"EventSourceMappingUUID": mapping.uuid}, "Sum")
            yield from _counted(mapping.name, points, what, remedy)


def _of_router(deployed: Deployed, metric: str, what: str, remedy: str) -> Iterator[Symptom]:
    points = _figures_of_router(deployed, metric, "Sum")
    yield from _counted(f"function {deployed.function}", points, what, remedy)


def _figures_of_router(deployed: Deployed, metric: str, statistic: str, *, minutes: int = 60) -> list[float]:
    """A metric that the function writes; none where the code and not a variable gives the namespace."""
    namespace = deployed.variables.get("POWERTOOLS_METRICS_NAMESPACE")
    service = deployed.variables.get("POWERTOOLS_SERVICE_NAME")
    dimensions = {"service": service} if service else {}
    return deployed.figures(namespace, metric, dimensions, statistic, minutes=minutes) if namespace else []


def _counted(where: str, points: list[float], what: str, remedy: str) -> Iterator[Symptom]:
    total = sum(points)
    if total > 0:
        yield Symptom(where, f"{total:,.0f} {what}", "0", remedy)


def _age(deployed: Deployed) -> float | None:
    """Seconds: the highest of the last quarter of an hour; ``None`` without data."""
    name = {"FunctionName": deployed.name}
    milliseconds = deployed.figures(_LAMBDA, "IteratorAge", name, "Maximum", minutes=_RECENT)
    points = [each / 1000 for each in milliseconds] or _figures_of_router(
        deployed, "RecordAge", "Maximum", minutes=_RECENT
    )
    return max(points, default=None)


def _limit(deployed: Deployed) -> float:
    """A quarter of the age at which Lambda discards records, as in the template's alarm."""
    ages = [age for mapping in deployed.mappings if (age := _most(mapping)) > 0]
    return min([_LATE, *(age / 4 for age in ages)])


def _most(mapping: DeployedMapping) -> float:
    return float((mapping.values or {}).get("MaximumRecordAgeInSeconds", -1))
