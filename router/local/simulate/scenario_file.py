"""A scenario in TOML, merged with the values of a template and of the command line.

The tables are those of :class:`router.local.simulate.scenario.Scenario`: load, function, mapping and prices. A value of
the command line replaces that of the file, which replaces that of the template.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from router.local.cloudformation.template import LocalFunction
from router.local.simulate.cost import Prices
from router.local.simulate.errors import SimulationError
from router.local.simulate.function import SimulatedFunction
from router.local.simulate.load import Burst, Level, Load
from router.local.simulate.scenario import Scenario

__all__ = ["ScenarioFile", "build_scenario", "read_scenario", "template_values"]

Values = Mapping[str, Any]
"""Values of a scenario, as TOML has them: numbers and texts by key, tables by name."""


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario file; all values of it are valid.

    Args:
        values: Its values for the scenario.
        template: The template's path, ``""`` for no template, or ``None`` for the default.
        template_function: The function in the template.
    """

    values: Values = field(default_factory=dict)
    template: str | None = None
    template_function: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Document(Scenario):
    """All keys of a scenario file."""

    template: str | None = None
    template_function: str | None = None


_TABLES = ("load", "function", "mapping", "prices")
_KEYS = {
    "": [each.name for each in fields(_Document)],
    "load": [each.name for each in fields(Load)],
    "profile": [each.name for each in fields(Level)],
    "bursts": [each.name for each in fields(Burst)],
    "function": [each.name for each in fields(SimulatedFunction)],
    "prices": [each.name for each in fields(Prices)],
}
_UNKNOWN_KEY = "unexpected_keyword_argument"  # pydantic's name
_DOCUMENT = TypeAdapter(_Document)
_SCENARIO = TypeAdapter(Scenario)


def read_scenario(path: Path) -> ScenarioFile:
    """Read and check a scenario file.

    Args:
        path: The file.

    Raises:
        SimulationError: The file cannot be read, is not TOML, or has an unknown key or an invalid value.

    Example:
        >>> read_scenario(Path("load.toml")).values["load"]  # doctest: +SKIP
        {'writes': 1000, 'duration': '24h'}
    """
    try:
        values = tomllib.loads(path.read_bytes().decode())
        _DOCUMENT.validate_python(values)
    except FileNotFoundError:
        msg = f"found no scenario {path}, expected a TOML file"
    except OSError as error:
        msg = f"cannot read the scenario {path}: {error.strerror}"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"found no TOML in {path} ({error}), expected a scenario"
    except ValidationError as error:
        msg = f"{path}: {_explained(error, _place)}"
    else:
        template = values.pop("template", None)
        if template:
            template = str(path.parent / template)
        return ScenarioFile(values, template, values.pop("template_function", None))
    raise SimulationError(msg) from None


def template_values(function: LocalFunction | None) -> Values:
    """The values that a template gives: its mapping, and the function's time-out, memory and architecture.

    Args:
        function: The template's function; without one the values are AWS's defaults with ReportBatchItemFailures.
    """
    if function is None:
        return {"mapping": {"function_response_types": ["ReportBatchItemFailures"]}}
    settings = function.settings
    mapping = {each.name: getattr(settings, each.name) for each in fields(settings) if each.init}
    return {
        "function": {"timeout": function.timeout, "memory": function.memory},
        "mapping": mapping,
        "prices": {"architecture": function.architecture},
    }


def build_scenario(template: Values, file: Values, options: Values) -> Scenario:
    """Merge the values of a template, a scenario file and the command line.

    Args:
        template: The template's values.
        file: The scenario file's values.
        options: The command line's values; the key of an option is its name in snake case.

    Raises:
        SimulationError: A value of the command line is invalid, alone or with the other values.

    Example:
        >>> build_scenario({}, {"load": {"writes": 5, "duration": "2h"}}, {"load": {"writes": 7}}).load.total
        50400.0
    """
    merged: dict[str, Any] = {}
    for layer in (template, file, options):
        for key, value in layer.items():
            merged[key] = {**merged.get(key, {}), **value} if isinstance(value, Mapping) else value
    try:
        return _SCENARIO.validate_python(merged)
    except ValidationError as error:
        raise SimulationError(_explained(error, lambda place: _option(place, options))) from None


def _option(place: Sequence[str | int], options: Values) -> str:
    """The option that gave a value; empty for a table, whose text names the value."""
    found: Any = options
    for key in place:
        found = found.get(key) if isinstance(found, Mapping) else None
    return "" if found is None or isinstance(found, Mapping) else f"--{place[-1]}".replace("_", "-")


def _place(place: Sequence[str | int]) -> str:
    """A key such as ``[load] bursts[0].at``."""
    tables = [f"[{key}]" for key in place[:1] if key in _TABLES]
    keys = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place[len(tables) :])
    return " ".join(filter(None, [*tables, keys.removeprefix(".")]))


def _explained(error: ValidationError, place_text: Callable[[Sequence[str | int]], str]) -> str:
    """The first problem in one line: the place, what was found, what is expected.

    An unknown key comes first: the key that it misspells may be missing too.
    """
    first = min(error.errors(), key=lambda each: each["type"] != _UNKNOWN_KEY)
    place: Sequence[str | int]
    place, kind = first["loc"], first["type"]
    if kind == _UNKNOWN_KEY:
        *place, key = place
        text = _unknown_key(str(key), next((name for name in reversed(place) if isinstance(name, str)), ""))
    elif kind == "missing":
        *place, key = place
        text = f"found no {key}, expected one"
    elif kind == "value_error":
        text = str(first.get("ctx", {})["error"])
    else:
        text = f"found {_shown(first['input'])}, expected {_expected(kind, first['msg'])}"
    return ": ".join(filter(None, [place_text(place), text]))


def _unknown_key(key: str, table: str) -> str:
    known = _KEYS[table]
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"found the unknown key {key!r}, expected one of {', '.join(known)}{hint}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return json.dumps(value, default=str)


def _expected(kind: str, message: str) -> str:
    if kind in ("dataclass_type", "is_instance_of"):
        return "a list" if message.endswith("Sequence") else "a table"
    return message.removeprefix("Input should be ").partition(", unable")[0].partition(", got")[0]
