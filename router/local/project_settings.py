"""The settings of a project: ``[tool.router]`` in pyproject.toml."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path

from router.errors import RouterError

__all__ = ["APP_VARIABLE", "DEFAULT_APP", "ProjectSettingsError", "project_settings"]

APP_VARIABLE = "ROUTER_APP"
"""The environment variable that names the app, before the settings do."""

DEFAULT_APP = "handlers:app"
"""The app where nothing names one."""

_NAMES = ("app", "template")


class ProjectSettingsError(RouterError):
    """pyproject.toml cannot be read, or its section ``[tool.router]`` has a setting that is none."""


def project_settings(folder: Path) -> Mapping[str, str]:
    """The settings ``app`` and ``template`` of a project; those that it does not have are missing.

    Args:
        folder: The folder of pyproject.toml, which may not exist.

    Raises:
        ProjectSettingsError: The file is no TOML, or a setting is unknown or no text.
    """
    file = folder / "pyproject.toml"
    try:
        section = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("router", {})
    except FileNotFoundError:
        return {}
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}"
        raise ProjectSettingsError(msg) from None
    except (ValueError, AttributeError) as error:  # no TOML, no UTF-8, or a tool that is no table
        msg = f"cannot read {file}: {error}"
        raise ProjectSettingsError(msg) from None
    if not isinstance(section, dict):
        msg = f"found a value of type {type(section).__name__} as tool.router in {file}, expected a table"
        raise ProjectSettingsError(msg)
    for name, value in section.items():
        _check(name, value, file)
    return section


def _check(name: str, value: object, file: Path) -> None:
    if name not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        msg = f"found {name!r} in [tool.router] of {file}, expected {' or '.join(_NAMES)}{hint}"
        raise ProjectSettingsError(msg)
    if not isinstance(value, str) or not value:
        msg = f"found {name} of type {type(value).__name__} in [tool.router] of {file}, expected a text"
        raise ProjectSettingsError(msg)
