"""The command line: its commands, and the exit code for each way in which they end."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from router.cli.commands.dev import dev
from router.cli.commands.explain import explain
from router.cli.commands.filters import filters
from router.cli.commands.invoke import invoke
from router.cli.commands.lint import lint
from router.cli.commands.local import local
from router.cli.commands.put import put
from router.cli.commands.record import record
from router.cli.commands.replay import replay
from router.cli.commands.routes import routes
from router.cli.commands.simulate import simulate
from router.cli.commands.template import template
from router.cli.errors import BrokenAppError, CommandLineError
from router.cli.stop_request import INTERRUPTED
from router.errors import RouterError

__all__ = ["run"]

_COMMANDS: dict[Callable[..., int], str] = {
    routes: "List the routes of an app.",
    invoke: "Run an app on events, as Lambda would.",
    explain: "Explain why routes take records or do not.",
    record: "Record events from the stream of a table.",
    replay: "Run an app on events through an event source mapping.",
    dev: "Run an app on the stream of a local table.",
    put: "Put an item into the table of a running router dev.",
    filters: "Print filter criteria for the records that have a route.",
    template: "Compare a template's filters with the routes, or write them.",
    lint: "Find settings that lose or duplicate data.",
    local: "Fetch DynamoDB Local.",
    simulate: "Simulate a load: iterator age, invocations, cost.",
}


def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code.

    Args:
        argv: The arguments after the command's name.
    """
    _escape_unencodable()
    try:
        code = typer.main.get_command(_program()).main(list(argv), prog_name="router", standalone_mode=False)
        sys.stdout.flush()
    except (CommandLineError, RouterError) as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(f"{_as_clause(error.format_message())} see {_help_of(argv)}")
    except BrokenAppError as error:
        print(error, file=sys.stderr)
        return 1
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Buffered output goes to the null device, or the interpreter prints an error when it flushes at exit.
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code or 0


def _program() -> typer.Typer:
    program = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,  # boxes break in pipes and narrow terminals
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback(invoke_without_command=True)(_root)
    for command, summary in _COMMANDS.items():
        program.command(short_help=summary)(command)
    return program


def _root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    """Route the records of DynamoDB Streams, by entity, to typed handlers.

    The commands use the app handlers:app in the current folder; --app names another.
    """
    if show_version:
        print(f"entity-router {version('entity-router')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def _refuse(message: str) -> int:
    print(f"router: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _as_clause(sentence: str) -> str:
    clause = sentence[:1].lower() + sentence[1:].rstrip(".")
    return clause if clause.endswith("?") else f"{clause};"


def _help_of(argv: Sequence[str]) -> str:
    named = next((name for name in argv if name in [command.__name__ for command in _COMMANDS]), None)
    return f"'router {named} --help'" if named else "'router --help'"


def _escape_unencodable() -> None:
    """Escape characters that the terminal's encoding lacks, for example in an entity's name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
