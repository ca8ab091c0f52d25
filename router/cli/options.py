"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated, TypeVar

import typer

from router.local.project_settings import APP_VARIABLE

__all__ = [
    "DEFAULT_PORT",
    "BatchSizeOption",
    "BatchingWindowOption",
    "DiscriminatorOption",
    "EndpointOption",
    "EventsArgument",
    "FilterOption",
    "FunctionOption",
    "HandlerAppOption",
    "JsonOption",
    "KeyArgument",
    "LimitOption",
    "ParallelizationOption",
    "ParkOption",
    "PoisonOption",
    "RetriesOption",
    "SetOption",
    "TableOption",
    "TemplateOption",
    "TimeoutOption",
]

DEFAULT_PORT = 8000
"""The port of ``router dev``: DynamoDB Local's default, which tools and tutorials use."""

T = TypeVar("T")
"""The type of an option's value: optional where a template or a scenario can give the value too."""

HandlerAppOption = Annotated[
    str | None,
    typer.Option(
        "--app",
        metavar="MODULE:NAME",
        envvar=APP_VARIABLE,
        show_envvar=False,
        help=f"The Dispatcher; else {APP_VARIABLE}, [tool.router] app, the template's Handler.",
    ),
]
# hidden=True removes only the row in the help, where typer would print a Python type; the docstrings explain EVENT.
EventsArgument = Annotated[list[str] | None, typer.Argument(metavar="EVENT", show_default=False, hidden=True)]
KeyArgument = Annotated[
    list[str], typer.Argument(metavar="KEY", help="The item's key: pk=ORDER#1 sk=META, or a JSON object.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A value of an attribute or a part; repeat.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

TemplateOption = Annotated[T, typer.Option("--template", metavar="FILE", help="The SAM or CloudFormation template.")]
FunctionOption = Annotated[
    str | None, typer.Option("--function", metavar="NAME", help="The function, if the template has several.")
]
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, max=10, help="Filters that Lambda allows; 10 if AWS raised it.")
]

TableOption = Annotated[str | None, typer.Option("--table", metavar="NAME", help="The table; else the function's.")]
EndpointOption = Annotated[
    str | None, typer.Option("--endpoint-url", metavar="URL", help="A DynamoDB endpoint: http://127.0.0.1:8000.")
]
DiscriminatorOption = Annotated[T, typer.Option("--discriminator", metavar="NAME", help="The discriminator attribute.")]

TimeoutOption = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0, help="The function's time-out for each invocation.")
]
PoisonOption = Annotated[
    T, typer.Option("--poison", metavar="SHARE", min=0, max=1, help="Records that always fail: 0.001 is 1 in 1000.")
]

ParkOption = Annotated[
    bool, typer.Option("--park", help="Park in the app's parking place; else parked records are only shown.")
]

# Parameters of the event source mapping, by AWS's names.
BatchSizeOption = Annotated[T, typer.Option("--batch-size", metavar="N", help="Records of a batch, 1 to 10000.")]
BatchingWindowOption = Annotated[
    T,
    typer.Option("--maximum-batching-window-in-seconds", metavar="SECONDS", help="Time to gather records, 0 to 300."),
]
ParallelizationOption = Annotated[
    T, typer.Option("--parallelization-factor", metavar="N", help="Concurrent batches of a shard, 1 to 10.")
]
RetriesOption = Annotated[
    T, typer.Option("--maximum-retry-attempts", metavar="N", help="0 to 10000; -1: until the records expire.")
]
FilterOption = Annotated[
    list[str] | None, typer.Option("--filter", metavar="PATTERN", help="A filter pattern of the mapping; repeat.")
]
