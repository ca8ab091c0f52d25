"""What became of the records of an invocation, in numbers: counted once, at its end, from its outcomes.

:class:`Metrics` writes them with Powertools as lines of CloudWatch's embedded metric format, one for the invocation and
one for each entity in it. A dimension only ever takes the name of an entity that was registered, for what stands in an
item is the item's, and each new value of a dimension is a metric to be paid for.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from router.errors import RegistrationError
from router.observability.switches import is_on

if TYPE_CHECKING:
    from router.outcomes import Outcome
    from router.record import Record

__all__ = ["Figures", "Meter", "Metrics", "Tally"]

_STATUS = attrgetter("status")

# CloudWatch takes no more values of one metric in a line.
_MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of some records.

    A record counts once in ``records``; in the others it counts once for each of its routes.

    Args:
        records: How many there were.
        routed: Handlers that finished.
        unrouted: Records that no route takes, whatever became of them.
        parked: What was put aside.
        dropped: What the user's ``Drop`` let go.
        deferred: What was not started, because something before it failed or the time ran out.
        failed: What Lambda delivers again, by the stage at which it failed; ``unrouted`` is one of them here.
        durations: Seconds that each call took, with decoding and validating what it was called with.
        age: Seconds since the first record's change was made, if it says so. A stream delivers the oldest first.
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


class Tally:
    """The figures of an invocation, counted when somebody asks for them.

    Args:
        outcomes: Its outcomes, in the order of its records.
        entity_of: Tells the registered entity of a record, or ``None`` where it is of none: the same for all records
            whose discriminator says the same.
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
        """The figures of each registered entity that is among the records."""
        return {entity: figures for entity, figures in self._figures.items() if entity is not None}

    @cached_property
    def _figures(self) -> dict[str | None, Figures]:
        found: defaultdict[str | None, list[Outcome]] = defaultdict(list)
        for outcome in self._outcomes:
            found[outcome.record.entity].append(outcome)
        unread = found.pop(None, [])
        groups: defaultdict[str | None, list[Outcome]] = defaultdict(list)
        for alike in (*found.values(), *([outcome] for outcome in unread)):
            groups[self._entity_of(alike[0].record)] += alike
        return {entity: _figures(group) for entity, group in groups.items()}


class Meter(Protocol):
    """Takes the figures of an invocation to where they are looked at."""

    def emit(self, tally: Tally) -> None:
        """Take the figures of one invocation, after its last handler and before its response.

        What it raises is logged and fails nothing.
        """
        ...


class Metrics:
    """Writes the figures to standard output, where CloudWatch makes metrics of them.

    Every name but ``HandlerDuration`` (milliseconds) and ``RecordAge`` (seconds) is a count. The line of the invocation
    always holds ``Records``, ``Routed``, ``Unrouted``, ``Parked``, ``Dropped``, ``Deferred`` and ``Failed``, so that an
    alarm has data to go by, and ``FailedDecode``, ``FailedValidate``, ``FailedHandler`` and so on where there are any.
    The line of an entity, with the dimension ``entity``, leaves out what is zero.

    ``POWERTOOLS_METRICS_DISABLED=true`` switches it off, and then Powertools is not even imported. Otherwise that
    happens here, where Lambda initialises the function, instead of in the time of the first batch.

    Args:
        namespace: Where CloudWatch keeps the metrics; else what ``POWERTOOLS_METRICS_NAMESPACE`` says.
        service: The dimension ``service`` of all of them; else what ``POWERTOOLS_SERVICE_NAME`` says, if anything does.

    Raises:
        RegistrationError: Neither names a namespace.

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

    def emit(self, tally: Tally) -> None:
        """Write the lines of an invocation."""
        if _switched_off():
            return
        self._write({}, _metrics(tally.total, whole=True))
        for entity, figures in tally.entities.items():
            self._write({"entity": entity}, _metrics(figures, whole=False))

    def _write(self, dimensions: dict[str, str], metrics: dict[str, dict[str, Any]]) -> None:
        # Lambda takes a line without a level for INFO, and where it is to keep WARN only, the metrics would go with it.
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
    """Whether Powertools would write nothing, told without importing it."""
    name = "POWERTOOLS_METRICS_DISABLED"
    return is_on(name) or (name not in os.environ and is_on("POWERTOOLS_DEV"))


def _metrics(figures: Figures, *, whole: bool) -> dict[str, dict[str, Any]]:
    """The metrics of one line, as Powertools keeps them until they are written.

    Args:
        figures: What they tell.
        whole: Whether it is the line of the invocation, on which counts of zero stand too.
    """
    metrics = {name: _metric("Count", [count]) for name, count in _counts(figures) if count or whole}
    for stage, count in figures.failed.items():
        metrics[f"Failed{stage.capitalize()}"] = _metric("Count", [count])
    if figures.durations:
        milliseconds = (round(seconds * 1000, 3) for seconds in _thinned(figures.durations))
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


def _thinned(values: Sequence[float]) -> Sequence[float]:
    """As many values as a line takes, the least and the greatest among them, that have the same percentiles."""
    if len(values) <= _MOST_VALUES:
        return values
    ordered, last = sorted(values), _MOST_VALUES - 1
    return [ordered[round(place * (len(ordered) - 1) / last)] for place in range(_MOST_VALUES)]


def _figures(outcomes: Sequence[Outcome]) -> Figures:
    statuses = Counter(map(_STATUS, outcomes))
    troubled = [outcome for outcome in outcomes if outcome.error is not None]
    return Figures(
        records=len({id(outcome.record) for outcome in outcomes}),
        routed=statuses["done"],
        unrouted=statuses["unrouted"] + sum(outcome.stage is None for outcome in troubled),
        parked=statuses["parked"],
        dropped=sum(outcome.status == "skipped" for outcome in troubled),
        deferred=statuses["deferred"],
        failed=Counter(outcome.stage or "unrouted" for outcome in troubled if outcome.status == "failed"),
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
    """How long each call of a handler took; one of an ``on_batch`` handler is one, however many records it was for."""
    called = [
        (outcome.route, outcome.duration)
        for outcome in outcomes
        if outcome.route is not None and (outcome.status == "done" or outcome.stage == "handler")
    ]
    batches = {id(route): duration for route, duration in called if route.batch}
    return [*(duration for route, duration in called if not route.batch), *batches.values()]
