"""A deadline gives the remaining time in the forms that handlers need."""

from __future__ import annotations

import math
import socket

import pytest

from router import Deadline


def test_a_deadline_comes_nearer() -> None:
    """The remaining time decreases."""
    deadline = Deadline(60)
    first = deadline.remaining
    assert 0 < deadline.remaining <= first <= 60


def test_a_deadline_passes() -> None:
    """After the deadline the remaining time is zero, because a negative time-out is an error."""
    deadline = Deadline(-1)
    assert (deadline.passed, deadline.remaining, deadline.timeout) == (True, 0, 0)


def test_without_a_deadline_there_is_all_the_time() -> None:
    """Without a deadline the remaining time is infinite."""
    assert (Deadline().passed, Deadline().remaining, min(5, Deadline().remaining)) == (False, math.inf, 5)


@pytest.mark.parametrize("deadline", [Deadline(), Deadline(60)])
def test_a_timeout_can_be_given_to_a_socket(deadline: Deadline) -> None:
    """Without a deadline the time-out is ``None``, because sockets accept no infinity."""
    with socket.socket() as made:
        made.settimeout(deadline.timeout)
        with pytest.raises(OverflowError):
            made.settimeout(math.inf)


def test_a_deadline_prints_what_remains() -> None:
    """The repr shows the remaining time, or never."""
    assert (repr(Deadline()), repr(Deadline(-1))) == ("<Deadline never>", "<Deadline in 0.000 s>")
