"""``router.cli.stop_request``: what SIGINT and SIGTERM do to a session."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from router.cli.stop_request import StopRequest, stop_request

HEAD = """
import contextlib, os, signal, sys, threading, time
from router.cli.stop_request import stop_request

def send(number=signal.SIGINT):
    os.kill(os.getpid(), number)
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run a session in a process of its own."""
    return subprocess.run([sys.executable, "-c", HEAD + code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_is_a_request(number: signal.Signals, code: int) -> None:
    """A deferred signal raises nothing, and sets requested and the exit code of shells."""
    with stop_request(limit=600, grace=600) as stop:
        stop.defer()
        assert (stop.requested, stop.exit_code) == (False, 0)
        signal.raise_signal(number)
        assert (stop.requested, stop.interrupted, stop.exit_code) == (True, False, code)


def test_a_signal_that_is_not_deferred_interrupts() -> None:
    """Before defer() the first signal raises KeyboardInterrupt."""
    stop = StopRequest()
    with pytest.raises(KeyboardInterrupt):
        stop.receive(signal.SIGINT)
    assert (stop.requested, stop.interrupted) == (True, True)


def test_only_a_step_is_interrupted() -> None:
    """After defer() an interrupt outside of a step has no effect."""
    stop = StopRequest()
    stop.defer()
    stop.interrupt()
    with pytest.raises(KeyboardInterrupt), stop.step():
        stop.interrupt()
    stop.interrupt()
    assert stop.interrupted


def test_a_block_in_a_block_has_the_same_request() -> None:
    """A command has the request of the program around it."""
    with stop_request(limit=600) as outer, stop_request() as inner:
        assert inner is outer


def test_the_handlers_are_restored() -> None:
    """After the block the signals have the handlers that they had before, and no thread is left."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGURG)
    before, threads = [signal.getsignal(number) for number in numbers], threading.active_count()
    with stop_request(limit=600, grace=600) as stop:
        stop.defer()
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in numbers] == before
    assert threading.active_count() == threads


def test_an_ignored_signal_stays_ignored() -> None:
    """A shell ignores SIGINT for a command in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_request(limit=600) as stop:
            signal.raise_signal(signal.SIGINT)
            assert not stop.requested
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


# Each session says what it does after the signal, and the exit code is 130 for all.
SESSIONS = {
    "a step that sleeps is interrupted": """
with stop_request(limit=600, grace=0.05) as stop, contextlib.suppress(KeyboardInterrupt):
    stop.defer()
    with stop.step():
        send()
        time.sleep(600)
""",
    "a step that catches everything is interrupted again and again": """
caught = 0
with stop_request(limit=600, grace=0.05) as stop:
    stop.defer()
    with stop.step():
        send()
        while caught < 3:
            try:
                time.sleep(600)
            except BaseException:
                caught += 1
""",
    "an interrupt that is lost in a finalizer is repeated": """
class Lost:
    def __del__(self):
        send()
        for _ in range(1000):
            pass
with stop_request(limit=600, grace=0.05):
    Lost()
    time.sleep(600)
""",
    "an interrupt that is wrapped in another error is no traceback": """
with stop_request(limit=600):
    try:
        send()
        time.sleep(600)
    except KeyboardInterrupt as error:
        raise RuntimeError from error
""",
    "code that catches every interrupt is ended": """
with stop_request(limit=0.2, grace=0.05):
    send()
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(600)
""",
    "a clean-up that does not end is ended": """
with stop_request(limit=0.2) as stop:
    stop.defer()
    send()
    while True:
        time.sleep(600)
""",
    "C code that waits, in which no handler runs, is ended": """
import ctypes
with stop_request(limit=0.2):
    threading.Timer(0.1, send).start()
    while True:
        ctypes.CDLL(None).poll(None, 0, 600_000)
""",
    "a thread of the app does not keep the process": """
with stop_request(limit=0.2, until_exit=True) as stop:
    stop.defer()
    threading.Thread(target=time.sleep, args=(600,)).start()
    send()
sys.exit(stop.exit_code)
""",
    "an exit handler that waits for ever does not keep the process": """
import atexit
lock = threading.Lock()
lock.acquire()
atexit.register(lock.acquire)
with stop_request(limit=600, grace=0.05) as stop, contextlib.suppress(KeyboardInterrupt):
    stop.defer()
    with stop.step():
        send()
        lock.acquire()
""",
    "a second signal ends at once": """
with stop_request(limit=600, grace=600) as stop:
    stop.defer()
    send()
    time.sleep(0.3)
    send()
    time.sleep(600)
""",
    "an event loop that took over the wakeup of signals does not keep the process": """
import asyncio
async def listen():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, print)
    loop.remove_signal_handler(signal.SIGUSR1)
with stop_request(limit=0.2) as stop:
    stop.defer()
    asyncio.run(listen())
    send()
    time.sleep(600)
""",
}


@pytest.mark.parametrize("code", SESSIONS.values(), ids=SESSIONS.keys())
def test_every_session_ends(code: str) -> None:
    """A session ends by itself after SIGINT, with 130 and without a traceback, even if its code ignores it."""
    done = run(code)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_two_signals_at_once_are_one_request() -> None:
    """`timeout` sends a signal to the process and to its group."""
    done = run(
        "with stop_request(limit=600) as stop:\n"
        "    stop.defer()\n"
        "    send(signal.SIGTERM)\n"
        "    send(signal.SIGTERM)\n"
        "    time.sleep(0.3)\n"
        "    print('saved')\n"
        "sys.exit(stop.exit_code)\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (143, "saved\n", "")


def test_an_interrupt_that_leaves_the_block_is_in_the_exit_code() -> None:
    """The output before it is written."""
    done = run("with stop_request():\n    print('output')\n    send(signal.SIGTERM)\n    time.sleep(60)\n")
    assert (done.returncode, done.stdout, done.stderr) == (143, "output\n", "")


def test_the_limit_after_saving() -> None:
    """Once everything is saved, the rest of the command has a short time."""
    stop = StopRequest(limit=60)
    stop.defer()
    stop.receive(signal.SIGINT)
    stop.end_soon()
    assert stop.limit < 60
