"""Outcomes and reports tell what became of records, and show nothing of the items."""

from typing import Any

import pytest

from router import Event, Insert, Outcome, Record, Reject, Report, Route, Routes
from tests.strategies import SECRET


def handle(change: Insert[dict[str, Any]]) -> None: ...


@pytest.fixture
def record() -> Record:
    return Record({}, {"NewImage": {"a": {"S": SECRET}}, "SequenceNumber": "7"}, Event.INSERT)


@pytest.fixture
def route() -> Route:
    routes = Routes()
    routes.on_insert(dict[str, Any], entity="Order")(handle)
    return next(iter(routes))


def test_outcome(record: Record, route: Route) -> None:
    """An outcome holds what it was given."""
    error = Reject("no")
    outcome = Outcome("failed", record, route, "handler", error, 0.5)
    assert (outcome.status, outcome.record, outcome.route, outcome.stage, outcome.error, outcome.duration) == (
        "failed",
        record,
        route,
        "handler",
        error,
        0.5,
    )


def test_outcome_without_more(record: Record) -> None:
    """An outcome of a record that reached no route has no route, no stage, no error and took no time."""
    outcome = Outcome("unrouted", record)
    assert (outcome.route, outcome.stage, outcome.error, outcome.duration) == (None, None, None, 0.0)


def test_repr_of_a_success(record: Record, route: Route) -> None:
    """An outcome prints its status, its route and its record's identity."""
    assert repr(Outcome("done", record, route)) == f"<Outcome done, {route!r}, {record!r}>"


def test_repr_of_a_failure(record: Record) -> None:
    """A failure prints its stage and the type of its error, and neither the error's text nor the item."""
    printed = repr(Outcome("failed", record, None, "handler", ValueError(SECRET)))
    assert printed == f"<Outcome failed at handler: ValueError, None, {record!r}>"


def test_report_gives_its_outcomes(record: Record) -> None:
    """Iterating a report gives its outcomes in order, and its length is their number."""
    outcomes = [Outcome("done", record), Outcome("failed", record)]
    report = Report(outcomes, {"batchItemFailures": []})
    assert (list(report), len(report)) == (outcomes, 2)


def test_report_counts(record: Record) -> None:
    """A report counts its outcomes by status, and leaves out what did not occur."""
    report = Report([Outcome("done", record), Outcome("failed", record), Outcome("done", record)], {})
    assert report.counts() == {"done": 2, "failed": 1}


def test_report_prints_counts(record: Record) -> None:
    """A report prints its counts."""
    assert repr(Report([Outcome("done", record), Outcome("deferred", record)], {})) == "<Report 1 done, 1 deferred>"


def test_report_of_nothing() -> None:
    """A report of an empty batch says so."""
    assert repr(Report([], {})) == "<Report no records>"
