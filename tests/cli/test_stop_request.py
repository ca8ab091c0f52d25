"""``router.cli.stop_request``: what SIGINT and SIGTERM do to a session."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from router.cli.stop_request import StopRequest, stop_request


@pytest.fixture
def stop() -> Iterator[StopRequest]:
    """A request that no signal has made, with a grace time that no test reaches."""
    request = StopRequest(grace=600)
    yield request
    signal.setitimer(signal.ITIMER_REAL, 0)


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run a session in a process of its own."""
    head = "import os, signal, time\nfrom router.cli.stop_request import stop_request\n"
    return subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_request(number: signal.Signals) -> None:
    """In a deferred block a signal raises nothing and sets requested."""
    with stop_request(grace=600) as request, request.deferred():
        signal.raise_signal(number)
        assert (request.requested, request.interrupted) == (True, False)


def test_a_second_signal_interrupts(stop: StopRequest) -> None:
    """In a deferred block the second signal raises KeyboardInterrupt."""
    with stop.deferred():
        stop.receive()
        with pytest.raises(KeyboardInterrupt):
            stop.receive()
    assert stop.interrupted


def test_outside_of_a_deferred_block_a_signal_interrupts(stop: StopRequest) -> None:
    """Before and after the block the first signal raises KeyboardInterrupt."""
    with pytest.raises(KeyboardInterrupt):
        stop.receive()
    assert (stop.requested, stop.interrupted) == (False, True)


def test_a_step_that_does_not_end_is_interrupted_again_and_again() -> None:
    """A KeyboardInterrupt that the step swallows is followed by another one."""
    swallowed = 0
    stop = StopRequest(grace=0.01)
    before = signal.signal(signal.SIGALRM, stop.interrupt)
    try:
        with stop.deferred():
            stop.receive()
            while swallowed < 3:
                try:
                    signal.pause()
                except KeyboardInterrupt:
                    swallowed += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert stop.interrupted


def test_the_handlers_are_restored() -> None:
    """After the block the signals have the handlers that they had before, and no timer runs."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with stop_request(grace=600) as request, request.deferred():
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_ignored_signal_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell ignores SIGINT for a command in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_request() as request, request.deferred():
            signal.raise_signal(signal.SIGINT)
            assert not request.requested
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_no_signal_is_received() -> None:
    """Python allows handlers in the main thread only; the block runs without them."""
    handlers = []

    def session() -> None:
        with stop_request():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=session)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGTERM)]


def test_a_lock_that_an_interrupt_left_held_does_not_keep_the_process() -> None:
    """After an interrupt the process ends without the interpreter's clean-up, here an exit handler that waits for ever."""
    done = run(
        "import atexit, contextlib, threading\n"
        "lock = threading.Lock()\n"
        "lock.acquire()\n"
        "atexit.register(lock.acquire)\n"
        "with stop_request(grace=0.05) as stop, contextlib.suppress(KeyboardInterrupt), stop.deferred():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    lock.acquire()\n"
        "    print('never')\n"
        "print('never')\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_interrupt_that_leaves_the_block_is_in_the_exit_code() -> None:
    """The exit code is 130, and the output before it is written."""
    done = run(
        "with stop_request():\n    print('output')\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(60)\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "output\n", "")
