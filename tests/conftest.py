"""Settings and fixtures of all tests."""

import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings

from router.context import SYSTEM_CLOCK
from router.parsing import parser as parser_module
from router.parsing.validation_errors import shows_error_texts
from tests.clock import Clock

pytest_plugins = ["pytester"]  # runs pytest on small projects, in tests/testing

# No deadline and no health check of speed: a shared machine stalls now and then, and slow examples are no failures.
settings.register_profile("full", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", parent=settings.get_profile("full"), max_examples=20)
settings.load_profile("full")

# `make test` measures coverage in the workers of pytest-xdist, not in the processes that tests start there.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_START", None)
    os.environ.pop("COLUMNS", None)  # pytest-xdist's: the output of a command that is no terminal has no width

# Tests cover generated parsers; by default the first hundred images of a model are parsed without one.
parser_module.IMAGES_BEFORE_CODEGEN = 0

# A process that a shell runs in the background ignores Ctrl-C, and so would every command that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real() -> None:
    """Marks a test that needs what `tests.real` describes: its own fixture, or one of its fixtures, requests this one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests with the fixture ``real``."""
    for item in items:
        if "real" in getattr(item, "fixturenames", ()):
            item.add_marker("real")


def pytest_unconfigure() -> None:
    """Close the socket that the SDK of X-Ray opens when it is imported, and never closes."""
    if sdk := sys.modules.get("aws_xray_sdk.core"):
        sdk.xray_recorder.emitter._socket.close()


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Take back what a test, or a command that it runs in this process, sets in the environment."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update({name: value for name, value in before.items() if os.environ.get(name) != value})
    shows_error_texts.cache_clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that only the test moves, in place of ``perf_counter`` in all of router's modules."""
    clock = Clock()
    monkeypatch.setattr(SYSTEM_CLOCK, "counter", clock)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "router" and getattr(module, "perf_counter", None) is time.perf_counter:
            monkeypatch.setattr(module, "perf_counter", clock)
    return clock


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Save what a worker of pytest-xdist measured: it ends without running exit handlers."""
    measured = Coverage.current()
    if measured is not None and hasattr(session.config, "workerinput"):
        measured.stop()
        measured.save()
