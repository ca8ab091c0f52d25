"""``router filters``: the filter criteria that pass every record a route can take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from router.cli.app_source import find_app
from router.cli.json_output import filters_document, print_json
from router.cli.options import FunctionOption, HandlerAppOption, JsonOption, LimitOption, TemplateOption
from router.local.cloudformation.mapping_source import MappingSource, source_of
from router.local.cloudformation.mappings import function_mappings, keys_of
from router.local.cloudformation.resources import TemplateError, TemplateFile
from router.local.cloudformation.yaml_text import block_lines
from router.local.filter_criteria import MOST_FILTERS, filters_of

__all__ = ["filters"]

_INSIDE = {"kinesis": "data", "sqs": "body"}

SourceOption = Annotated[
    MappingSource | None, typer.Option("--source", help="The source of the mapping; else that in the template.")
]


def filters(
    template: TemplateOption[Path | None] = None,
    function: FunctionOption = None,
    app: HandlerAppOption = None,
    limit: LimitOption = MOST_FILTERS,
    source: SourceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Print the FilterCriteria that pass exactly the records that some route can take.

    A route can take a record of its entities, events and cause; conditions are not considered. If a pattern cannot
    express a restriction, the filter passes more, and a comment says what: no filter drops a record that has a route.
    A fallback needs every record, so there is no filter.

    The table's keys come from the template: --template, else template.yaml if it exists. The mapping's source does too,
    unless --source says it: filters of Kinesis look at data, those of a queue at body.

    With --json, one document: filter_criteria (null: there must be none), exact, widened, absent.
    """
    keys, declared = _declared(template, function)
    inside = _INSIDE.get(source or declared)
    found = filters_of(find_app(app, template, function).load(), keys=keys, limit=limit, inside=inside)
    if as_json:
        print_json(filters_document(found), indent=2)
        return 0
    if keys is None:
        print("# The keys of the table are unknown; name a template that declares them with --template.")
    for why in (*found.widened, *([f"There must be no filter: {found.absent}"] if found.absent else ())):
        print(f"# {why[:1].upper()}{why[1:]}.")
    if found.criteria is not None:
        print("\n".join(["FilterCriteria:", *block_lines(found.criteria, 0, 2)]))
    return 0


def _declared(template: Path | None, function: str | None) -> tuple[list[str] | None, MappingSource]:
    """The table's key attributes, or ``None`` if they are unknown, and the source of the function's mappings.

    Only a template that was named must declare a mapping.
    """
    try:
        file = TemplateFile(template or Path("template.yaml"))
        mappings = function_mappings(file, function)
    except TemplateError:
        if template is None and function is None:
            return None, "dynamodb"
        raise
    sources: set[MappingSource] = {source_of(mapping, file) or "dynamodb" for mapping in mappings}
    source: MappingSource = "dynamodb" if "dynamodb" in sources else min(sources)
    # Several tables may have different keys.
    first, *more = [keys_of(file, each) for each in mappings if source_of(each, file) == source]
    return None if first is None or any(keys != first for keys in more) else list(first), source
