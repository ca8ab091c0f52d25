"""``router.cli.context``: the stand-in for Lambda's context."""

import time

import pytest

from router.cli.context import StandInContext


def test_the_remaining_time_counts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second later half a second less is left."""
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    context = StandInContext(timeout=2)
    monkeypatch.setattr(time, "monotonic", lambda: now + 0.5)
    assert context.get_remaining_time_in_millis() == 1500


def test_the_remaining_time_is_never_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the end nothing is left."""
    now = time.monotonic()
    context = StandInContext(timeout=1)
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)
    assert context.get_remaining_time_in_millis() == 0


def test_each_invocation_has_its_own_request() -> None:
    """Two invocations bear two request identifiers."""
    assert StandInContext(1).aws_request_id != StandInContext(1).aws_request_id


def test_the_arn_names_the_function() -> None:
    """The ARN ends with the function's name, as Lambda's does."""
    context = StandInContext(1)
    assert context.invoked_function_arn.endswith(f":function:{context.function_name}")
