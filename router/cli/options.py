"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AppOption", "EventsArgument", "FunctionOption", "HandlerAppOption", "JsonOption", "TemplateOption"]

AppOption = Annotated[
    str, typer.Option("--app", metavar="MODULE:NAME", help="Where the Dispatcher is, from the current folder.")
]
# Hidden is only its row in the help, where typer would show a Python type: each command's text tells of EVENT.
EventsArgument = Annotated[list[str] | None, typer.Argument(metavar="EVENT", show_default=False, hidden=True)]
FunctionOption = Annotated[str | None, typer.Option(metavar="NAME", help="The function, where there are several.")]
HandlerAppOption = Annotated[
    str | None, typer.Option("--app", metavar="MODULE:NAME", help="The Dispatcher; else the template's Handler.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
TemplateOption = Annotated[
    Path, typer.Option("--template", metavar="FILE", help="The template, of SAM or CloudFormation.")
]
