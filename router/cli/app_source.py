"""Which app a command runs: that of ``--app``, else the Handler of the template, else ``handlers:app``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from router.app import Dispatcher
from router.cli.app_loader import load_app
from router.cli.errors import CommandLineError
from router.local.cloudformation.code import FunctionCode, code_of
from router.local.cloudformation.mappings import function_mappings
from router.local.cloudformation.resources import TemplateError, TemplateFile
from router.local.project_settings import DEFAULT_APP

__all__ = ["TEMPLATE", "AppSource", "app_in_code", "find_app"]

TEMPLATE = Path("template.yaml")
"""The template that a command reads if none is named."""


@dataclass(frozen=True)
class AppSource:
    """The name of an app, and where its module is.

    Args:
        name: ``module:attribute``.
        folders: The folders in which the module is searched, in this order.
    """

    name: str
    folders: tuple[Path, ...]

    def load(self) -> Dispatcher:
        """Import the app; raises the errors of :func:`~router.cli.app_loader.load_app`."""
        return load_app(self.name, self.folders)


def app_in_code(app: str | None, code: FunctionCode, function: str, template: TemplateFile) -> AppSource:
    """The app of a function.

    Args:
        app: The value of ``--app``; it is searched in the current folder first, the template's Handler in the code.
        code: The function's code.
        function: The function's name, for the error.
        template: The template, for the error.

    Raises:
        CommandLineError: Neither names an app.
    """
    here = Path.cwd()
    if app is not None:
        return AppSource(app, (here, *code.folders))
    if code.app is None:
        reason = f": {code.unknown}" if code.unknown and code.written is None else ""
        msg = f"found no Handler of {function} in {template.path}{reason}; name the Dispatcher with --app"
        raise CommandLineError(msg)
    return AppSource(code.app, (*code.folders, here))


def find_app(app: str | None, template: Path | None = None, function: str | None = None) -> AppSource:
    """The app of a command that needs no template.

    Args:
        app: The value of ``--app``.
        template: The value of ``--template``; without it, template.yaml is read if it exists and has one function.
        function: The value of ``--function``.

    Raises:
        TemplateError: The template that is named cannot be read, or the function is not in it.
        CommandLineError: The function that is named has no Handler.
    """
    named = template is not None or function is not None
    if not named and (not TEMPLATE.exists() or (app is not None and _is_here(app))):
        return AppSource(app or DEFAULT_APP, (Path.cwd(),))
    try:
        file = TemplateFile(template or TEMPLATE)
        name = function_mappings(file, function)[0].function
        code = code_of(file, file.resources.get(name))
        if not named and app is None and (code.app is None or code.unknown is not None):
            return AppSource(DEFAULT_APP, (Path.cwd(), *code.folders))
        return app_in_code(app, code, name, file)
    except TemplateError:
        if named:
            raise
        return AppSource(app or DEFAULT_APP, (Path.cwd(),))


def _is_here(app: str) -> bool:
    """Whether the first part of the module is in the current folder, so that no template is needed to find it."""
    first = app.partition(":")[0].partition(".")[0]
    return Path(first).is_dir() or Path(f"{first}.py").is_file()
