"""``router add``: an entity in an existing project."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from router.app import Dispatcher
from router.cli.app_source import TEMPLATE, AppSource, find_app
from router.cli.console import Page
from router.cli.errors import BrokenAppError, CommandLineError
from router.cli.options import FunctionOption, HandlerAppOption, TemplateOption
from router.cli.project.entity import Entity
from router.cli.project.files import FILTERS, entity_files, filters_text
from router.cli.project.names import entity_names, keys_of_text
from router.cli.project.registering import NoPlaceError, registered
from router.cli.project.writing import show_written, write_new
from router.cli.reload import ReloadError, reload_app
from router.local.cloudformation.mappings import keys_of, stream_mappings
from router.local.cloudformation.resources import TemplateError, TemplateFile
from router.local.files import write_text
from router.local.filter_criteria import MOST_FILTERS, MappedFilters, mapped_filters, rewritten

__all__ = ["add"]

KindArgument = Annotated[Literal["entity"], typer.Argument(metavar="entity", help="What to add.")]
EntityArgument = Annotated[str, typer.Argument(metavar="NAME", help="The entity, as items name it.")]
KeyOption = Annotated[str | None, typer.Option(metavar="NAMES", help="The key attributes; else the template's.")]


def add(
    kind: KindArgument,  # noqa: ARG001 - entity is the only kind
    name: EntityArgument,
    key: KeyOption = None,
    app: HandlerAppOption = None,
    template: TemplateOption[Path | None] = None,
    function: FunctionOption = None,
) -> int:
    """Add an entity to a project: its model, its handlers, a test with a recorded event, and its registration.

    The project has its handlers in a package whose __init__.py makes the Dispatcher, and its models in a package
    beside it, as router init makes them. The key is that of the template's table. Filters of the template follow, if
    they were those of the routes.

    Files that exist stay as they are. If the command cannot say where the routes belong, it prints the lines to add,
    and the exit code is 1.
    """
    source = find_app(app, template, function)
    module, _, attribute = source.name.partition(":")
    package = _package(source, module)
    file = _template_file(template)
    keys = keys_of_text(key) if key is not None else _keys(file, function)
    dispatcher = source.load()
    entity = Entity(entity_names(name), keys, dispatcher.discriminator)
    entity.check()
    before = [] if file is None else _mappings(file, dispatcher, function)
    page = Page()
    _write(page, entity, package)
    path = package / "__init__.py"
    code = path.read_bytes().decode()
    if not _register(page, path, entity.names.module, attribute):
        return 1
    try:
        changed = reload_app(source.name, source.folders)
    except ReloadError as error:
        _write_text(path, code)
        msg = f"{error}\nrouter: {_from_here(path)} is as it was before"
        raise BrokenAppError(msg) from None
    if file is not None and all(each.in_step for each in before):
        _follow(page, file, before, _mappings(file, changed, function))
    return 0


def _package(source: AppSource, module: str) -> Path:
    """The folder of the package that makes the app."""
    for folder in source.folders:
        package = folder / module
        if "." not in module and (package / "__init__.py").is_file():
            return package
    msg = f"found the app {source.name}, expected one in the __init__.py of a package such as handlers, beside models/"
    raise CommandLineError(msg)


def _template_file(template: Path | None) -> TemplateFile | None:
    if template is None and not TEMPLATE.exists():
        return None
    return TemplateFile(template or TEMPLATE)


def _keys(file: TemplateFile | None, function: str | None) -> tuple[str, ...]:
    """The key of the function's table in the template."""
    try:
        found = None if file is None else keys_of(file, stream_mappings(file, function)[0])
    except TemplateError:
        found = None
    if found is None:
        msg = "found no template that declares the table's key attributes; give their names: --key pk,sk"
        raise CommandLineError(msg)
    return found


def _write(page: Page, entity: Entity, package: Path) -> None:
    files = entity_files(entity, package.name)
    code = {path: text for path, text in files.items() if not path.startswith("tests/")}
    tests = {path: text for path, text in files.items() if path not in code}
    for folder, group in ((package.parent, code), (Path(), tests)):
        show_written(page, _from_here(folder), write_new(folder, group))


def _from_here(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _register(page: Page, path: Path, module: str, attribute: str) -> bool:
    """Add the routes to the app; says what to add if the place is not found."""
    package = path.parent.name
    shown = _from_here(path)
    try:
        text = path.read_bytes().decode()
        changed = registered(text, package, module, attribute)
        if changed != text:
            _write_text(path, changed)
    except (NoPlaceError, ValueError) as error:
        print(f"router: {shown} is unchanged, because {error}; add these to it:", file=sys.stderr)
        print(f"    from {package} import {module}\n    {module}.routes  # an argument of Dispatcher", file=sys.stderr)
        return False
    page.line(("changed ", "green") if changed != text else ("kept    ", "yellow"), str(shown))
    return True


def _mappings(file: TemplateFile, app: Dispatcher, function: str | None) -> list[MappedFilters]:
    return [mapped_filters(file, each, app, MOST_FILTERS) for each in stream_mappings(file, function)]


def _follow(page: Page, file: TemplateFile, before: list[MappedFilters], after: list[MappedFilters]) -> None:
    """Write the filters of the routes into the template, and into the files of a CDK app and a Terraform module."""
    if all(each.in_step for each in after):
        return
    _write_text(file.path, rewritten(file.path.read_bytes().decode(), str(file.path), after))
    page.line(("changed ", "green"), str(file.path))
    for path in map(Path, FILTERS):
        if path.is_file() and path.read_text(encoding="utf-8") == filters_text(before[0].wanted):
            _write_text(path, filters_text(after[0].wanted))
            page.line(("changed ", "green"), str(path))


def _write_text(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        msg = f"cannot write {_from_here(path)}: {error.strerror}"
        raise CommandLineError(msg) from None
