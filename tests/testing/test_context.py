"""``router.testing.context``: the context of an invocation."""

from __future__ import annotations

import time

import pytest

from router.testing import Context


@pytest.mark.parametrize(("remaining", "milliseconds"), [(1.5, 1500), (0, 0), (-1, 0), (lambda: 0.25, 250)])
def test_the_remaining_time_is_in_milliseconds(remaining: float, milliseconds: int) -> None:
    """It is a number or a function's result, and never negative."""
    assert Context(remaining=remaining).get_remaining_time_in_millis() == milliseconds


@pytest.mark.parametrize(("elapsed", "milliseconds"), [(0.5, 1500), (60, 0)])
def test_a_timeout_counts_down(elapsed: float, milliseconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remaining time is the time-out minus the elapsed time, and never negative."""
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    context = Context.with_timeout(2)
    monkeypatch.setattr(time, "monotonic", lambda: now + elapsed)
    assert context.get_remaining_time_in_millis() == milliseconds


def test_each_invocation_has_its_own_request_id() -> None:
    """Two contexts with a time-out have two request IDs unless one is given."""
    assert Context.with_timeout(1).aws_request_id != Context.with_timeout(1).aws_request_id
    assert Context.with_timeout(1, "r-1").aws_request_id == "r-1"


def test_the_arn_ends_with_the_functions_name() -> None:
    """The ARN and the log group are those of the function."""
    context = Context.with_timeout(1, function_name="orders")
    assert context.invoked_function_arn.endswith(":function:orders")
    assert context.log_group_name == "/aws/lambda/orders"


def test_the_attributes_are_lambdas() -> None:
    """Request ID, function and log group are those of the arguments."""
    context = Context("r-1", function_name="shop")
    assert context.aws_request_id == "r-1"
    assert context.invoked_function_arn.endswith(":function:shop")
    assert context.log_group_name == "/aws/lambda/shop"
    assert repr(context) == "Context('r-1')"
