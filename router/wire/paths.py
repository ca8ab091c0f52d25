"""Paths to attribute values: parse, write and follow ``lines[0].total``."""

from __future__ import annotations

import json
import re
from typing import Any

from router.errors import RegistrationError

__all__ = ["Path", "find", "parse_path", "write_path"]

Path = tuple[str | int, ...]
"""Steps to an attribute value: names into maps, positions into lists."""

_UNQUOTED = r"[^.\[\]\"]+"
_STEP = re.compile(rf'(?:^|\.)({_UNQUOTED})|\[(\d+)\]|\["((?:[^"\\]|\\.)+)"\]')


def parse_path(text: str) -> Path:
    """Split a path into its steps.

    A name that contains a dot, a bracket or a quotation mark stands as JSON text in brackets: ``'prices["a.b"]'``.

    Raises:
        RegistrationError: The text is not a path.

    Example:
        >>> parse_path("lines[0].total")
        ('lines', 0, 'total')
    """
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (position == 0 and (match[2] or text[0] == ".")):
            break
        name, index, quoted = match.groups()
        steps.append(int(index) if index else name or json.loads(f'"{quoted}"'))
        position = match.end()
    if not steps or position < len(text):
        msg = f"found the attribute path {text!r}, expected one such as 'status', 'address.city' or 'lines[0].total'"
        raise RegistrationError(msg)
    return tuple(steps)


def write_path(path: Path) -> str:
    """Write a path in the form that :func:`parse_path` reads."""
    return "".join(map(_write_step, path)).removeprefix(".")


def _write_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(_UNQUOTED, step) else f"[{json.dumps(step)}]"


def find(image: Any, path: Path) -> Any:
    """Return the attribute value at a path of an image, or ``None`` if the path leads nowhere. Raises nothing."""
    try:
        value = image[path[0]]
        if len(path) == 1:
            return value
        for step in path[1:]:
            value = value["L"][step] if isinstance(step, int) else value["M"][step]
    except (KeyError, IndexError, TypeError):
        return None
    return value
