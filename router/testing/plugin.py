"""The pytest plugin: fixtures around the user's app, recorded events, and failures that explain records.

Fixtures: ``app``, ``stream``, ``stream_settings``, ``template_settings``, ``lambda_context``, ``recorded_event``.
Marker: ``stream``. Options:
``router_app`` and ``router_events`` in pytest's configuration, ``--record-mode`` on its command line.

Imports are inside of functions, so that the start of pytest imports neither the app nor the tools.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from router.app import Dispatcher
    from router.testing.app_stream import AppStream
    from router.testing.context import Context
    from router.testing.recorded_events import RecordedEvents, RecordMode
    from router.testing.stream import Stream

__all__ = [
    "app",
    "lambda_context",
    "pytest_addoption",
    "pytest_configure",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
    "recorded_event",
    "stream",
    "stream_settings",
    "template_settings",
]

_STREAM = pytest.StashKey["AppStream"]()
_SECTION = "router stream"

_MODES: dict[str | None, RecordMode] = {
    "once": "once",
    "all": "all",
    # Further modes of pytest-recording, if the option is that plugin's.
    "new_episodes": "once",
    "rewrite": "all",
}


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options."""
    parser.addini(
        "router_app",
        "The app of the fixtures app and stream, as module:name; else ROUTER_APP, [tool.router] app, handlers:app.",
        default="",
    )
    parser.addini("router_events", "The folder of recorded_event, from the root folder.", default="tests/events")
    # pytest-recording has an option of the same name and meaning; two plugins cannot both add it.
    if importlib.util.find_spec("pytest_recording") is None or pluginmanager.is_blocked("recording"):
        parser.getgroup("router").addoption(
            "--record-mode",
            choices=("none", "once", "all"),
            default="none",
            help="Which events recorded_event records: none, missing ones, or all.",
        )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, for --strict-markers and `pytest --markers`."""
    config.addinivalue_line(
        "markers",
        "stream(**settings): settings of the fixture stream, such as batch_size=2; see router.testing.Stream.",
    )


@pytest.fixture
def app(pytestconfig: pytest.Config) -> Iterator[Dispatcher]:
    """The app that `router_app` names, as in a container that has just started; its overrides are reset afterwards."""
    from router.extras import MissingPackageError
    from router.local.project_settings import ProjectSettingsError
    from router.testing.app_fixture import AppNotFoundError, load_app, name_of_app

    __tracebackhide__ = True
    try:
        name = pytestconfig.getini("router_app") or name_of_app(pytestconfig.rootpath)
        found = load_app(name, pytestconfig.rootpath)
    except (AppNotFoundError, MissingPackageError, ProjectSettingsError) as error:
        pytest.fail(str(error), pytrace=False)
    with found.in_new_container():
        yield found


@pytest.fixture(scope="session")
def template_settings(pytestconfig: pytest.Config) -> dict[str, Any]:
    """Settings of every stream that the template gives; override it with ``{}`` for AWS's defaults."""
    from router.extras import MissingPackageError
    from router.local.project_settings import ProjectSettingsError
    from router.testing.app_fixture import name_of_app, settings_of_template

    __tracebackhide__ = True
    folder = pytestconfig.rootpath
    try:
        return settings_of_template(folder, pytestconfig.getini("router_app") or name_of_app(folder))
    except (MissingPackageError, ProjectSettingsError) as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def stream_settings() -> dict[str, Any]:
    """Settings of every stream, for a conftest.py to override; they replace the template's, and the marker these."""
    return {}


@pytest.fixture
def stream(
    request: pytest.FixtureRequest, app: Dispatcher, template_settings: dict[str, Any], stream_settings: dict[str, Any]
) -> Iterator[AppStream]:
    """A table in memory, its stream, and Lambda's event source mapping in front of the app."""
    from router.errors import RouterError
    from router.testing.app_stream import AppStream

    defaults = {"label": _label(request.node.nodeid)}
    with app.in_new_container() as parking:
        try:
            settings = {**template_settings, **stream_settings, **_marked(request.node)}
            made = AppStream(app, parking, **{**defaults, **settings})
        except (RouterError, TypeError) as error:
            pytest.fail(f"the settings of the fixture `stream`: {error}", pytrace=False)
        request.node.stash[_STREAM] = made
        yield made


