"""The user's app for tests: imported by its name, each time as in a container that has just started."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from router.app import Dispatcher
from router.errors import RouterError
from router.local.app_import import (
    ModuleMissingError,
    NoDispatcherError,
    dispatcher_in,
    import_app_module,
    parse_app_name,
)
from router.local.cloudformation.code import code_of
from router.local.cloudformation.mapping_settings import template_settings
from router.local.cloudformation.mappings import function_mappings
from router.local.cloudformation.resources import TemplateError, TemplateFile
from router.local.project_settings import APP_VARIABLE, DEFAULT_APP, project_settings

__all__ = ["AppNotFoundError", "TemplateSettingsWarning", "load_app", "name_of_app", "settings_of_template"]


class AppNotFoundError(RouterError):
    """`router_app` names no module, no attribute of the module, or no Dispatcher."""


class TemplateSettingsWarning(UserWarning):
    """A setting of the template's mapping is unknown before deployment, or the template cannot be read."""


def name_of_app(folder: Path) -> str:
    """The app that ``ROUTER_APP``, pyproject.toml or the template names; ``handlers:app`` where none does.

    Args:
        folder: The folder of pyproject.toml and of the template.

    Raises:
        ProjectSettingsError: pyproject.toml cannot be read.
    """
    settings = project_settings(folder)
    named = os.environ.get(APP_VARIABLE) or settings.get("app")
    return named or _handler_in(_template(folder)) or DEFAULT_APP


def settings_of_template(folder: Path, app: str) -> dict[str, Any]:
    """The arguments of :class:`router.testing.Stream` that the template's mapping and table give; none without one.

    Args:
        folder: The folder of pyproject.toml and of the template.
        app: The app, as ``module:attribute``. It chooses among several functions by their handlers.

    Raises:
        ProjectSettingsError: pyproject.toml cannot be read.

    Warns:
        TemplateSettingsWarning: The template cannot be read, or a setting is unknown before deployment.
    """
    template = _template(folder)
    if not template.exists():
        return {}
    try:
        found = template_settings(template, app=app)
    except TemplateError as error:
        _warn(f"{error}; the mapping of the fixture stream has AWS's defaults")
        return {}
    if found is None:
        return {}
    for sentence in found.unknown:
        _warn(sentence)
    view = {} if found.view is None else {"view": found.view}
    return {"function_response_types": [], **found.parameters, **view}


def _template(folder: Path) -> Path:
    return folder / project_settings(folder).get("template", "template.yaml")


def _warn(text: str) -> None:
    warnings.warn(text, TemplateSettingsWarning, stacklevel=3)


def _handler_in(template: Path) -> str | None:
    """The app that is the Handler in a template; makes its code importable."""
    try:
        file = TemplateFile(template)
        code = code_of(file, file.resources.get(function_mappings(file, None)[0].function))
    except (OSError, TemplateError):  # no template, or several functions
        return None
    if code.app is None or code.unknown is not None:
        return None
    sys.path[:0] = [str(found) for found in code.folders if str(found) not in sys.path]
    return code.app


def load_app(name: str, folder: Path) -> Dispatcher:
    """Import an app.

    Args:
        name: ``module:attribute``.
        folder: The folder in which the module is searched first.

    Raises:
        AppNotFoundError: There is no such module or attribute, or it is no Dispatcher.
        Exception: What importing the module raised.
    """
    __tracebackhide__ = True  # pytest shows the traceback from the app's first line on
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    parts = parse_app_name(name)
    if parts is None:
        msg = f"found router_app = {name!r}, expected module:name such as handlers:app"
        raise AppNotFoundError(msg)
    module_name, attribute = parts
    try:
        return dispatcher_in(import_app_module(module_name), attribute)
    except ModuleMissingError as error:
        msg = (
            f"found no module {error.name!r} from {folder}, expected one for router_app = {name!r}; name your app in "
            "the pytest section of pyproject.toml: router_app = 'module:name'"
        )
        raise AppNotFoundError(msg) from None
    except NoDispatcherError as error:
        what = f"no {attribute!r} in {module_name}" if error.missing else f"a {type(error.found).__name__}"
        hint = f"; did you mean {module_name}:{error.near}?" if error.near else ""
        msg = f"found {what} for router_app = {name!r}, expected a Dispatcher{hint}"
        raise AppNotFoundError(msg) from None
