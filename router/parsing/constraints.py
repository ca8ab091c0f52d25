"""Emit tests of constraints: a converted value that does not pass is left to the exact parser."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

from router.parsing.core_schema import Schema
from router.parsing.parser_source import ParserSource
from router.parsing.source_writer import Unsupported

__all__ = ["BOUNDS", "LENGTHS", "emit_bounds", "emit_lengths"]

BOUNDS: Final = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
"""The constraints of a number, and the operator of each."""
LENGTHS: Final = {"min_length": ">=", "max_length": "<="}
"""The constraints of a text, bytes or a container, and the operator of each."""


def emit_bounds(source: ParserSource, schema: Schema, result: str, *kinds: type[int | float]) -> None:
    """Emit the test of a number's bounds.

    Args:
        source: The parser's source.
        schema: The schema of the number.
        result: The variable that holds it.
        kinds: The classes of the bounds that Python compares with the number as pydantic does.
    """
    if any(type(schema[name]) not in kinds or not isfinite(schema[name]) for name in BOUNDS if name in schema):
        raise Unsupported
    tests = [f"{result} {operator} {schema[name]!r}" for name, operator in BOUNDS.items() if name in schema]
    if schema.get("multiple_of") is not None:
        tests.append(f"{result} % {_plain(schema['multiple_of'])!r} == 0")
    _emit_tests(source, tests)


def emit_lengths(source: ParserSource, schema: Schema, result: str) -> None:
    """Emit the test of the length of a value."""
    lengths = {name: schema[name] for name in LENGTHS if schema.get(name) is not None}
    _emit_tests(source, [f"len({result}) {LENGTHS[name]} {_plain(length)!r}" for name, length in lengths.items()])


def _plain(number: Any) -> int:
    if type(number) is not int:
        raise Unsupported
    return number


def _emit_tests(source: ParserSource, tests: list[str]) -> None:
    if tests:
        source.line(f"if not ({' and '.join(tests)}): raise TypeError")
