"""Emit the code that converts attribute values which contain no others: scalars and sets of strings.

An emitter raises :class:`~router.parsing.source_writer.Unsupported` for a schema whose result it does not reproduce
exactly, such as one with a constraint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from router.parsing.core_schema import Schema
from router.parsing.source_writer import SourceWriter, Unsupported

__all__ = ["ANY", "SCALAR_EMITTERS", "Conversion", "refuse_constraints"]

ANY: Final[Schema] = {"type": "any"}


class Conversion(NamedTuple):
    """One attribute value and what it becomes.

    Args:
        schema: The core schema of the result.
        config: The config of the model to which the value belongs.
        wire: The variable that holds the attribute value.
        result: The variable that receives the Python value.
    """

    schema: Schema
    config: Schema
    wire: str
    result: str


def refuse_constraints(schema: Schema, *harmless: str) -> None:
    """Raise if a schema says more than its type and what is named as harmless."""
    if schema.keys() - {"type", "ref", "metadata", "serialization", "strict", *harmless}:
        raise Unsupported


def _refuse_text_settings(config: Schema) -> None:
    """Raise if the model's config changes or constrains all texts, as ``str_to_lower`` does."""
    if any(setting.startswith("str_") for setting in config):
        raise Unsupported


def _emit_str(source: SourceWriter, conversion: Conversion) -> None:
    schema, config, wire, result = conversion
    refuse_constraints(schema, "coerce_numbers_to_str")
    _refuse_text_settings(config)
    source.line(f"{result} = {wire}['S']")
    source.line(f"if len({wire}) != 1 or type({result}) is not str: raise TypeError")


def _emit_bool(source: SourceWriter, conversion: Conversion) -> None:
    schema, _, wire, result = conversion
    refuse_constraints(schema)
    source.line(f"{result} = {wire}['BOOL']")
    source.line(f"if len({wire}) != 1 or type({result}) is not bool: raise TypeError")


def _emit_int(source: SourceWriter, conversion: Conversion) -> None:
    schema, _, wire, result = conversion
    refuse_constraints(schema)
    text = source.variable("text")
    source.line(f"{text} = {wire}['N']")
    # The form in which DynamoDB writes most integers. number_of() takes every form, and longer.
    with source.block(f"if {text}.isdecimal() and {text}.isascii() and len({text}) < 39:"):
        source.line(f"{result} = int({text})")
    source.line(f"elif type({result} := number_of({text})) is not int: raise TypeError")
    source.line(f"if len({wire}) != 1: raise TypeError")


def _emit_decimal(source: SourceWriter, conversion: Conversion) -> None:
    schema, _, wire, result = conversion
    refuse_constraints(schema, "allow_inf_nan")
    text = source.variable("text")
    source.line(f"{text} = {wire}['N']")
    source.line(f"{result} = Decimal({text})")
    # The forms in which DynamoDB writes fractions and integers, and whose Decimal number_of() leaves as it is.
    tests = (f"str({result}) == {text}", "'.' in {0}", "{0}[-1] in '123456789'", "'E' not in {0}", "'e' not in {0}")
    fraction = " and ".join(test.format(text) for test in tests)
    with source.block(f"if len({text}) > 38 or not ({fraction} or {text}.isdecimal() and {text}.isascii()):"):
        source.line(f"{result} = Decimal(number_of({text}))")
    source.line(f"if len({wire}) != 1: raise TypeError")


def _emit_float(source: SourceWriter, conversion: Conversion) -> None:
    schema, _, wire, result = conversion
    refuse_constraints(schema, "allow_inf_nan")
    source.line(f"{result} = float(number_of({wire}['N']))")
    source.line(f"if len({wire}) != 1: raise TypeError")


def _emit_any(source: SourceWriter, conversion: Conversion) -> None:
    source.line(f"{conversion.result} = value_of({conversion.wire})")


def _emit_literal(source: SourceWriter, conversion: Conversion) -> None:
    _emit_lookup(source, conversion, {text: text for text in conversion.schema["expected"]})


def _emit_enum(source: SourceWriter, conversion: Conversion) -> None:
    members = conversion.schema["members"]
    if not all(type(member.value) is str for member in members):
        raise Unsupported
    _emit_lookup(source, conversion, {member.value: member for member in members})


def _emit_lookup(source: SourceWriter, conversion: Conversion, results: dict[Any, Any]) -> None:
    """Emit a lookup by the text of a string."""
    if not all(type(text) is str for text in results):
        raise Unsupported
    source.line(f"{conversion.result} = {source.constant(results)}[{conversion.wire}['S']]")
    source.line(f"if len({conversion.wire}) != 1: raise TypeError")


def _emit_string_set(source: SourceWriter, conversion: Conversion) -> None:
    schema, config, wire, result = conversion
    items = schema.get("items_schema", ANY)
    refuse_constraints(schema, "items_schema", "fail_fast")
    if items["type"] != "str" or items.get("strict"):
        raise Unsupported
    refuse_constraints(items, "coerce_numbers_to_str")
    _refuse_text_settings(config)
    source.line(f"{result} = string_set_of({wire}['SS'])")
    source.line(f"if len({wire}) != 1: raise TypeError")
    if schema["type"] == "frozenset":
        source.line(f"{result} = frozenset({result})")


SCALAR_EMITTERS: Final[dict[str, Callable[[SourceWriter, Conversion], None]]] = {
    "any": _emit_any,
    "bool": _emit_bool,
    "decimal": _emit_decimal,
    "enum": _emit_enum,
    "float": _emit_float,
    "frozenset": _emit_string_set,
    "int": _emit_int,
    "literal": _emit_literal,
    "set": _emit_string_set,
    "str": _emit_str,
}
"""The emitter of each kind of schema."""
