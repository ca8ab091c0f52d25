"""``router.local.lint.rules.timeouts``: the time that a batch takes."""

from collections.abc import Sequence

import pytest

from router import (
    Change,
    Dispatcher,
    Routes,
)
from tests.local.lint.deployments import Check, Order, ids, line_of, shop


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ("Timeout: 60", "Timeout: 3", "batch-beyond-timeout", "Changes:"),
    ],
)
def test_a_wrong_setting_is_the_only_finding(check: Check, old: str, new: str, rule: str, line: str) -> None:
    """At the line of the setting, or of the mapping, function or table that lacks it."""
    findings = check((old, new))
    assert ids(findings) == [rule]
    assert line_of(findings[0]).startswith(line)


def test_a_reserve_as_long_as_the_timeout_is_an_error(check: Check) -> None:
    """No record ever starts."""
    (found,) = check(app=shop(reserve=60))
    assert (found.rule, line_of(found)) == ("timeout-below-reserve", "Timeout: 60")


def test_the_time_of_a_record_decides_whether_a_batch_fits(check: Check) -> None:
    """A hundred records in 59.5 seconds."""
    assert check(per_record=0.59) == []
    (found,) = check(per_record=0.6)
    assert (found.rule, found.severity) == ("batch-beyond-timeout", "warning")
    assert "100 records at 0.6 s each (--per-record) take 60 s" in found.why
    assert found.instead == "Timeout: 121\n# or\nBatchSize: 99"


def test_a_timeout_may_be_a_text(check: Check) -> None:
    """CloudFormation converts a number, and refuses another text."""
    assert check(("Timeout: 60", "Timeout: '60'")) == []
    (note,) = check(("Timeout: 60", "Timeout: long"))
    assert note.why.startswith("Not judged, because Timeout is of a type that Lambda refuses: ")


def test_concurrent_lanes_share_the_time(check: Check) -> None:
    """Ten lanes take a tenth."""
    assert check(per_record=5, app=shop(concurrency=10)) == []


def test_a_batch_handler_that_never_runs_loses_records(check: Check) -> None:
    """A failed attempt counts, while deferred records only wait."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None: ...

    (found,) = check(per_record=1, app=Dispatcher(routes))
    assert "counts as a failed attempt" in found.why
