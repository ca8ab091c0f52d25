"""``router filters``: the filter criteria that pass every record a route can take."""

from __future__ import annotations

from pathlib import Path

from router.cli.app_source import find_app
from router.cli.json_output import print_json
from router.cli.options import FunctionOption, HandlerAppOption, JsonOption, LimitOption, TemplateOption
from router.local.cloudformation.mappings import keys_of, stream_mappings
from router.local.cloudformation.resources import TemplateError, TemplateFile
from router.local.cloudformation.yaml_text import block_lines
from router.local.filter_criteria import MOST_FILTERS, Filters, filters_of

__all__ = ["filters"]


def filters(
    template: TemplateOption[Path | None] = None,
    function: FunctionOption = None,
    app: HandlerAppOption = None,
    limit: LimitOption = MOST_FILTERS,
    as_json: JsonOption = False,
) -> int:
    """Print the FilterCriteria that pass exactly the records that some route can take.

    A route can take a record of its entities, events and cause; conditions are not considered. If a pattern cannot
    express a restriction, the filter passes more, and a comment says what: no filter drops a record that has a route.
    A fallback needs every record, so there is no filter.

    The table's keys come from the template: --template, else template.yaml if it exists.

    With --json, one document: filter_criteria (null: there must be none), exact, widened, absent.
    """
    keys = _keys(template, function)
    found = filters_of(find_app(app, template, function).load(), keys=keys, limit=limit)
    if as_json:
        print_json(_document(found), indent=2)
        return 0
    if keys is None:
        print("# The keys of the table are unknown; name a template that declares them with --template.")
    for why in (*found.widened, *([f"There must be no filter: {found.absent}"] if found.absent else ())):
        print(f"# {why[:1].upper()}{why[1:]}.")
    if found.criteria is not None:
        print("\n".join(["FilterCriteria:", *block_lines(found.criteria, 0, 2)]))
    return 0


def _keys(template: Path | None, function: str | None) -> list[str] | None:
    """The table's key attributes, or ``None`` if they are unknown; only a template that was named must declare them."""
    try:
        file = TemplateFile(template or Path("template.yaml"))
        known = [keys_of(file, mapping) for mapping in stream_mappings(file, function)]
    except TemplateError:
        if template is None and function is None:
            return None
        raise
    # Several tables may have different keys.
    first, *more = known
    return None if first is None or any(keys != first for keys in more) else list(first)


def _document(found: Filters) -> dict[str, object]:
    return {
        "filter_criteria": found.criteria,
        "exact": found.criteria is not None and not found.widened,
        "widened": list(found.widened),
        "absent": found.absent,
    }
