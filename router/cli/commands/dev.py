"""``router dev``: a table, its stream and the app under it, on this machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.app_loader import load_app
from router.cli.console import Page
from router.cli.dev_session import Faults, Session
from router.cli.errors import CommandLineError
from router.cli.options import FunctionOption, HandlerAppOption, JsonOption, TemplateOption
from router.cli.reload import ReloadError, reload_app, watched
from router.cli.runners import Function, InProcess, InRuntime
from router.errors import RouterError
from router.local.cloudformation.tables import make_tables, stream_of
from router.local.cloudformation.template import LocalFunction, LocalTable, Template, app_of_handler, read_template
from router.local.engines.embedded import Endpoint, Engine, EngineName, open_engine
from router.local.event_source_mapping import EventSourceMapping
from router.local.runtime import FunctionConfiguration, RuntimeFunction, require_client
from router.local.streams.poller import Poller, told_arn

__all__ = ["DEFAULT_PORT", "dev"]

DEFAULT_PORT = 8000  # DynamoDB Local's own, which tools and tutorials know
_POLL_SECONDS = 0.05

EngineOption = Annotated[
    EngineName, typer.Option(help="What keeps the tables: embedded needs nothing, see router local.")
]
EndpointOption = Annotated[
    str | None, typer.Option("--endpoint-url", metavar="URL", help="An engine that is there already, in place of one.")
]
PortOption = Annotated[
    int, typer.Option(metavar="PORT", min=0, max=65535, help="Where the engine listens; 0: anywhere.")
]
TableOption = Annotated[str | None, typer.Option(metavar="NAME", help="Another name for the function's table.")]
RuntimeOption = Annotated[
    bool, typer.Option("--runtime", help="Run the app in Lambda's own runtime client, in a process of its own.")
]
WindowOption = Annotated[bool, typer.Option("--window", help="Keep the batching window: records wait as on AWS.")]
PoisonOption = Annotated[float, typer.Option(metavar="SHARE", min=0, max=1, help="Let a share of records always fail.")]
FailOption = Annotated[int, typer.Option(metavar="N", min=0, help="Let every Nth invocation fail as a whole.")]
SlowOption = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Let each invocation take longer.")]
NoKeysOption = Annotated[bool, typer.Option("--no-keys", help="Do not show the keys of items.")]
NoReloadOption = Annotated[bool, typer.Option("--no-reload", help="Do not watch the files of the app.")]


def dev(
    engine: EngineOption = "embedded",
    endpoint_url: EndpointOption = None,
    port: PortOption = DEFAULT_PORT,
    template: TemplateOption = Path("template.yaml"),
    function: FunctionOption = None,
    table: TableOption = None,
    app: HandlerAppOption = None,
    runtime: RuntimeOption = False,
    window: WindowOption = False,
    poison: PoisonOption = 0.0,
    fail: FailOption = 0,
    slow: SlowOption = 0.0,
    no_keys: NoKeysOption = False,
    no_reload: NoReloadOption = False,
    as_json: JsonOption = False,
) -> int:
    """Run the app under the stream of a real table, as Lambda's event source mapping would.

    The tables and the mapping's settings are those of template.yaml. Put an item from another terminal, with router put
    or any AWS client and the endpoint URL that is shown; what becomes of each record is shown here. Ctrl-C ends it.

    The batching window is left out, since somebody is waiting; --window keeps it. What handlers print goes to
    standard error, and so does their log if LOG_LEVEL is set. In the app's environment AWS's clients find the
    engine, and the variables of the template that name its tables.

    With --runtime the app runs in the client that runs it in Lambda, with Lambda's variables: time-outs cut it off, and
    a crash costs its process only. Then all that is known of a record is what the app answers, and what it logs.
    """
    with _one_line():
        if runtime:
            require_client()
        found = read_template(template)
        described = _described(found, function, table, window=window)
        tables = _renamed(found, described, table)
        with _ends_by_interrupt(), open_engine(engine, port=port, endpoint_url=endpoint_url) as opened:
            arn = _ready(opened, tables, described.table)
            name = app or _app_of(described, found)
            # Every failure is a line here already, unless the app runs elsewhere.
            _prepare(opened, described, log_level="WARNING" if runtime else "CRITICAL")
            faults = Faults(poison, fail, slow)
            with _function(name, described, arn, runtime=runtime) as runs:
                session = Session(runs, described, Page(), faults, keys=not no_keys, as_json=as_json)
                _tell(session, opened, described, tables, name, faults)
                return _run(session, opened, described, arn, None if no_reload else name)


@contextmanager
def _function(name: str, function: LocalFunction, arn: str, *, runtime: bool) -> Iterator[Function]:
    app = load_app(name)
    if not runtime:
        yield InProcess(app, function.timeout)
        return
    configuration = FunctionConfiguration(
        handler=name.replace(":", "."),
        root=Path.cwd(),
        name=function.name,
        timeout=function.timeout,
        region=told_arn(arn).split(":")[3],
        environment={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    with RuntimeFunction(configuration, log=_print_line) as there:
        yield InRuntime(app, there)


def _print_line(line: str) -> None:
    # The client puts a carriage return for each line break within an error, so that the error is one line of a log.
    print(line.replace("\r", "\n").replace("\xa0", " "), file=sys.stderr, flush=True)


def _described(template: Template, name: str | None, table: str | None, *, window: bool) -> LocalFunction:
    function = template.function(name)
    settings = function.settings
    if not window:
        settings = replace(settings, maximum_batching_window_in_seconds=0)
    table = table or function.table
    named = {key: table if value == function.table else value for key, value in function.environment.items()}
    return replace(function, settings=settings, table=table, environment=named)


def _renamed(template: Template, function: LocalFunction, name: str | None) -> dict[str, LocalTable]:
    tables = dict(template.tables)
    if name is not None and name not in tables:
        old = tables.pop(template.function(function.name).table)
        tables[name] = replace(old, name=name, request={**old.request, "TableName": name})
    return tables


def _ready(engine: Engine, tables: dict[str, LocalTable], table: str) -> str:
    client = engine.client("dynamodb")
    # An account at AWS is nothing to make tables in unasked.
    if not isinstance(engine, Endpoint) or engine.local:
        make_tables(client, tables.values())
    return stream_of(client, tables[table])


def _app_of(function: LocalFunction, template: Template) -> str:
    app = app_of_handler(function.handler)
    if app is None:
        msg = f"found no Handler of {function.name} in {template.path}; name the Dispatcher with --app"
        raise CommandLineError(msg)
    return app


def _prepare(engine: Engine, function: LocalFunction, *, log_level: str) -> None:
    """Let the app find the engine, and nothing of AWS's by mistake."""
    sys.dont_write_bytecode = True  # a file that changes twice in a second would be taken from there
    os.environ.setdefault("LOG_LEVEL", log_level)
    os.environ.update(function.environment)
    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = os.environ["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = engine.endpoint_url
    if not isinstance(engine, Endpoint):
        os.environ.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_DEFAULT_REGION="us-east-1")  # noqa: S106 - the engine takes any


