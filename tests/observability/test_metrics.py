"""Metrics writes the figures of an invocation, and no item values."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import pytest

from router import (
    Change,
    Dispatcher,
    Drop,
    MemoryParking,
    Metrics,
    Modify,
    RegistrationError,
    Reject,
    Routes,
    discriminators,
)
from router.errors import MalformedRecordError
from router.observability.metrics import Figures, InvocationFigures
from router.outcomes import Outcome
from tests.builders import SUCCESS, Context, Customer, Handled, Json, Order, batch, dispatcher, insert, inserts, without
from tests.clock import Clock

SWITCHES = ("POWERTOOLS_METRICS_DISABLED", "POWERTOOLS_DEV", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SWITCHES, "AWS_LAMBDA_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOG_LEVEL", "ERROR")


class Lines:
    """The EMF lines of the captured output."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        printed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
        self.all: list[Json] = [line for line in printed if "_aws" in line]

    @property
    def total(self) -> Json:
        (line,) = (line for line in self.all if "entity" not in line)
        return line

    def entity(self, name: str) -> Json:
        (line,) = (line for line in self.all if line.get("entity") == name)
        return line


def metrics_of(line: Json) -> dict[str, Any]:
    """The values of the counts, by name."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    names = [metric["Name"] for metric in directive["Metrics"] if metric["Unit"] == "Count"]
    return {name: line[name][0] for name in names}


def shop(**options: Any) -> Dispatcher:
    """Orders with a total of 13 fail, and customers are rejected."""
    routes = Routes()

    @routes.on(Order)
    def place(change: Change[Order]) -> None:
        if change.image.total == 13:
            raise TimeoutError

    @routes.on(Customer)
    def greet(change: Change[Customer]) -> None:
        msg = "never"
        raise Reject(msg)

    return Dispatcher(routes, metrics=Metrics("Shop"), **options)


# ------------------------------------------------------------------------------------------------------------ the lines


def test_an_invocation_writes_a_line_for_itself_and_one_for_each_entity(capsys: pytest.CaptureFixture[str]) -> None:
    """There is one line for the invocation, and one for each entity in it."""
    shop(parking=MemoryParking())(batch(insert(1), insert(2, entity="Customer"), insert(3)))
    assert [line.get("entity") for line in Lines(capsys).all] == [None, "Order", "Customer"]


def test_the_line_of_the_invocation_has_every_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Counts of zero are written for the invocation, because an alarm needs data."""
    shop()(inserts(1, 2))
    assert metrics_of(Lines(capsys).total) == {
        "Records": 2,
        "Routed": 2,
        "Unrouted": 0,
        "Parked": 0,
        "Dropped": 0,
        "Deferred": 0,
        "Failed": 0,
    }


def test_the_line_of_an_entity_has_no_zeros(capsys: pytest.CaptureFixture[str]) -> None:
    """Counts of zero are not written for an entity, because each metric of each entity costs money."""
    shop()(inserts(1, 2))
    assert metrics_of(Lines(capsys).entity("Order")) == {"Records": 2, "Routed": 2}


