"""``router filters``: the filters that let through what some route could take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from router.cli.app_loader import DEFAULT_APP, load_app
from router.cli.errors import CommandLineError
from router.cli.options import AppOption, FunctionOption, JsonOption
from router.local.cloudformation.resources import Stack, TemplateError
from router.local.filter_criteria import MOST_FILTERS, Filters, block_lines, filters_of, keys_of
from router.local.lint import mapped_streams

__all__ = ["LimitOption", "filters"]

LimitOption = Annotated[
    int, typer.Option(metavar="N", min=1, max=10, help="How many filters Lambda allows; 10 where AWS raised it.")
]
KeysFromOption = Annotated[
    Path | None, typer.Option("--template", metavar="FILE", help="Whose table's keys to go by; else template.yaml.")
]


def filters(
    template: KeysFromOption = None,
    function: FunctionOption = None,
    app: AppOption = DEFAULT_APP,
    limit: LimitOption = MOST_FILTERS,
    as_json: JsonOption = False,
) -> int:
    """Print the FilterCriteria that let through exactly the records that some route could take.

    A route could take a record of its entities, events and cause, whatever its conditions say. What no pattern can say
    is let through, and a comment says what: a filter never drops what has a route. Where every record has to come, as
    with a fallback, there is no filter.

    With --json, one document: filter_criteria (null: there must be none), exact, widened, absent.
    """
    keys = _keys(template, function)
    found = filters_of(load_app(app), keys=keys, limit=limit)
    if as_json:
        print(json.dumps(_document(found), indent=2))
        return 0
    if keys is None:
        print("# The keys of the table are not known; --template names a template that tells them.")
    for why in (*found.widened, *([f"There must be no filter: {found.absent}"] if found.absent else ())):
        print(f"# {why[:1].upper()}{why[1:]}.")
    if found.criteria is not None:
        print("\n".join(["FilterCriteria:", *block_lines(found.criteria, 0, 2)]))
    return 0


def _keys(template: Path | None, function: str | None) -> list[str] | None:
    """The key attributes of the table; of a template that nobody named, only if it tells."""
    try:
        stack = Stack(template or Path("template.yaml"))
        known = [keys_of(stack, mapped) for mapped in mapped_streams(stack, function)]
    except TemplateError as error:
        if template is None and function is None:
            return None
        raise CommandLineError(str(error)) from None
    # Of several tables, what holds for one may not hold for another.
    first, *more = known
    return None if first is None or any(keys != first for keys in more) else list(first)


def _document(found: Filters) -> dict[str, object]:
    return {
        "filter_criteria": found.criteria,
        "exact": found.criteria is not None and not found.widened,
        "widened": list(found.widened),
        "absent": found.absent,
    }