def _tell(
    session: Session, engine: Engine, function: LocalFunction, tables: dict[str, LocalTable], app: str, faults: Faults
) -> None:
    settings, table = function.settings, tables[function.table]
    lanes = f", {settings.parallelization_factor} lanes" if settings.parallelization_factor > 1 else ""
    session.note(f"table {table.name}, {table.view}, at {engine.endpoint_url}", "bold")
    session.note(f"function {function.name}, {app}, batches of {settings.batch_size}{lanes}", "bold")
    if not settings.reports:
        session.note(
            "without ReportBatchItemFailures Lambda ignores which records failed: they would be lost", "yellow"
        )
    if str(faults):
        session.note(f"on purpose: {faults}", "yellow")


def _run(session: Session, engine: Engine, function: LocalFunction, arn: str, app: str | None) -> int:
    arn_of_function = f"arn:aws:lambda:us-east-1:123456789012:function:{function.name}"
    mapping = EventSourceMapping(function.settings, function_arn=arn_of_function, stream_arn=told_arn(arn))
    poller = Poller(mapping, engine.client("dynamodbstreams"), arn, session.invoke, listener=session.listen)
    try:
        with _changes(app) as changed:
            session.note("Ctrl-C ends it; put items with: router put ENTITY --json ITEM", "dim")
            while True:
                if app and changed:
                    _reload(session, app, changed)
                if not poller.step():
                    time.sleep(poller.pause(_POLL_SECONDS))
    except KeyboardInterrupt:
        return 0
    finally:
        session.summary()


def _changes(app: str | None) -> AbstractContextManager[set[str]]:
    return watched() if app else nullcontext(set())


def _reload(session: Session, app: str, changed: set[str]) -> None:
    names = ", ".join(sorted(Path(path).name for path in changed))
    changed.clear()
    try:
        session.runs.reload(reload_app(app))
    except ReloadError as error:
        session.note(f"{error}; the app as it was goes on", "bold red")
    else:
        session.reloads += 1
        session.note(f"loaded again: {names} changed")


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except RouterError as error:
        raise CommandLineError(str(error)) from error


@contextmanager
def _ends_by_interrupt() -> Iterator[None]:
    """Let a request to terminate be what Ctrl-C is, so that the engine ends too."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
