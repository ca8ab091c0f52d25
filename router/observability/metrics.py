"""Metrics of an invocation, computed from its outcomes at its end.

:class:`Metrics` writes them with Powertools in CloudWatch's embedded metric format: one line for the invocation, and
one for each entity in it. Only registered entities become values of the dimension ``entity``: an unregistered one is an
unchecked value of an item, and each value of a dimension is a metric that costs money.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pydantic_core import to_json

from router.errors import RegistrationError
from router.observability.package_parts import parts_of
from router.observability.switches import is_on

if TYPE_CHECKING:
    from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

    from router.outcomes import Outcome
    from router.record import Record

__all__ = ["Figures", "InvocationFigures", "Meter", "Metrics"]

_STATUS = attrgetter("status")

# CloudWatch accepts no more values of one metric in a line.
_MOST_VALUES = 100


class Figures(NamedTuple):
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
        counted: Figures of records that have no outcome among these, each with its registered entity.
    """

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        entity_of: Callable[[Record], str | None],
        counted: Sequence[tuple[str | None, Figures]] = (),
    ) -> None:
        self._outcomes = outcomes
        self._entity_of = entity_of
        self._counted = counted

    @property
    def total(self) -> Figures:
        """The figures of all records."""
        return _sum([*self._figures.values()])

    @property
    def entities(self) -> dict[str, Figures]:
        """The figures of each registered entity in the invocation."""
        return {entity: figures for entity, figures in self._figures.items() if entity is not None}

    @cached_property
    def _figures(self) -> dict[str | None, Figures]:
        parts: defaultdict[str | None, list[Figures]] = defaultdict(list)
        for entity, figures in self._counted:
            parts[entity].append(figures)
        for entity, outcomes in self._by_entity().items():
            parts[entity].append(_figures_of(outcomes))
        return {entity: _sum(those) for entity, those in parts.items()}

    def _by_entity(self) -> Mapping[str | None, list[Outcome]]:
        by_entity: defaultdict[str | None, list[Outcome]] = defaultdict(list)
        for outcome in self._outcomes:
            by_entity[outcome.record.entity].append(outcome)
        without_entity = by_entity.pop(None, [])
        groups: defaultdict[str | None, list[Outcome]] = defaultdict(list)
        for outcomes in (*by_entity.values(), *([outcome] for outcome in without_entity)):
            groups[self._entity_of(outcomes[0].record)] += outcomes
        return groups


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
        self._made: AmazonCloudWatchEMFProvider | None = None
        if _switched_off():
            return
        if not self.namespace:
            msg = "Metrics() found no namespace, expected Metrics('Shop') or POWERTOOLS_METRICS_NAMESPACE to name one"
            raise RegistrationError(msg)
        self._provider()

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
        if self.service:
            dimensions = {"service": self.service, **dimensions}
        line = self._provider().serialize_metric_set(metrics, dimensions, {"level": level} if level else {})
        sys.stdout.write(f"{to_json(line).decode()}\n")

    def _provider(self) -> AmazonCloudWatchEMFProvider:
        """Powertools' provider, which keeps nothing of a line; made once, because that takes longer than a line."""
        if self._made is None:
            self._made = _provider_class()(namespace=self.namespace)
        return self._made

    def __repr__(self) -> str:
        service = f", service={self.service!r}" if self.service else ""
        return f"Metrics({self.namespace!r}{service})"


def _provider_class() -> type[AmazonCloudWatchEMFProvider]:
    with parts_of("aws_lambda_powertools", "aws_lambda_powertools.metrics"):
        from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

    return AmazonCloudWatchEMFProvider


def _switched_off() -> bool:
    """Whether Powertools would write nothing; found out without importing it."""
    name = "POWERTOOLS_METRICS_DISABLED"
    return is_on(name if name in os.environ else "POWERTOOLS_DEV")


def _metrics(figures: Figures, *, zeros: bool) -> dict[str, dict[str, Any]]:
    """The metrics of one line, in the form that Powertools writes.

    Args:
        figures: The figures.
        zeros: Whether counts of zero belong to the line.
    """
    counts = {
        "Records": figures.records,
        "Routed": figures.routed,
        "Unrouted": figures.unrouted,
        "Parked": figures.parked,
        "Dropped": figures.dropped,
        "Deferred": figures.deferred,
        "Failed": sum(figures.failed.values()),
    }
    metrics = {name: {"Unit": "Count", "Value": [count]} for name, count in counts.items() if count or zeros}
    for stage, count in figures.failed.items():
        metrics[f"Failed{stage.capitalize()}"] = {"Unit": "Count", "Value": [count]}
    if figures.durations:
        # To a microsecond; round() takes ten times as long.
        milliseconds = [int(seconds * 1_000_000 + 0.5) / 1000 for seconds in _sampled(figures.durations)]
        metrics["HandlerDuration"] = {"Unit": "Milliseconds", "Value": milliseconds}
    if figures.age is not None:
        metrics["RecordAge"] = {"Unit": "Seconds", "Value": [round(max(figures.age, 0), 3)]}
    return metrics


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
    if len(parts) == 1:
        return parts[0]
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
