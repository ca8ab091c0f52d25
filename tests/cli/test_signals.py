"""Signals at random moments to commands that do everything that could keep them alive; see ``tests/cli/signals.py``."""

from __future__ import annotations

import signal

import pytest

from tests.cli.signals import run, situations


@pytest.fixture(autouse=True)
def signals_reach_the_commands() -> None:
    """A background command of a shell ignores SIGINT, and so do the commands that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        pytest.skip("SIGINT is ignored")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_command_ends() -> None:
    """By itself, with 130 or 143, without a traceback, and leaving no process; how soon depends on the machine."""
    ends = run(len(list(situations())), beside=4)
    assert [end for end in ends if not end.right] == []
