"""``router.cli.dev_session``: what a session prints; test_dev runs sessions in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from router import Dispatcher
from router.cli.console import Page
from router.cli.dev_session import DevSession, InjectedFailures
from router.cli.runners import InProcess
from router.local.cloudformation.template import LocalFunction, read_template
from router.local.event_source_mapping import Discard, FunctionError, Invoke, Returned
from tests.cli.shop import PLACED, SHIPPED

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def function(project: Path) -> LocalFunction:
    """The function of the template."""
    return read_template(project / "template.yaml").function()


def session_of(function: LocalFunction, failures: InjectedFailures | None = None) -> DevSession:
    """A session; by default every second invocation fails."""
    runner = InProcess(Dispatcher(), timeout=3)
    return DevSession(runner, function, Page(), failures or InjectedFailures(fail=2), keys=False, as_json=False)


def discarded(*records: dict[str, Any]) -> Discard:
    """A discard as the mapping reports it; AWS counts at least one invocation."""
    context = {"requestContext": {"approximateInvokeCount": 1}}
    return Discard("shard", records, "RecordAgeExceeded", context, {"Records": [*records]}, "uuid")


def invoked(session: DevSession, *records: dict[str, Any]) -> object:
    """The type of the result of an invocation."""
    return type(session.invoke(Invoke("shard", 0, "request", 1, {"Records": [*records]})))


def test_discarded_records_that_were_never_delivered_say_so(function: LocalFunction, capsys: Capture) -> None:
    """The count of AWS's document would be wrong."""
    session = session_of(function)
    session.listen(discarded(PLACED))
    assert "discarded 1 record that was never delivered: RecordAgeExceeded" in capsys.readouterr().out


def test_discarded_records_that_failed_have_the_number_of_attempts(function: LocalFunction, capsys: Capture) -> None:
    """Of one whose invocation failed."""
    session = session_of(function)
    assert invoked(session, SHIPPED) is Returned
    assert invoked(session, PLACED) is FunctionError
    session.listen(discarded(PLACED))
    assert "discarded 1 record after 1 attempt: RecordAgeExceeded" in capsys.readouterr().out


def test_records_that_are_done_are_forgotten(function: LocalFunction, capsys: Capture) -> None:
    """A record of the same number in another shard is another record."""
    session = session_of(function)
    assert invoked(session, PLACED) is Returned
    session.listen(discarded(PLACED))
    assert "never delivered" in capsys.readouterr().out


WINDOW = {
    "window": {"start": "2026-09-17T14:14:00Z", "end": "2026-09-17T14:15:00Z"},
    "state": {"total": 7},
    "isFinalInvokeForWindow": False,
    "isWindowTerminatedEarly": False,
}


@pytest.mark.parametrize(("share", "poison"), [(0.3, "2"), (1.0, "1")])
def test_poison_keeps_the_state_of_a_window(function: LocalFunction, share: float, poison: str) -> None:
    """A response without a state fails the whole batch, so records before the poison would run again."""
    session = session_of(function, InjectedFailures(poison=share))
    result = session.invoke(Invoke("shard", 0, "request", 1, {"Records": [PLACED, SHIPPED], **WINDOW}))
    assert isinstance(result, Returned)
    assert result.response == {"batchItemFailures": [{"itemIdentifier": poison}], "state": {"total": 7}}


@pytest.mark.parametrize("final", [False, True])
def test_the_end_of_a_window_is_shown(function: LocalFunction, capsys: Capture, final: bool) -> None:
    """Its invocation has no record that would be."""
    session = session_of(function, InjectedFailures())
    session.invoke(Invoke("shard", 0, "request", 1, {"Records": [], **WINDOW, "isFinalInvokeForWindow": final}))
    shown = "window from 2026-09-17T14:14:00Z to 2026-09-17T14:15:00Z is over" in capsys.readouterr().out
    assert shown == final
