"""Metrics of an invocation, computed from its outcomes at its end.

:class:`Metrics` writes them with Powertools in CloudWatch's embedded metric format: one line for the invocation, and
one for each entity in it. Only registered entities become values of the dimension ``entity``: an unregistered one is an
unchecked value of an item, and each value of a dimension is a metric that costs money.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from router.errors import RegistrationError
from router.observability.switches import is_on
from router.value_classes import dataclass

if TYPE_CHECKING:
    from router.outcomes import Outcome
    from router.record import Record

__all__ = ["Figures", "InvocationFigures", "Meter", "Metrics"]

_STATUS = attrgetter("status")

# CloudWatch accepts no more values of one metric in a line.
_MOST_VALUES = 100


@dataclass(frozen=True)
class Figures:
    """Counts and times of a group of records.

    ``records`` counts each record once; the other counts have one for each of a record's routes.

    Args:
        records: The records.
        routed: Handlers that succeeded.
        unrouted: Records without a route, skipped, parked or failed.
        parked: Records that were parked.
        dropped: Records that a ``Drop`` policy dropped.
        deferred: Records that were not started, after a failure or for lack of time.
        failed: Records that failed and that Lambda delivers again, by stage, with ``unrouted`` as one more stage.
        durations: Seconds of each call of a handler, with decoding and validating its images.
        age: Seconds since the change of the first record, the oldest of a stream's batch; ``None`` if unknown.
    """

    records: int
    routed: int
    unrouted: int
    parked: int
    dropped: int
    deferred: int
    failed: Mapping[str, int]
    durations: Sequence[float]
    age: float | None


class InvocationFigures:
    """The figures of an invocation, computed on first use.

    Args:
        outcomes: Its outcomes, in the order of its records.
        entity_of: Returns the registered entity of a record, or ``None``; the same for all records with the same
            discriminator value.
    """

    def __init__(self, outcomes: Sequence[Outcome], entity_of: Callable[[Record], str | None]) -> None:
        self._outcomes = outcomes
        self._entity_of = entity_of

    @property
    def total(self) -> Figures:
        """The figures of all records."""
        return _sum(list(self._figures.values()))

    @property
    def entities(self) -> dict[str, Figures]:
        """The figures of each registered entity in the invocation."""
        return {entity: figures for entity, figures in self._figures.items() if entity is not None}

    @cached_property
    def _figures(self) -> dict[str | None, Figures]:
        by_entity: defaultdict[str | None, list[Outcome]] = defaultdict(list)
        for outcome in self._outcomes:
            by_entity[outcome.record.entity].append(outcome)
        without_entity = by_entity.pop(None, [])
        groups: defaultdict[str | None, list[Outcome]] = defaultdict(list)
        for outcomes in (*by_entity.values(), *([outcome] for outcome in without_entity)):
            groups[self._entity_of(outcomes[0].record)] += outcomes
        return {entity: _figures_of(group) for entity, group in groups.items()}


class Meter(Protocol):
    """Sends the figures of each invocation to a metrics service."""

    def emit(self, figures: InvocationFigures, /) -> None:
        """Send the figures of one invocation, after its last handler and before its response.

        An error is logged, and fails no record.
        """
        ...


class Metrics:
    """Writes the figures to standard output, from which CloudWatch makes metrics.

    Every metric is a count, except ``HandlerDuration`` (milliseconds) and ``RecordAge`` (seconds). The line of the
    invocation always contains ``Records``, ``Routed``, ``Unrouted``, ``Parked``, ``Dropped``, ``Deferred`` and
    ``Failed``, so that alarms have data, and those of ``FailedDecode``, ``FailedValidate``, ``FailedHandler`` and so on
    that are not zero. The line of an entity, with the dimension ``entity``, contains no zeros.

    ``POWERTOOLS_METRICS_DISABLED=true`` switches it off, and Powertools is not imported. Otherwise the constructor
    imports it, so that this time belongs to Lambda's initialisation and not to the first batch.

    Args:
        namespace: The CloudWatch namespace; by default the one in ``POWERTOOLS_METRICS_NAMESPACE``.
        service: The dimension ``service`` of all metrics; by default ``POWERTOOLS_SERVICE_NAME``, else none.

    Raises:
        RegistrationError: There is no namespace.

    Example:
        >>> Metrics("Shop", service="router")
        Metrics('Shop', service='router')
    """

    def __init__(self, namespace: str | None = None, *, service: str | None = None) -> None:
        self.namespace = namespace or os.environ.get("POWERTOOLS_METRICS_NAMESPACE")
        self.service = service or os.environ.get("POWERTOOLS_SERVICE_NAME")
        if _switched_off():
            return
        if not self.namespace:
            msg = "Metrics() found no namespace, expected Metrics('Shop') or POWERTOOLS_METRICS_NAMESPACE to name one"
            raise RegistrationError(msg)
        _provider_class()

    def emit(self, figures: InvocationFigures, /) -> None:
        """Write the lines of an invocation."""
        if _switched_off():
            return
        self._write({}, _metrics(figures.total, zeros=True))
        for entity, entity_figures in figures.entities.items():
            self._write({"entity": entity}, _metrics(entity_figures, zeros=False))

    def _write(self, dimensions: dict[str, str], metrics: dict[str, dict[str, Any]]) -> None:
        # Lambda treats a line without a level as INFO, so a function that logs from WARN on would lose its metrics.
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
        provider = _provider_class()(
            metric_set=metrics,
            dimension_set={"service": self.service, **dimensions} if self.service else dimensions,
            metadata_set={"level": level} if level else {},
            namespace=self.namespace,
        )
        provider.flush_metrics()

    def __repr__(self) -> str:
        service = f", service={self.service!r}" if self.service else ""
        return f"Metrics({self.namespace!r}{service})"


def _provider_class() -> Callable[..., Any]:
    from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

    return AmazonCloudWatchEMFProvider


def _switched_off() -> bool:
    """Whether Powertools would write nothing; found out without importing it."""
    name = "POWERTOOLS_METRICS_DISABLED"
    return is_on(name) or (name not in os.environ and is_on("POWERTOOLS_DEV"))


def _metrics(figures: Figures, *, zeros: bool) -> dict[str, dict[str, Any]]:
    """The metrics of one line, in the form that Powertools writes.

    Args:
        figures: The figures.
        zeros: Whether counts of zero belong to the line.
    """
    metrics = {name: _metric("Count", [count]) for name, count in _counts(figures) if count or zeros}
    for stage, count in figures.failed.items():
        metrics[f"Failed{stage.capitalize()}"] = _metric("Count", [count])
    if figures.durations:
        milliseconds = (round(seconds * 1000, 3) for seconds in _sampled(figures.durations))
        metrics["HandlerDuration"] = _metric("Milliseconds", milliseconds)
    if figures.age is not None:
        metrics["RecordAge"] = _metric("Seconds", [round(max(figures.age, 0), 3)])
    return metrics


def _counts(figures: Figures) -> Iterator[tuple[str, int]]:
    yield "Records", figures.records
    yield "Routed", figures.routed
    yield "Unrouted", figures.unrouted
    yield "Parked", figures.parked
    yield "Dropped", figures.dropped
    yield "Deferred", figures.deferred
    yield "Failed", sum(figures.failed.values())


def _metric(unit: str, values: Iterable[float]) -> dict[str, Any]:
    return {"Unit": unit, "StorageResolution": 60, "Value": list(values)}


def _sampled(values: Sequence[float]) -> Sequence[float]:
    """At most as many values as fit on a line, with the same minimum, maximum and percentiles."""
    if len(values) <= _MOST_VALUES:
        return values
    ordered, last = sorted(values), _MOST_VALUES - 1
    return [ordered[round(place * (len(ordered) - 1) / last)] for place in range(_MOST_VALUES)]


def _figures_of(outcomes: Sequence[Outcome]) -> Figures:
    statuses = Counter(map(_STATUS, outcomes))
    with_error = [outcome for outcome in outcomes if outcome.error is not None]
    return Figures(
        records=len({id(outcome.record) for outcome in outcomes}),
        routed=statuses["done"],
        unrouted=statuses["unrouted"] + sum(outcome.stage is None for outcome in with_error),
        parked=statuses["parked"],
        dropped=sum(outcome.status == "skipped" for outcome in with_error),
        deferred=statuses["deferred"],
        failed=Counter(outcome.stage or "unrouted" for outcome in with_error if outcome.status == "failed"),
        durations=_durations(outcomes),
        age=outcomes[0].record.age(),
    )


def _sum(parts: Sequence[Figures]) -> Figures:
    return Figures(
        records=sum(part.records for part in parts),
        routed=sum(part.routed for part in parts),
        unrouted=sum(part.unrouted for part in parts),
        parked=sum(part.parked for part in parts),
        dropped=sum(part.dropped for part in parts),
        deferred=sum(part.deferred for part in parts),
        failed=sum((Counter(part.failed) for part in parts), Counter()),
        durations=list(chain.from_iterable(part.durations for part in parts)),
        age=max((part.age for part in parts if part.age is not None), default=None),
    )


def _durations(outcomes: Sequence[Outcome]) -> list[float]:
    """Seconds of each call of a handler; a call of an ``on_batch`` handler counts once for all its records."""
    called = [
        (outcome.route, outcome.duration)
        for outcome in outcomes
        if outcome.route is not None and (outcome.status == "done" or outcome.stage == "handler")
    ]
    batches = {id(route): duration for route, duration in called if route.batch}
    return [*(duration for route, duration in called if not route.batch), *batches.values()]
