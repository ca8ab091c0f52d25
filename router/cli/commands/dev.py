"""``router dev``: a table, its stream and the app as the stream's consumer, on this machine."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Annotated

import typer

from router.cli.app_source import AppSource
from router.cli.commands.put import put_command
from router.cli.console import Page
from router.cli.dev_session import DevSession, InjectedFailures
from router.cli.dev_setup import DevSetup, setup_of_table, setup_of_template
from router.cli.errors import CommandLineError
from router.cli.options import (
    DEFAULT_PORT,
    EndpointOption,
    FunctionOption,
    HandlerAppOption,
    JsonOption,
    ParkOption,
    PoisonOption,
    TableOption,
    TemplateOption,
)
from router.cli.reload import ReloadError, reload_app, watched
from router.cli.runners import open_runner
from router.cli.running_dev import RunningDev, noted
from router.cli.stop_request import StopRequest, stop_request
from router.local.cloudformation.tables import make_tables, stream_of
from router.local.cloudformation.template import LocalFunction, LocalTable
from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.engines.endpoint import Endpoint
from router.local.engines.engine import Engine, EngineName, open_engine
from router.local.engines.process import PortTakenError
from router.local.event_source_mapping import EventSourceMapping
from router.local.runtime import require_client
from router.local.streams.poller import Poller
from router.local.streams.stream_arn import event_source_arn

__all__ = ["dev"]

_POLL_SECONDS = 0.05

EngineOption = Annotated[
    EngineName, typer.Option(help="The engine of the tables; dynamodb-local needs router local install.")
]
PortOption = Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="The engine's port; 0: any free port.")]
KeyOption = Annotated[
    str | None, typer.Option("--key", metavar="NAMES", help="Without a template: the table's key, as pk,sk or id:N.")
]
TtlOption = Annotated[
    str | None, typer.Option("--ttl", metavar="NAME", help="Without a template: the time to live attribute.")
]
RuntimeOption = Annotated[
    bool, typer.Option("--runtime", help="Run the app in Lambda's runtime client, in its own process.")
]
WindowOption = Annotated[bool, typer.Option("--window", help="Keep the batching window, as on AWS.")]
FailOption = Annotated[int, typer.Option(metavar="N", min=0, help="Fail every Nth invocation as a whole.")]
SlowOption = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Add this time to each invocation.")]
NoKeysOption = Annotated[bool, typer.Option("--no-keys", help="Do not print the keys of items.")]
NoReloadOption = Annotated[bool, typer.Option("--no-reload", help="Do not watch the files of the app.")]


def dev(
    engine: EngineOption = "embedded",
    endpoint_url: EndpointOption = None,
    port: PortOption = DEFAULT_PORT,
    template: TemplateOption[Path] = Path("template.yaml"),
    function: FunctionOption = None,
    table: TableOption = None,
    key: KeyOption = None,
    ttl: TtlOption = None,
    app: HandlerAppOption = None,
    runtime: RuntimeOption = False,
    window: WindowOption = False,
    poison: PoisonOption[float] = 0.0,
    fail: FailOption = 0,
    slow: SlowOption = 0.0,
    no_keys: NoKeysOption = False,
    no_reload: NoReloadOption = False,
    park: ParkOption = False,
    as_json: JsonOption = False,
) -> int:
    """Run the app as the consumer of a real table's stream, as Lambda's event source mapping does.

    The tables and the mapping's settings come from template.yaml; --table gives the function's table another name. With
    --table and --key no template is read: the mapping has Lambda's defaults and ReportBatchItemFailures. Put an item
    from another terminal, with router put or with any AWS client and the endpoint URL that dev prints; dev prints the
    outcomes of each record. --endpoint-url uses a running engine. Ctrl-C ends the session.

    dev ignores the batching window, so that no record waits; --window keeps it. Standard error gets the output of
    handlers, and their log if LOG_LEVEL is set. The app's environment holds the template's variables and the
    engine's address for AWS clients.

    The app's parking place and its store of completed routes are in memory unless --park is given.

    With --runtime the app runs in Lambda's runtime client with Lambda's variables: a time-out ends it, and a crash
    costs only its process. It uses its own parking place and store, and dev derives a record's outcome from its
    response alone.
    """
    if runtime:
        require_client()
    if key is None and ttl is not None:
        msg = "found --ttl without --key, expected both: a template's table has the time to live of the template"
        raise CommandLineError(msg)
    setup = (
        setup_of_template(template, function, table, app, window=window)
        if key is None
        else setup_of_table(table, key, ttl, app)
    )
    described, source = setup.function, setup.app
    with stop_request() as stop, _opened(engine, port, endpoint_url) as opened:
        if endpoint_url is None:
            stop.limit *= 2  # the engine has to stop too
        arn = _make_ready(opened, setup)
        # In this process the session prints every failure, so the log would repeat it.
        _prepare(opened, described, log_level="WARNING" if runtime else "CRITICAL")
        failures = InjectedFailures(poison, fail, slow)
        with open_runner(source, described, event_source_arn(arn), runtime=runtime, park=park) as runner:
            session = DevSession(runner, described, Page(), failures, keys=not no_keys, as_json=as_json)
            _introduce(session, opened, described, setup.table, source.name)
            if str(failures):
                session.note(f"on purpose: {failures}")
            # put takes the table of the template's function if there is one.
            named = None if setup.one_table else described.table
            hint = put_command(opened.endpoint_url, template, named, runner.app.discriminator)
            named_by = next(iter(runner.app.discriminator.attributes), None)
            with noted(RunningDev(opened.endpoint_url, described.table, named_by, source.name, os.getpid())):
                _run(session, opened, described, arn, None if no_reload else source, stop, hint)
    return stop.exit_code


@contextmanager
def _opened(engine: EngineName, port: int, endpoint_url: str | None) -> Iterator[Engine]:
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(open_engine(engine, port=port, endpoint_url=endpoint_url))
        except PortTakenError:
            msg = f"port {port} is taken: stop the program that listens there, or take a free port with --port 0"
            raise CommandLineError(msg) from None
        yield opened


def _make_ready(engine: Engine, setup: DevSetup) -> str:
    client = engine.client("dynamodb")
    # Tables are made on a local engine only, never in an AWS account.
    if not isinstance(engine, Endpoint) or engine.local:
        make_tables(client, setup.tables.values())
    return stream_of(client, setup.table)


def _prepare(engine: Engine, function: LocalFunction, *, log_level: str) -> None:
    """Set the app's environment: the engine's address, and credentials that no AWS account accepts."""
    sys.dont_write_bytecode = True  # its time stamps have a second's resolution, so a second change would be missed
    os.environ.setdefault("LOG_LEVEL", log_level)
    os.environ.update(function.environment)
    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = os.environ["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = engine.endpoint_url
    if not isinstance(engine, Endpoint):
        os.environ.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_DEFAULT_REGION="us-east-1")  # noqa: S106 - the engine accepts any


def _introduce(session: DevSession, engine: Engine, function: LocalFunction, table: LocalTable, app: str) -> None:
    settings = function.settings
    lanes = f", {settings.parallelization_factor} lanes" if settings.parallelization_factor > 1 else ""
    session.note(f"table {table.name}, {table.view}, at {engine.endpoint_url}", "bold")
    session.note(f"function {function.name}, {app}, batches of {settings.batch_size}{lanes}", "bold")
    if length := settings.tumbling_window_in_seconds:
        session.note(f"windows of {length} s: each ends with a later record, or two minutes after its end", "bold")
        if isinstance(engine, DynamoDBLocal) and length % 60:
            session.note("DynamoDB Local writes times to the minute: a window gets the records of whole minutes")
    if not settings.reports:
        session.note("without ReportBatchItemFailures Lambda ignores which records failed, and loses them")


def _run(
    session: DevSession,
    engine: Engine,
    function: LocalFunction,
    arn: str,
    app: AppSource | None,
    stop: StopRequest,
    hint: str,
) -> None:
    arn_of_function = f"arn:aws:lambda:us-east-1:123456789012:function:{function.name}"
    mapping = EventSourceMapping(function.settings, function_arn=arn_of_function, stream_arn=event_source_arn(arn))
    streams = engine.client("dynamodbstreams")
    poller = Poller(mapping, streams, arn, session.invoke, listener=session.listen, note=session.note)
    try:
        with _changes(app) as changed, suppress(KeyboardInterrupt):
            stop.defer()
            with stop.step():
                session.note(f"Ctrl-C ends dev; put items with: {hint}", "dim")
            while not stop.requested:
                with stop.step():
                    if app and changed:
                        _reload(session, app, changed)
                    if not poller.step():
                        time.sleep(poller.pause(_POLL_SECONDS))
    finally:
        session.summary()


def _changes(app: AppSource | None) -> AbstractContextManager[set[str]]:
    return watched(app.folders) if app else nullcontext(set())


def _reload(session: DevSession, app: AppSource, changed: set[str]) -> None:
    names = ", ".join(sorted(Path(path).name for path in changed))
    changed.clear()
    try:
        session.runner.reload(reload_app(app.name, app.folders))
    except ReloadError as error:
        first, *others = str(error).splitlines()
        session.note(f"{first}; the previous app stays loaded", "bold red")
        for line in others:
            session.note(line, "red")
    else:
        session.reloads += 1
        session.note(f"reloaded: {names} changed")
