"""The clock of ``router.context``: one for ages, deadlines and expiries."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

import router
from router import Event as RecordEvent
from router import Record
from router.completed import MemoryCompleted
from router.context import Clock, Deadline, now, running_on

VIRTUAL = datetime(2020, 5, 1, 12, tzinfo=UTC)

# These modules are about real time: they start processes, wait, measure commands, or make records of their own.
REAL_TIME = (
    "cli/",
    "local/",
    "testing/",
    "context.py",
    "effects/entry_queue.py",
    "inject/middleware.py",
    "observability/log_lines.py",
)


@pytest.fixture
def virtual() -> Clock:
    return Clock(VIRTUAL.timestamp, lambda: 100.0)


def test_the_default_is_the_machines_clock() -> None:
    """In Lambda nothing sets another one."""
    before = datetime.now(UTC)
    assert before <= now() <= datetime.now(UTC)


def test_a_clock_ends_with_its_block(virtual: Clock) -> None:
    """The code behind it reads the clock from before."""
    with running_on(virtual):
        assert now() == VIRTUAL
    assert now() != VIRTUAL


def test_threads_of_a_handler_are_on_the_clock(virtual: Clock) -> None:
    """They have no context variables, and may run the app."""
    with running_on(virtual), ThreadPoolExecutor(1) as threads:
        assert threads.submit(now).result() == VIRTUAL


def test_each_thread_has_the_clock_that_it_set(virtual: Clock) -> None:
    """Tests that run beside each other do not share a clock, and none is left when they end in another order."""
    entered, left = Event(), Event()

    def other() -> datetime:
        with running_on(Clock(lambda: 0.0, lambda: 0.0)):
            entered.set()
            left.wait()
            return now()

    with ThreadPoolExecutor(1) as threads:
        with running_on(virtual):
            found = threads.submit(other)
            entered.wait()
            here = now()
        left.set()
        there, afterwards = found.result(), threads.submit(now).result()
    assert (here, there) == (VIRTUAL, datetime(1970, 1, 1, tzinfo=UTC))
    assert afterwards > VIRTUAL


def test_the_age_of_a_record_is_on_the_clock(virtual: Clock) -> None:
    """Unless a time is given."""
    record = Record({}, {"ApproximateCreationDateTime": VIRTUAL.timestamp() - 60}, RecordEvent.INSERT)
    with running_on(virtual):
        assert record.age() == 60
        assert record.age(datetime(2020, 5, 1, 13, tzinfo=UTC)) == 3660


def test_a_deadline_stays_on_the_clock_on_which_it_was_made() -> None:
    """A thread that a handler starts has no context variables, and reads the same deadline."""
    seconds = [100.0]
    with running_on(Clock(VIRTUAL.timestamp, lambda: seconds[0])):
        deadline = Deadline(30)
    seconds[0] += 10
    assert (deadline.remaining, deadline.passed) == (20, False)
    seconds[0] += 21
    assert (deadline.remaining, deadline.passed) == (0, True)


def test_a_completed_pair_expires_on_the_clock() -> None:
    """After 24 hours of it."""
    completed, seconds = MemoryCompleted(), [0.0]
    with running_on(Clock(lambda: seconds[0], lambda: 0.0)):
        completed.remember([("route", "e1:1")])
        seconds[0] = 86_400.0
        completed.recall([])
        assert len(completed) == 1
        seconds[0] = 86_401.0
        completed.recall([])
        assert len(completed) == 0


def test_nothing_else_in_the_package_reads_the_time() -> None:
    """Ages, deadlines and expiries of an invocation would else run on two clocks."""
    package = Path(router.__file__).parent
    reading = re.compile(r"\b(?:import time|from time import|datetime\.(?:now|utcnow)|date\.today)\b")
    found = [
        path
        for path in sorted(each.relative_to(package).as_posix() for each in package.rglob("*.py"))
        if not path.startswith(REAL_TIME) and reading.search((package / path).read_text(encoding="utf-8"))
    ]
    assert found == []
