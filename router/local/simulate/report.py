"""The figures of a simulation, as text and as a JSON document."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from router.local.function_limits import LONGEST_TIMEOUT
from router.local.simulate.scenario import Scenario
from router.local.simulate.series import Bucket
from router.local.simulate.simulation import Estimate, Simulation
from router.local.simulate.times import clock_text, duration_text
from router.local.wording import counted, plural

__all__ = ["Row", "course", "document", "scenario_text", "summary", "warnings"]

_PARTITION_WRITES = (
    1_000  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
)
_BUSY_SHARE = 0.8


class Row(NamedTuple):
    """A line of the summary.

    Args:
        label: The figure's name.
        value: The figure.
        remark: Its parts or its standard error.
    """

    label: str
    value: str
    remark: str = ""


def summary(simulation: Simulation) -> Iterator[Row]:
    """The figures over all lanes and the whole simulated time."""
    scenario, totals = simulation.scenario, simulation.totals
    seconds = scenario.load.duration
    value = {name: estimate.value for name, estimate in totals.items()}
    yield Row("written", _whole(value["written"]), f"{value['written'] / seconds:,.6g} records/s")
    yield Row("invocations", _whole(value["invocations"]), _rate(simulation))
    yield Row("  failed", _whole(value["failures"]), _plus_minus(totals["failures"]))
    yield Row("  cold starts", _whole(value["cold_starts"]), "at most: one environment for each lane")
    yield Row("executions", _whole(value["executions"]), "records that reached the handler")
    yield Row("  re-executions", _whole(value["re_executions"]), _plus_minus(totals["re_executions"]))
    yield Row("discarded", _whole(value["discarded"]), _joined(_documents(value), _plus_minus(totals["discarded"])))
    yield Row("trimmed", _whole(value["trimmed"]), "older than 24 h: no document" if value["trimmed"] else "")
    yield Row("waiting", _whole(value["waiting"]), "at the end")
    ages = f"p99 {duration_text(simulation.age_p99)}, max {duration_text(simulation.age_max)}"
    yield Row("iterator age", f"p50 {duration_text(simulation.age_p50)}", ages)
    peak = max((bucket.concurrency for bucket in simulation.buckets), default=0.0)
    yield Row("concurrency", f"mean {value['busy'] / seconds:,.4g}", _concurrency(simulation, peak))
    yield from _cost(simulation)


def _rate(simulation: Simulation) -> str:
    invocations, executions = simulation.totals["invocations"], simulation.totals["executions"].value
    each = executions / invocations.value if invocations.value else 0
    rate = invocations.value / simulation.scenario.load.duration
    return _joined(f"{rate:,.4g}/s, of {each:,.4g} records on average", _plus_minus(invocations))


def _documents(value: dict[str, float]) -> str:
    if not value["discarded"]:
        return ""
    return f"records in {_whole(value['documents'])} documents; {_whole(value['healthy'])} of them are not poison"


def _concurrency(simulation: Simulation, peak: float) -> str:
    length = duration_text(simulation.buckets[0].end - simulation.buckets[0].start)
    return f"{peak:,.4g} in the busiest {length}, at most {simulation.scenario.lanes:,}"


def _cost(simulation: Simulation) -> Iterator[Row]:
    bill, prices = simulation.bill, simulation.scenario.prices
    compute = f"{bill.gb_seconds:,.0f} GB-seconds on {prices.architecture} {_money(bill.compute)}"
    yield Row("cost", _money(bill.total), f"requests {_money(bill.requests)}, {compute}")
    yield Row(
        "  30 days of it", _money(bill.month), f"Lambda in {prices.region}, prices of {prices.as_of}, no free tier"
    )


def warnings(simulation: Simulation) -> Iterator[str]:
    """Limits of the scenario or of the figures, a sentence each."""
    scenario = simulation.scenario
    if simulation.busiest > scenario.capacity:
        slope = 1 - scenario.capacity / simulation.busiest
        yield (
            f"the busiest lane gets {simulation.busiest:,.4g} records/s and can process {scenario.capacity:,.4g}: "
            f"its iterator age grows by {slope:.2g} s a second"
        )
    elif simulation.busiest > _BUSY_SHARE * scenario.capacity:
        share = simulation.busiest / scenario.capacity
        yield f"the busiest lane gets {share:.0%} of the records that it can process in full batches"
    if simulation.busiest_shard > _PARTITION_WRITES:
        yield (
            f"the busiest shard gets {simulation.busiest_shard:,.0f} writes/s; a partition of DynamoDB takes "
            f"{_PARTITION_WRITES:,}, so the table gets more shards or throttles writes"
        )
    settings = scenario.mapping
    forever = settings.maximum_retry_attempts == -1 and settings.maximum_record_age_in_seconds == -1
    if forever and scenario.load.poison:
        yield "poison blocks its lane for 24 hours: set maximum_retry_attempts or maximum_record_age_in_seconds"
    if scenario.function.timeout > LONGEST_TIMEOUT:
        yield f"a time-out above {LONGEST_TIMEOUT:,} s needs Lambda Managed Instances, whose price is not simulated"
    if settings.filters:
        yield "filters are not simulated: the writes are those that pass them"
    if any(math.isnan(estimate.error) for estimate in simulation.totals.values()):
        yield "too few lanes were simulated to estimate the standard error"


def course(simulation: Simulation) -> list[tuple[str, ...]]:
    """The course over time as rows of a table; the first row is the heading."""
    heading = ("time", "writes/s", "invocations/s", "age p50", "age max", "concurrency", "waiting")
    return [heading, *(_course_row(bucket) for bucket in simulation.table)]


def _course_row(bucket: Bucket) -> tuple[str, ...]:
    return (
        clock_text(bucket.start),
        f"{bucket.writes:,.5g}",
        f"{bucket.invocations:,.4g}",
        duration_text(bucket.age_p50),
        duration_text(bucket.age_max),
        f"{bucket.concurrency:,.4g}",
        _whole(bucket.backlog),
    )


def document(simulation: Simulation) -> dict[str, Any]:
    """The figures as a JSON document; times are in seconds, a missing value is null."""
    bill, prices, load = simulation.bill, simulation.scenario.prices, simulation.scenario.load
    return {
        "seconds": load.duration,
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
                "architecture": prices.architecture,
                "request": prices.million_requests / 1e6,
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


def scenario_text(scenario: Scenario) -> list[tuple[str, str]]:
    """The scenario, as rows of a label and a text."""
    load, function, factor = scenario.load, scenario.function, scenario.mapping.parallelization_factor
    hot = f", items by Zipf's law with exponent {load.zipf:g}" if load.zipf else ""
    varied = ", varying" if load.profile or load.bursts else ""
    poison = f", {load.poison:.3g} of them poison" if load.poison else ""
    shards = f"{load.shards:,} {plural('shard', load.shards)}"
    return [
        ("load", f"{load.writes:,g} writes/s{varied} for {duration_text(load.duration)}{hot}{poison}"),
        ("stream", f"{shards} of {counted(factor, 'lane')} each, polled every {duration_text(scenario.poll)}"),
        ("mapping", _mapping_text(scenario)),
        (
            "function",
            f"{duration_text(function.invocation_time)} and {function.record_time * 1000:g} ms a record, "
            f"{function.memory:,} MB, time-out {function.timeout:g} s; "
            f"a lane processes {scenario.capacity:,.4g} records/s",
        ),
    ]


def _mapping_text(scenario: Scenario) -> str:
    settings = scenario.mapping
    retries, age = settings.maximum_retry_attempts, settings.maximum_record_age_in_seconds
    return ", ".join(
        (
            f"batches of {settings.batch_size:,}",
            f"window {settings.maximum_batching_window_in_seconds} s",
            "unlimited retries" if retries == -1 else counted(retries, "retry"),
            "records of any age" if age == -1 else f"records up to {age:,} s old",
            "bisecting" if settings.bisect_batch_on_function_error else "no bisecting",
            "ReportBatchItemFailures" if settings.reports else "no partial responses",
        )
    )


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _money(dollars: float) -> str:
    return f"${dollars:,.2f}" if dollars >= 1 or not dollars else f"${dollars:.2g}"


def _plus_minus(estimate: Estimate) -> str:
    if not estimate.error or math.isnan(estimate.error):
        return ""
    return f"± {_whole(estimate.error)}" if estimate.error >= 0.5 else ""


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