@pytest.fixture
def lambda_context() -> Context:
    """A Lambda context with 60 seconds left; `lambda_context.remaining = 0.2` sets the seconds."""
    from router.testing.context import Context

    return Context()


@pytest.fixture
def recorded_event(request: pytest.FixtureRequest, stream_settings: dict[str, Any]) -> RecordedEvents:
    """Reads an event from the folder that `router_events` names; `--record-mode` says which events are recorded."""
    from router.testing.recorded_events import RecordedEvents, story_stream

    def written() -> list[dict[str, Any]]:
        made = request.node.stash.get(_STREAM, None)
        return [] if made is None else made.records

    def new_stream() -> Stream:
        app: Dispatcher = request.getfixturevalue("app")
        settings = {**stream_settings, **_marked(request.node)}
        return story_stream(**{"discriminator": app.discriminator, **settings})

    config = request.config
    mode = _MODES.get(config.getoption("record_mode", default=None), "none")
    return RecordedEvents(config.rootpath / config.getini("router_events"), mode, written, new_stream)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the outcomes of the stream's records to the report of a test that failed, or that never invoked its app."""
    report = yield
    made = item.stash.get(_STREAM, None)
    if made is not None and (report.failed or (report.when == "call" and report.passed and _is_idle(item, made))):
        report.sections.append((_SECTION, _report_of(made)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that passed without an invocation of their app: what they say of outcomes holds for none."""
    passed = terminalreporter.getreports("passed")
    idle = [(report.nodeid, text) for report in passed for name, text in report.sections if name == _SECTION]
    if idle:
        terminalreporter.section("passed without an invocation of the app", yellow=True)
        for nodeid, text in idle:
            terminalreporter.write_line(f"{nodeid}: {text}")
    if terminalreporter.stats.get("error"):
        _name_a_shadow(terminalreporter)


def _name_a_shadow(terminalreporter: pytest.TerminalReporter) -> None:
    """Name a file that the tests may have meant to import, where this package was imported in its place."""
    from router.local.app_import import shadowing_file

    config = terminalreporter.config
    file = shadowing_file((config.rootpath, config.invocation_params.dir, *config.getini("pythonpath")))
    if file is not None:
        terminalreporter.section("router", red=True)
        terminalreporter.write_line(f"found {file}, which has the name of entity-router's package `router`; rename it")


def _is_idle(item: pytest.Item, stream: AppStream) -> bool:
    """Whether a test used its stream without an invocation; ``recorded_event`` may record a stream that never runs."""
    is_recorded = not stream.has_run and "recorded_event" in getattr(item, "fixturenames", ())
    return bool(stream.has_run or stream.records) and not stream.invocations and not is_recorded


def _report_of(stream: AppStream) -> str:
    from router.testing.failure_report import stream_report

    try:
        return stream_report(stream)
    except Exception as error:  # noqa: BLE001 - records may be malformed, and the test's own failure matters more
        return f"cannot report the outcomes of the records: {type(error).__name__}"


def _marked(node: pytest.Item) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("stream"))):  # the closest one last, so that it takes precedence
        if marker.args:
            pytest.fail(
                "found a positional argument of @pytest.mark.stream, expected batch_size=2 and such", pytrace=False
            )
        settings.update(marker.kwargs)
    return settings


def _label(nodeid: str) -> str:
    """The label of a test's stream: different for each test, so that event IDs differ, and the same at every run."""
    digest = blake2b(nodeid.encode(errors="surrogatepass"), digest_size=8).digest()
    enabled = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int.from_bytes(digest) % 10**9)
    return enabled.replace(tzinfo=None).isoformat(timespec="milliseconds")
