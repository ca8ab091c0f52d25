"""``router template``: compare a template's filter criteria with the routes, or write them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from router.cli.app_source import app_in_code
from router.cli.console import Page
from router.cli.errors import CommandLineError
from router.cli.json_output import print_json
from router.cli.options import FunctionOption, HandlerAppOption, JsonOption, LimitOption, TemplateOption
from router.local.cloudformation.code import code_of
from router.local.cloudformation.mappings import stream_mappings
from router.local.cloudformation.resources import TemplateFile
from router.local.files import write_text
from router.local.filter_criteria import MOST_FILTERS, MappedFilters, mapped_filters, rewritten

__all__ = ["template"]

CheckOption = Annotated[bool, typer.Option("--check", help="Exit with 1 if the filters differ from the routes.")]
WriteOption = Annotated[bool, typer.Option("--write", help="Write the routes' filters into the template.")]


def template(
    check: CheckOption = False,
    write: WriteOption = False,
    path: TemplateOption[Path] = Path("template.yaml"),  # not "template", the name of the command
    function: FunctionOption = None,
    app: HandlerAppOption = None,
    limit: LimitOption = MOST_FILTERS,
    as_json: JsonOption = False,
) -> int:
    """Compare the FilterCriteria of a template with the routes, or write the routes' FilterCriteria into it.

    All mappings of the function are compared. --write changes only their FilterCriteria, and removes them if any filter
    would drop records that have a route. router filters explains the filters.

    With --json, one document: template, function, app, in_step, written, and mappings (name, line, missing, surplus,
    widened, absent).

    The exit code is 1 if --check finds a difference.
    """
    if check == write:
        msg = f"found {'both --check and' if check else 'neither --check nor'} --write, expected one of them"
        raise CommandLineError(msg)
    file = TemplateFile(path)
    mappings = stream_mappings(file, function)
    function = mappings[0].function
    source = app_in_code(app, code_of(file, file.resources.get(function)), function, file)
    name, loaded = source.name, source.load()
    found = [mapped_filters(file, each, loaded, limit) for each in mappings]
    in_step = all(each.in_step for each in found)
    if write and not in_step:
        _write(path, found)
    if as_json:
        document = {"template": str(path), "function": function, "app": name}
        written = {"in_step": in_step or write, "written": write and not in_step}
        print_json({**document, **written, "mappings": list(map(_document, found))}, indent=2)
    else:
        _show(file, name, found, write=write)
    return int(check and not in_step)


def _write(path: Path, found: list[MappedFilters]) -> None:
    try:
        text = path.read_bytes().decode()
        write_text(path, rewritten(text, str(path), found))
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise CommandLineError(msg) from None


def _document(mapping: MappedFilters) -> dict[str, object]:
    return {
        "name": mapping.name,
        "line": mapping.line,
        "missing": mapping.missing,
        "surplus": mapping.surplus,
        "widened": list(mapping.wanted.widened),
        "absent": mapping.wanted.absent,
    }


def _show(file: TemplateFile, app: str, found: list[MappedFilters], *, write: bool) -> None:
    page = Page()
    for each in found:
        verdict = "in step" if each.in_step else "now in step" if write else "out of step"
        style = "green" if each.in_step or write else "bold red"
        page.line(f"{file.place(each.line)}: FilterCriteria of {each.name} are ", (verdict, style), f" with {app}")
        for pattern in each.surplus:
            page.whole(f"- {pattern}", indent=2)
        for pattern in each.missing:
            page.whole(f"+ {pattern}", indent=2)
        if each.wanted.absent:
            page.line(f"there must be no filter: {each.wanted.absent}", indent=2)
        for why in each.wanted.widened:
            page.line((why, "yellow"), indent=2)
    if not write and not all(each.in_step for each in found):
        page.line("router template --write updates them", indent=2)
