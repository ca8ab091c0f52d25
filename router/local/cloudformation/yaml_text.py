"""Format FilterCriteria as text of a template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from router.local.event_source_mapping.settings import LONGEST_PATTERN

__all__ = ["block_lines", "flow_text", "laid_out"]

_WIDTH = 88  # of the pattern alone, without its indentation
_PIECE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+,?')


def flow_text(criteria: Mapping[str, Any]) -> str:
    """The criteria on one line, as JSON, which is valid in YAML's flow style.

    Args:
        criteria: The value of ``FilterCriteria``.
    """
    return json.dumps(criteria)


def laid_out(criteria: Mapping[str, Any]) -> dict[str, Any]:
    """The criteria as YAML reads them from :func:`block_lines`: with a space for each line break in a pattern.

    Args:
        criteria: The value of ``FilterCriteria``.
    """
    return {"Filters": [{"Pattern": " ".join(_lines(each["Pattern"]))} for each in criteria["Filters"]]}


def block_lines(criteria: Mapping[str, Any], indent: int, step: int) -> list[str]:
    """The criteria as lines of YAML, without the key.

    Args:
        criteria: The value of ``FilterCriteria``.
        indent: The column of its key.
        step: The number of columns of one indentation in the template.

    Example:
        >>> block_lines({"Filters": [{"Pattern": '{"a":["b"]}'}]}, 0, 2)
        ['  Filters:', '    - Pattern: \\'{"a":["b"]}\\'']
    """
    lines = [f"{' ' * (indent + step)}Filters:"]
    for each in criteria["Filters"]:
        lines += _pattern_lines(each["Pattern"], indent + 2 * step)
    return lines


def _pattern_lines(pattern: str, indent: int) -> list[str]:
    key = f"{' ' * indent}- Pattern:"
    first, *more = _lines(pattern)
    if more:
        return [f"{key} >-", *(f"{' ' * (indent + 4)}{line}" for line in (first, *more))]
    return [f"""{key} '{first.replace("'", "''")}'"""]


def _lines(pattern: str) -> list[str]:
    """JSON on lines that end after a comma, never within a string; one line if the spaces would make it too long."""
    lines = [""]
    for piece in _PIECE.findall(pattern):
        if lines[-1] and len(lines[-1]) + len(piece) > _WIDTH:
            lines.append("")
        lines[-1] += piece
    return lines if len(pattern) + len(lines) - 1 <= LONGEST_PATTERN else [pattern]
