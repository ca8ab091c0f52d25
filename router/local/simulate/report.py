"""The figures of a simulation, as text for people and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from router.local.simulate.series import Bucket
from router.local.simulate.simulation import Estimate, Scenario, Simulation

__all__ = ["Row", "clock_text", "course", "document", "scenario_text", "seconds_text", "summary", "warnings"]

_PARTITION = 1_000  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
_BUSY = 0.8


class Row(NamedTuple):
    """A line of the summary.

    Args:
        label: What it is.
        value: The figure.
        remark: What it is made of, or how sure it is.
    """

    label: str
    value: str
    remark: str = ""


def summary(simulation: Simulation) -> Iterator[Row]:
    """The figures over all lanes and all the time."""
    scenario, totals = simulation.scenario, simulation.totals
    seconds = scenario.load.seconds
    value = {name: estimate.value for name, estimate in totals.items()}
    yield Row("written", _whole(value["written"]), f"{value['written'] / seconds:,.6g} records/s")
    yield Row("invocations", _whole(value["invocations"]), _joined(_rate(value, seconds), _sure(totals["invocations"])))
    yield Row("  failed", _whole(value["failures"]), _sure(totals["failures"]))
    yield Row("  cold starts", _whole(value["cold_starts"]), "at most: each lane has an environment of its own")
    yield Row("executions", _whole(value["executions"]), "of a record by the handler")
    yield Row("  re-executions", _whole(value["re_executions"]), _sure(totals["re_executions"]))
    yield Row("discarded", _whole(value["discarded"]), _joined(_documents(value), _sure(totals["discarded"])))
    yield Row("trimmed", _whole(value["trimmed"]), "older than 24 h, and nobody is told" if value["trimmed"] else "")
    yield Row("waiting", _whole(value["waiting"]), "at the end")
    ages = f"p99 {seconds_text(simulation.age_p99)}, max {seconds_text(simulation.age_max)}"
    yield Row("iterator age", f"p50 {seconds_text(simulation.age_p50)}", ages)
    peak = max((bucket.concurrency for bucket in simulation.buckets), default=0.0)
    yield Row("concurrency", f"mean {value['busy'] / seconds:,.4g}", _concurrency(simulation, peak))
    yield from _cost(simulation)


def _rate(value: dict[str, float], seconds: float) -> str:
    each = value["executions"] / value["invocations"] if value["invocations"] else 0
    return f"{value['invocations'] / seconds:,.4g}/s, of {each:,.4g} records on the mean"


def _documents(value: dict[str, float]) -> str:
    if not value["discarded"]:
        return ""
    return f"records in {_whole(value['documents'])} documents; {_whole(value['healthy'])} of them are not poison"


def _concurrency(simulation: Simulation, peak: float) -> str:
    length = seconds_text(simulation.buckets[0].end - simulation.buckets[0].start)
    return f"{peak:,.4g} in the busiest {length}, at most {simulation.scenario.lanes:,}"


def _cost(simulation: Simulation) -> Iterator[Row]:
    bill, prices = simulation.bill, simulation.scenario.prices
    parts = f"requests {_money(bill.requests)}, {bill.gb_seconds:,.0f} GB-seconds {_money(bill.compute)}"
    yield Row("cost", _money(bill.total), parts)
    yield Row(
        "  30 days of it", _money(bill.month), f"Lambda in {prices.region}, prices of {prices.as_of}, no free tier"
    )


def warnings(simulation: Simulation) -> Iterator[str]:
    """What a reader of the figures should know, a sentence each."""
    scenario = simulation.scenario
    if simulation.busiest > scenario.capacity:
        slope = 1 - scenario.capacity / simulation.busiest
        yield (
            f"the busiest lane gets {simulation.busiest:,.4g} records/s and can take {scenario.capacity:,.4g}: "
            f"its iterator age grows by {slope:.2g} s a second"
        )
    elif simulation.busiest > _BUSY * scenario.capacity:
        share = simulation.busiest / scenario.capacity
        yield f"the busiest lane gets {share:.0%} of the records that it can take in full batches"
    if simulation.busiest_shard > _PARTITION:
        yield (
            f"the busiest shard gets {simulation.busiest_shard:,.0f} writes/s; a partition of DynamoDB takes "
            f"{_PARTITION:,}, so there would be more shards or throttled writes"
        )
    settings = scenario.settings
    forever = settings.maximum_retry_attempts == -1 and settings.maximum_record_age_in_seconds == -1
    if forever and scenario.load.poison:
        yield "poison blocks its lane for 24 hours: set maximum_retry_attempts or maximum_record_age_in_seconds"
    if settings.filters:
        yield "filters are left out: the writes are those that pass them"
    if any(math.isnan(estimate.error) for estimate in simulation.totals.values()):
        yield "too few lanes were simulated to tell how sure the figures are"


def course(simulation: Simulation) -> list[tuple[str, ...]]:
    """The course of things as rows of a table, the heading first."""
    heading = ("time", "writes/s", "invocations/s", "age p50", "age max", "concurrency", "waiting")
    return [heading, *(_course_row(bucket) for bucket in simulation.table)]


def _course_row(bucket: Bucket) -> tuple[str, ...]:
    return (
        clock_text(bucket.start),
        f"{bucket.writes:,.5g}",
        f"{bucket.invocations:,.4g}",
        seconds_text(bucket.age_p50),
        seconds_text(bucket.age_max),
        f"{bucket.concurrency:,.4g}",
        _whole(bucket.backlog),
    )


def document(simulation: Simulation) -> dict[str, Any]:
    """The figures as JSON has them; times are seconds, what is not there is null."""
    bill, prices, load = simulation.bill, simulation.scenario.prices, simulation.scenario.load
    return {
        "seconds": load.seconds,
        "lanes": simulation.scenario.lanes,
        "totals": {name: _document_of(estimate) for name, estimate in simulation.totals.items()},
        "iterator_age": {"p50": simulation.age_p50, "p99": simulation.age_p99, "max": simulation.age_max},
        "capacity": {"lane": simulation.scenario.capacity, "busiest": simulation.busiest},
        "cost": {
            "currency": "USD",
            "requests": bill.requests,
            "compute": bill.compute,
            "gb_seconds": bill.gb_seconds,
            "total": bill.total,
            "month": bill.month,
            "prices": {
                "request": prices.request,
                "gb_second": prices.gb_second,
                "region": prices.region,
                "as_of": prices.as_of,
            },
        },
        "course": [bucket._asdict() for bucket in simulation.buckets],
        "warnings": list(warnings(simulation)),
        "simulated": {
            "lanes": simulation.simulated,
            "records": simulation.records,
            "elapsed": simulation.elapsed,
            "records_per_second": simulation.records / simulation.elapsed,
        },
    }


def _document_of(estimate: Estimate) -> dict[str, float | None]:
    return {"value": estimate.value, "standard_error": None if math.isnan(estimate.error) else estimate.error}


def seconds_text(seconds: float | None) -> str:
    """A length of time, in the unit that suits it.

    Example:
        >>> [seconds_text(seconds) for seconds in (None, 0.0104, 2.345, 200, 5400)]
        ['-', '10 ms', '2.35 s', '3m 20s', '1h 30m']
    """
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    text = f"{minutes}m {rest}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60}m"
    return text.removesuffix(" 0s").removesuffix(" 0m")


def clock_text(seconds: float) -> str:
    """A time since the start as a clock shows it.

    Example:
        >>> clock_text(95_400), clock_text(7.5)
        ('26:30:00', '00:00:07.5')
    """
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{int(hours):02}:{int(minutes):02}:{left:02.0f}" if left == int(left) else _fraction(hours, minutes, left)


def _fraction(hours: float, minutes: float, seconds: float) -> str:
    return f"{int(hours):02}:{int(minutes):02}:{seconds:04.1f}"


def scenario_text(scenario: Scenario) -> list[tuple[str, str]]:
    """What was simulated, as rows of a label and a text."""
    load, function, settings = scenario.load, scenario.function, scenario.settings
    hot = f", keys by Zipf's law with exponent {load.zipf:g}" if load.zipf else ""
    varied = ", varying" if load.profile or load.bursts else ""
    poison = f", {load.poison:.3g} of them poison" if load.poison else ""
    lanes = f"{load.shards:,} {_plural('shard', load.shards)}"
    factor = settings.parallelization_factor
    return [
        ("load", f"{load.writes:,g} writes/s{varied} for {seconds_text(load.seconds)}{hot}{poison}"),
        ("stream", f"{lanes} of {factor} {_plural('lane', factor)} each, polled every {seconds_text(scenario.poll)}"),
        ("mapping", _mapping_text(scenario)),
        (
            "function",
            f"{seconds_text(function.seconds)} and {function.seconds_per_record * 1000:g} ms a record, "
            f"{function.memory:,} MB, time-out {function.timeout:g} s; a lane takes {scenario.capacity:,.4g} records/s",
        ),
    ]


def _mapping_text(scenario: Scenario) -> str:
    settings = scenario.settings
    retries, age = settings.maximum_retry_attempts, settings.maximum_record_age_in_seconds
    return ", ".join(
        (
            f"batches of {settings.batch_size:,}",
            f"window {settings.maximum_batching_window_in_seconds} s",
            "retries without end" if retries == -1 else f"{retries} {_plural('retry', retries)}",
            "records of any age" if age == -1 else f"records up to {age:,} s old",
            "bisecting" if settings.bisect_batch_on_function_error else "no bisecting",
            "ReportBatchItemFailures" if settings.reports else "no partial responses",
        )
    )


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _money(dollars: float) -> str:
    return f"${dollars:,.2f}" if dollars >= 1 or not dollars else f"${dollars:.2g}"


def _sure(estimate: Estimate) -> str:
    if not estimate.error or math.isnan(estimate.error):
        return ""
    return f"± {_whole(estimate.error)}" if estimate.error >= 0.5 else ""


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