def test_failures_are_counted_by_stage(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure counts for its stage, and the records after it count as deferred."""
    shop()(batch(insert(1), insert(2, total=13), insert(3), insert(4, entity="Customer")))
    lines = Lines(capsys)
    assert metrics_of(lines.entity("Order")) == {
        "Records": 3,
        "Routed": 1,
        "Deferred": 1,
        "Failed": 1,
        "FailedHandler": 1,
    }
    assert metrics_of(lines.entity("Customer")) == {"Records": 1, "Deferred": 1}


@pytest.mark.parametrize(
    ("record", "metric"),
    [
        (insert(1, total={"N": "x"}), "FailedDecode"),
        (insert(1, total="much"), "FailedValidate"),
        (without(insert(1), "eventName"), "FailedEnvelope"),
    ],
)
def test_each_stage_has_its_metric(capsys: pytest.CaptureFixture[str], record: Json, metric: str) -> None:
    """Each stage at which a record can fail has a metric."""
    shop()(batch(record))
    assert metrics_of(Lines(capsys).total)[metric] == 1


def test_parked_record_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """A parked record counts as parked, and not as failed."""
    shop(parking=MemoryParking())(batch(insert(1, entity="Customer")))
    assert metrics_of(Lines(capsys).entity("Customer")) == {"Records": 1, "Parked": 1}


def test_failed_parking_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """A record that could not be parked counts as failed at stage park."""

    class Full:
        def park(self, parked: object) -> None:
            raise OSError

    shop(parking=Full())(batch(insert(1, entity="Customer")))
    assert metrics_of(Lines(capsys).total)["FailedPark"] == 1


def test_dropped_record_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """A dropped record counts as dropped; one that no condition matches does not."""
    routes = Routes()

    @routes.on_modify(Order)
    def ship(change: Modify[Order]) -> None: ...

    app = dispatcher(Handled({1: ValueError()}), metrics=Metrics("Shop"), on_error={ValueError: Drop()})
    app(inserts(1, 2))
    Dispatcher(routes, metrics=Metrics("Shop"))(inserts(1))
    assert [metrics_of(line)["Dropped"] for line in Lines(capsys).all if "entity" not in line] == [1, 0]


@pytest.mark.parametrize(("unrouted", "also"), [("skip", {}), ("fail", {"Failed": 1, "FailedUnrouted": 1})])
def test_a_record_without_a_route_counts(capsys: pytest.CaptureFixture[str], unrouted: str, also: Json) -> None:
    """A record without a route counts as unrouted, skipped or failed."""
    shop(unrouted=unrouted)(batch(insert(1, entity="Stranger")))
    counts = metrics_of(Lines(capsys).total)
    assert {name: count for name, count in counts.items() if count} == {"Records": 1, "Unrouted": 1, **also}


def test_parked_unrouted_record_counts_as_both(capsys: pytest.CaptureFixture[str]) -> None:
    """A parked record without a route counts as unrouted and as parked."""
    shop(unrouted="park", parking=MemoryParking())(batch(insert(1, entity="Stranger")))
    counts = metrics_of(Lines(capsys).total)
    assert (counts["Unrouted"], counts["Parked"], counts["Failed"]) == (1, 1, 0)


def test_a_record_counts_once_and_its_routes_each(capsys: pytest.CaptureFixture[str]) -> None:
    """A record with two routes counts once in Records and twice in Routed."""
    routes = Routes()
    routes.on(Order)(Handled())
    routes.on(Order)(Handled())
    Dispatcher(routes, metrics=Metrics("Shop"))(inserts(1))
    assert metrics_of(Lines(capsys).entity("Order")) == {"Records": 1, "Routed": 2}


def test_an_empty_batch_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """An invocation without records has counts of zero, and no age."""
    shop()(batch())
    line = Lines(capsys).total
    assert (metrics_of(line)["Records"], "RecordAge" in line, "HandlerDuration" in line) == (0, False, False)


# ------------------------------------------------------------------------------------------------------- the dimensions


def test_only_registered_entities_are_dimensions(capsys: pytest.CaptureFixture[str]) -> None:
    """An unregistered entity is no dimension, because it is an unchecked value of the item."""
    routes = Routes()
    routes.on(Order)(Handled())

    @routes.fallback
    def other(change: Change[dict[str, Any]]) -> None: ...

    Dispatcher(routes, metrics=Metrics("Shop"))(batch(insert(1, entity="s3cret"), insert(2)))
    lines = Lines(capsys)
    assert [line.get("entity") for line in lines.all] == [None, "Order"]
    assert metrics_of(lines.total)["Routed"] == 2
    assert "s3cret" not in json.dumps(lines.all)


def test_a_name_in_another_case_is_the_same_entity(capsys: pytest.CaptureFixture[str]) -> None:
    """If the discriminator folds names, the dimension is the registered name."""
    routes = Routes()
    routes.on(Order)(Handled())
    app = Dispatcher(routes, metrics=Metrics("Shop"), discriminator=discriminators.folded("EntityType"))
    app(batch(insert(1, entity="ORDER"), insert(2, entity="order"), insert(3)))
    lines = Lines(capsys)
    assert [line.get("entity") for line in lines.all] == [None, "Order"]
    assert metrics_of(lines.entity("Order"))["Records"] == 3


def test_a_discriminator_that_raises_spoils_no_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    """A record whose discriminator raises counts for no entity."""

    def moody(image: Any) -> str | None:
        raise LookupError

    dispatcher(Handled(), metrics=Metrics("Shop"), discriminator=moody)(inserts(1, 2))
    lines = Lines(capsys)
    assert (len(lines.all), metrics_of(lines.total)["Deferred"]) == (1, 1)


def test_the_service_is_a_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    """The service is a dimension of every line."""
    dispatcher(Handled(), metrics=Metrics("Shop", service="router"))(inserts(1))
    lines = Lines(capsys).all
    assert [line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for line in lines] == [
        [["service"]],
        [["service", "entity"]],
    ]
    assert {line["service"] for line in lines} == {"router"}


def test_the_environment_names_namespace_and_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Powertools' environment variables set the namespace and the service."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Shop")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "router")
    dispatcher(Handled(), metrics=Metrics())(inserts(1))
    line = Lines(capsys).total
    assert (line["_aws"]["CloudWatchMetrics"][0]["Namespace"], line["service"]) == ("Shop", "router")


def test_metrics_without_a_namespace_are_refused() -> None:
    """A missing namespace is an error when the function is initialised."""
    with pytest.raises(RegistrationError, match=r"found no namespace, expected Metrics\('Shop'\)"):
        Metrics()


def test_no_value_of_an_item_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """No metric line contains an item value, of a record that succeeds or of one that fails."""
    app = dispatcher(Handled({2: ValueError("s3cret")}), metrics=Metrics("Shop"))
    app(batch(insert(1, status="s3cret", key="s3cret"), insert(2, status="s3cret", total={"S": "s3cret"})))
    assert "s3cret" not in json.dumps(Lines(capsys).all)


# ------------------------------------------------------------------------------------------------------ time and values


def test_durations_are_in_milliseconds(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    """Each call is one value, so that CloudWatch can compute percentiles."""

    def slow(change: Change[Order]) -> None:
        clock.advance(0.02)

    dispatcher(slow, metrics=Metrics("Shop"))(inserts(1, 2))
    line = Lines(capsys).entity("Order")
    assert line["HandlerDuration"] == pytest.approx([20, 20])


def test_a_handler_that_fails_has_a_duration(capsys: pytest.CaptureFixture[str]) -> None:
    """A failed call has a duration; a record that fails before its handler has none."""
    app = shop()
    app(batch(insert(1, total=13)))
    app(batch(insert(1, total="much")))
    assert ["HandlerDuration" in line for line in Lines(capsys).all if "entity" in line] == [True, False]


def test_a_batch_handler_has_one_duration(capsys: pytest.CaptureFixture[str]) -> None:
    """A call of a batch handler has one duration, for all its records."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None: ...

    Dispatcher(routes, metrics=Metrics("Shop"))(inserts(1, 2, 3))
    line = Lines(capsys).entity("Order")
    assert (line["Routed"], len(line["HandlerDuration"])) == ([3], 1)


def outcomes_of(durations: Sequence[float]) -> list[Outcome]:
    report = dispatcher(Handled()).dispatch(inserts(*range(1, len(durations) + 1)))
    for outcome, duration in zip(report, durations, strict=True):
        outcome.duration = duration
    return list(report)


def test_more_durations_than_a_line_takes_are_sampled(capsys: pytest.CaptureFixture[str]) -> None:
    """A line has at most 100 durations, with the same minimum, maximum and percentiles."""
    seconds = [number / 1000 for number in range(1000, 0, -1)]
    Metrics("Shop").emit(InvocationFigures(outcomes_of(seconds), lambda record: record.entity))
    values = Lines(capsys).total["HandlerDuration"]
    assert (len(values), min(values), max(values)) == (100, 1, 1000)
    assert sorted(values)[49] == pytest.approx(500, abs=10)
    assert sorted(values)[98] == pytest.approx(990, abs=1)


def test_the_age_is_that_of_the_oldest_record(capsys: pytest.CaptureFixture[str]) -> None:
    """The age is that of the first record, in seconds, at the end of the invocation."""
    at = time.time()
    records = [insert(1), insert(2), insert(3, entity="Customer")]
    for number, record in enumerate(records):
        record["dynamodb"]["ApproximateCreationDateTime"] = at - 9000 + number * 3000
    shop(parking=MemoryParking())(batch(*records))
    lines = Lines(capsys)
    assert lines.total["RecordAge"][0] == pytest.approx(9000, abs=60)
    assert lines.entity("Customer")["RecordAge"][0] == pytest.approx(3000, abs=60)


def test_a_clock_that_is_behind_makes_no_negative_age(capsys: pytest.CaptureFixture[str]) -> None:
    """An age below zero, which two clocks can give, is written as zero."""
    record = insert(1)
    record["dynamodb"]["ApproximateCreationDateTime"] = time.time() + 60
    shop()(batch(record))
    assert Lines(capsys).total["RecordAge"] == [0]


def test_a_record_without_a_time_has_no_age(capsys: pytest.CaptureFixture[str]) -> None:
    """Records without a time of creation give no age."""
    shop()(inserts(1))
    assert "RecordAge" not in Lines(capsys).total


# ----------------------------------------------------------------------------------------------------------- the switch


@pytest.mark.parametrize(
    ("environment", "off"),
    [
        ({}, False),
        ({"POWERTOOLS_METRICS_DISABLED": "true"}, True),
        ({"POWERTOOLS_METRICS_DISABLED": "1"}, True),
        ({"POWERTOOLS_METRICS_DISABLED": "false"}, False),
        ({"POWERTOOLS_DEV": "true"}, True),
        ({"POWERTOOLS_DEV": "true", "POWERTOOLS_METRICS_DISABLED": "false"}, False),
    ],
)
def test_the_switch_is_that_of_powertools(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: dict[str, str], off: bool
) -> None:
    """Metrics are off for each value of the variable for which Powertools is off."""
    from aws_lambda_powertools.metrics.functions import is_metrics_disabled

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    dispatcher(Handled(), metrics=Metrics("Shop"))(inserts(1))
    assert (not Lines(capsys).all, is_metrics_disabled()) == (off, off)


def test_the_switch_works_after_construction(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The variable counts when the metrics are written, so that a test may set it after the import of an app."""
    app = dispatcher(Handled(), metrics=Metrics("Shop"))
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    app(inserts(1))
    assert Lines(capsys).all == []


def test_the_commands_print_no_metrics() -> None:
    """The commands write no metrics, because the output of `router invoke` is its result."""
    command = [sys.executable, "-c", "from router.cli import main; main()", "invoke", "tests/events/customer.json"]
    environment = {**os.environ, "POWERTOOLS_METRICS_NAMESPACE": "Shop"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "show_profile" in done.stdout
    assert "_aws" not in done.stdout + done.stderr


def powertools_after(statements: str, **environment: str) -> bool:
    code = f"import sys, router; {statements}; print('aws_lambda_powertools' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()[-1] == "True"


def test_powertools_is_imported_where_the_function_is_initialised() -> None:
    """Powertools is imported when the function is initialised, not in the first batch."""
    assert powertools_after("router.Metrics('Shop')")


def test_a_function_without_metrics_imports_no_powertools() -> None:
    """An app without metrics imports no Powertools."""
    assert not powertools_after("router.Dispatcher()({'Records': []})", LOG_LEVEL="ERROR")


def test_metrics_that_are_off_import_no_powertools() -> None:
    """Metrics that are switched off need no namespace, and import no Powertools."""
    statements = "router.Dispatcher(metrics=router.Metrics())({'Records': []})"
    assert not powertools_after(statements, LOG_LEVEL="ERROR", POWERTOOLS_METRICS_DISABLED="true")


# -------------------------------------------------------------------------------------------------- what can go wrong


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def emit(self, figures: InvocationFigures) -> None:
        raise self.error


def test_failing_metrics_fail_no_record(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If the metrics fail, the batch still succeeds, and a log line states it."""
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    assert dispatcher(Handled(), metrics=Broken(OSError("s3cret")))(inserts(1)) == SUCCESS
    printed = capsys.readouterr().out
    line = json.loads(printed)
    assert (line["event"], line["level"], line["error"]) == ("metrics failed", "warning", "OSError")
    assert "s3cret" not in printed


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_closed_standard_output_fails_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed standard output fails no batch."""
    monkeypatch.setattr("sys.stdout", Gone())
    assert dispatcher(Handled(), metrics=Metrics("Shop"))(inserts(1)) == SUCCESS


def test_a_batch_that_fails_as_a_whole_has_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    """If a record cannot be reported, the invocation raises, and its metrics are still written."""
    app = dispatcher(Handled(), metrics=Metrics("Shop"))
    with pytest.raises(MalformedRecordError):
        app(batch(without(insert(1, total="much"), "SequenceNumber")))
    assert metrics_of(Lines(capsys).total)["FailedValidate"] == 1


def test_deferred_records_count(capsys: pytest.CaptureFixture[str]) -> None:
    """A deferred record counts for its entity, although no handler has read it."""
    dispatcher(Handled(), metrics=Metrics("Shop"))(inserts(1, 2), Context(remaining=0))
    assert metrics_of(Lines(capsys).entity("Order")) == {"Records": 2, "Deferred": 2}


@pytest.mark.parametrize("level", ["WARN", "ERROR"])
def test_lambda_does_not_filter_the_lines_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level: str
) -> None:
    """A metric line has the level that Lambda keeps, because Lambda treats a line without one as INFO."""
    monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", level)
    dispatcher(Handled(), metrics=Metrics("Shop"))(inserts(1))
    assert {line["level"] for line in Lines(capsys).all} == {level}


# ---------------------------------------------------------------------------------------------------------- the seam


class Kept:
    def __init__(self) -> None:
        self.emitted: list[InvocationFigures] = []

    def emit(self, figures: InvocationFigures) -> None:
        self.emitted.append(figures)


def test_a_users_meter_gets_the_figures() -> None:
    """A Meter of the user gets the figures."""
    kept = Kept()
    dispatcher(Handled({2: TimeoutError()}), metrics=kept)(inserts(1, 2, 3))
    (figures,) = kept.emitted
    orders = figures.entities["Order"]
    assert isinstance(orders, Figures)
    assert (orders.records, orders.routed, orders.failed, orders.deferred) == (3, 1, {"handler": 1}, 1)
    assert (figures.total.records, len(figures.total.durations)) == (3, 2)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_an_invocation_is_emitted_once(concurrency: int) -> None:
    """The figures are emitted once, for any number of lanes."""
    kept = Kept()
    dispatcher(Handled(), metrics=kept, concurrency=concurrency)(inserts(*range(1, 20)))
    assert [figures.total.routed for figures in kept.emitted] == [19]


def test_repr() -> None:
    """The repr shows the namespace, and the service if there is one."""
    assert (repr(Metrics("Shop")), repr(Metrics("Shop", service="x"))) == (
        "Metrics('Shop')",
        "Metrics('Shop', service='x')",
    )
