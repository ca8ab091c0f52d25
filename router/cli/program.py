"""The command line: its commands, and the exit code for each way in which they end."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from router import __version__
from router.cli.commands.add import add
from router.cli.commands.backfill import backfill
from router.cli.commands.delete import delete
from router.cli.commands.dev import dev
from router.cli.commands.doctor import doctor
from router.cli.commands.event import event
from router.cli.commands.expire import expire
from router.cli.commands.explain import explain
from router.cli.commands.filters import filters
from router.cli.commands.init import init
from router.cli.commands.invoke import invoke
from router.cli.commands.lint import lint
from router.cli.commands.local import local
from router.cli.commands.parked import parked
from router.cli.commands.put import put
from router.cli.commands.record import record
from router.cli.commands.redrive import redrive
from router.cli.commands.replay import replay
from router.cli.commands.routes import routes
from router.cli.commands.simulate import simulate
from router.cli.commands.template import template
from router.cli.commands.update import update
from router.cli.errors import BrokenAppError, CommandLineError
from router.cli.stop_request import stop_request
from router.errors import RouterError
from router.extras import MissingPackageError
from router.local.filter_patterns import FilterPatternError
from router.local.project_settings import project_settings

__all__ = ["COMMANDS", "run"]

COMMANDS: dict[Callable[..., int], str] = {
    init: "Make a new project.",
    add: "Add an entity to a project.",
    routes: "List the routes of an app.",
    invoke: "Run an app on events, as Lambda would.",
    explain: "Explain why routes take records or do not.",
    event: "Print an event that is made from a model.",
    record: "Record events from the stream of a table.",
    replay: "Run an app on events through an event source mapping.",
    dev: "Run an app on the stream of a local table.",
    put: "Put an item into the table of a running router dev.",
    update: "Change an item of the table of a running router dev.",
    delete: "Delete an item of the table of a running router dev.",
    expire: "Let an item of the table of a running router dev expire.",
    filters: "Print filter criteria for the records that have a route.",
    template: "Compare a template's filters with the routes, or write them.",
    lint: "Find settings that lose or duplicate data.",
    doctor: "Say what is wrong with a deployed function.",
    local: "Fetch DynamoDB Local.",
    parked: "List parked records, and what would become of them now.",
    redrive: "Send parked records through the routes again.",
    backfill: "Send the items of a table or its export through the routes.",
    simulate: "Simulate a load: iterator age, invocations, cost.",
}

_INTERRUPTED = 128 + signal.SIGINT
_WRITE_ERRORS = (errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)
_PATH_ERRORS = (errno.EACCES, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EPERM, errno.EROFS)


def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code.

    Args:
        argv: The arguments after the command's name.
    """
    if sys.stderr is None:  # closed by the shell: 2>&-
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the rest of the process
    if sys.stdout is None:
        return _cannot_write("it is closed")
    _escape_unencodable()
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has ended, as head does
        _drop_output()
        return 1
    except OSError as error:
        if error.filename is not None and error.errno in _PATH_ERRORS:
            return _refuse(f"cannot access {os.fsdecode(error.filename)}: {error.strerror}")
        # Errors of opening and reading name a file; the commands give errors of their own for files that they write.
        if error.filename is not None or error.errno not in _WRITE_ERRORS:
            raise
        _drop_output()
        return _cannot_write(error.strerror)
    return code


def _run(argv: Sequence[str]) -> int:
    try:
        program = typer.main.get_command(_program())
        code = program.main(list(argv), prog_name="router", standalone_mode=False, default_map=_defaults())
    except FilterPatternError as error:
        return _refuse(error.explanation)
    except MissingPackageError:
        raise
    except (CommandLineError, RouterError) as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(f"{_as_clause(error.format_message())} see {_help_of(argv)}")
    except BrokenAppError as error:
        print(error, file=sys.stderr)
        return 1
    except (typer.Abort, KeyboardInterrupt):
        with stop_request() as stop:
            return stop.exit_code or _INTERRUPTED
    return code or 0


def _defaults() -> dict[str, dict[str, str]]:
    """The values of options that the project's settings give, by command and parameter."""
    settings = project_settings(Path.cwd())
    values = {command.__name__: dict(settings) for command in COMMANDS}
    if "template" in settings:
        values[template.__name__]["path"] = settings["template"]
    return values


def _program() -> typer.Typer:
    program = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,  # boxes break in pipes and narrow terminals
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback(invoke_without_command=True)(_root)
    for command, summary in COMMANDS.items():
        program.command(short_help=summary)(command)
    return program


def _root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    """Route the records of DynamoDB Streams, by entity, to typed handlers.

    The commands use the app that --app names, else ROUTER_APP, else app in [tool.router] of pyproject.toml, else the
    template's Handler, else handlers:app.
    """
    if show_version:
        print(f"entity-router {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def _refuse(message: str) -> int:
    print(f"router: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _cannot_write(reason: str | None) -> int:
    print(f"router: cannot write standard output: {reason}", file=sys.stderr)
    return 1


def _drop_output() -> None:
    """Write buffered output to the null device, or the interpreter prints an error when it flushes at exit.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _as_clause(sentence: str) -> str:
    sentence = sentence.replace(": Value error, ", ": ")  # pydantic's words, with which typer says that a value is none
    clause = sentence[:1].lower() + sentence[1:].rstrip(".")
    return clause if clause.endswith("?") else f"{clause};"


def _help_of(argv: Sequence[str]) -> str:
    named = next((name for name in argv if name in [command.__name__ for command in COMMANDS]), None)
    return f"'router {named} --help'" if named else "'router --help'"


def _escape_unencodable() -> None:
    """Escape characters that the terminal's encoding lacks, for example in an entity's name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
