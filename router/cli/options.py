"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["AppOption", "EventsArgument", "JsonOption"]

AppOption = Annotated[
    str, typer.Option("--app", metavar="MODULE:NAME", help="Where the Dispatcher is, from the current folder.")
]
# Hidden is only its row in the help, where typer would show a Python type: each command's text tells of EVENT.
EventsArgument = Annotated[list[str] | None, typer.Argument(metavar="EVENT", show_default=False, hidden=True)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
