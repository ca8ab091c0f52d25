"""Emit the code that converts the text under a tag: of attribute values that contain no others, and of members of sets.

An emitter raises :class:`~router.parsing.source_writer.Unsupported` for a schema whose result it does not reproduce
exactly. In the code, a ``raise`` leaves the image to the exact parser, which takes any form and reports any fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from router.parsing.constraints import BOUNDS, LENGTHS, emit_bounds, emit_lengths
from router.parsing.core_schema import Schema
from router.parsing.parser_source import Conversion, Emit, ParserSource, is_strict, refuse_constraints
from router.parsing.source_writer import Unsupported
from router.parsing.text_emitter import emit_text

__all__ = ["SCALAR_EMITTERS", "emit_member", "tag_of"]


def tag_of(schema: Schema) -> str:
    """The tag under which an item holds the values of a schema.

    Raises:
        Unsupported: There is no emitter for the schema, or there are several tags.
    """
    kind = schema["type"]
    if kind in _TAGS:
        return _TAGS[kind]
    values = _looked_up(schema)
    if all(type(value) is str for value in values):
        return "S"
    if all(type(value) is int for value in values):
        return "N"
    raise Unsupported


def emit_member(source: ParserSource, conversion: Conversion) -> None:
    """Emit the code that converts the text under a tag, by the emitter of its schema.

    Args:
        source: The parser's source.
        conversion: The conversion; its ``wire`` holds the text.
    """
    kind = conversion.schema["type"]
    if kind not in _EMITTERS or (is_strict(conversion) and kind in ("decimal", "enum")):
        raise Unsupported
    _EMITTERS[kind](source, conversion)


def _emit_scalar(source: ParserSource, conversion: Conversion) -> None:
    unchanged = conversion.schema["type"] in ("bool", "str")
    body = source.body(conversion.wire, tag_of(conversion.schema), conversion.result if unchanged else None)
    emit_member(source, conversion._replace(wire=body))


def _emit_bool(source: ParserSource, conversion: Conversion) -> None:
    refuse_constraints(conversion.schema)
    source.line(f"if type({conversion.wire}) is not bool: raise TypeError")


def _emit_bytes(source: ParserSource, conversion: Conversion) -> None:
    refuse_constraints(conversion.schema, *LENGTHS)
    source.line(f"if type({conversion.wire}) is not str: raise TypeError")
    source.line(f"{conversion.result} = a2b_base64({conversion.wire}, strict_mode=True)")
    emit_lengths(source, conversion.schema, conversion.result)


# ------------------------------------------------------------------------------------------------------------- numbers


def _emit_int(source: ParserSource, conversion: Conversion) -> None:
    refuse_constraints(conversion.schema, *BOUNDS, "multiple_of")
    _emit_integer(source, conversion.wire, conversion.result)
    emit_bounds(source, conversion.schema, conversion.result, int)


def _emit_integer(source: ParserSource, text: str, result: str) -> None:
    # Most integers in items are small. Then the form in which DynamoDB writes others; number_of() takes every form.
    with source.block(f"if ({result} := small_integers.get({text})) is None:"):
        with source.block(f"if {text}.isdecimal() and {text}.isascii() and len({text}) < 39:"):
            source.line(f"{result} = int({text})")
        source.line(f"elif type({result} := number_of({text})) is not int: raise TypeError")


def _emit_float(source: ParserSource, conversion: Conversion) -> None:
    schema, _, text, result = conversion
    refuse_constraints(schema, "allow_inf_nan", *BOUNDS)
    if is_strict(conversion):  # a fraction decodes to a Decimal, which it does not take
        _emit_integer(source, text, result)
        source.line(f"{result} = float({result})")
    else:
        # Of a text of these characters float() makes the float of its Decimal, but for the sign of zero.
        with source.block(f"if len({text}) < 39 and not {text}.strip('0123456789.-'):"):
            source.line(f"{result} = float({text}) or 0.0")
        with source.block("else:"):
            source.line(f"{result} = float(number_of({text}))")
    emit_bounds(source, schema, result, int, float)


def _emit_decimal(source: ParserSource, conversion: Conversion) -> None:
    schema, _, text, result = conversion
    refuse_constraints(schema, "allow_inf_nan", "multiple_of", *BOUNDS, *_DIGITS)
    # The forms in which DynamoDB writes fractions and integers, and whose Decimal number_of() leaves as it is.
    with source.block(f"if '.' in {text} and {text}[-1] > '0' and 'E' not in {text} and 'e' not in {text}:"):
        source.line(f"if not {text}.isascii(): raise TypeError")
        source.line(f"{result} = exact_decimal({text})")
    with source.block(f"elif {text}.isdecimal() and {text}.isascii() and len({text}) < 39:"):
        source.line(f"{result} = Decimal({text})")
    with source.block("else:"):
        source.line(f"{result} = Decimal(number_of({text}))")
    if "multiple_of" in schema or any(type(schema[name]) is not int for name in BOUNDS if name in schema):
        source.line(f"{result} = {source.validator(conversion)}({result})")
        return
    if not schema.keys().isdisjoint(_DIGITS):
        _emit_digits(source, conversion)
    emit_bounds(source, schema, result, int)


def _emit_digits(source: ParserSource, conversion: Conversion) -> None:
    """Emit a test that the text has few digits; only otherwise the validator counts those of the value."""
    places, digits = (conversion.schema.get(name) for name in ("decimal_places", "max_digits"))
    whole, fraction = source.variable("whole"), source.variable("fraction")
    text, result = conversion.wire, conversion.result
    source.line(f"{whole}, _, {fraction} = {text}.partition('.')")
    tests = [f"len({fraction}) > {places:d}"] if places is not None else []
    if digits is not None:
        tests.append(
            f"len({whole}) > {digits - places:d}" if places else f"len({whole}) + len({fraction}) > {digits:d}"
        )
    with source.block(f"if {' or '.join(tests)} or 'E' in {text} or 'e' in {text}:"):
        source.line(f"{result} = {source.validator(conversion)}({result})")


_DIGITS: Final = ("decimal_places", "max_digits")


# ------------------------------------------------------------------------------------------------------------- lookups


def _emit_lookup(source: ParserSource, conversion: Conversion) -> None:
    """Emit the lookup of a member of an enum, or of a literal."""
    results = source.constant(_looked_up(conversion.schema))
    if tag_of(conversion.schema) == "S":
        source.line(f"{conversion.result} = {results}[{conversion.wire}]")
        return
    _emit_integer(source, conversion.wire, conversion.result)
    source.line(f"{conversion.result} = {results}[{conversion.result}]")


def _looked_up(schema: Schema) -> dict[Any, Any]:
    """The results of a literal or an enum, by the values that an item holds for them."""
    if schema["type"] == "literal":
        return _by_class(schema["expected"], schema["expected"])
    if schema["type"] == "enum":
        return _by_class([member.value for member in schema["members"]], schema["members"])
    raise Unsupported


def _by_class(values: Iterable[Any], results: Iterable[Any]) -> dict[Any, Any]:
    if not all(type(value) in (str, int) for value in values):
        raise Unsupported
    return dict(zip(values, results, strict=True))


_EMITTERS: Final[dict[str, Emit]] = {
    "bool": _emit_bool,
    "bytes": _emit_bytes,
    "decimal": _emit_decimal,
    "enum": _emit_lookup,
    "float": _emit_float,
    "int": _emit_int,
    "literal": _emit_lookup,
    "str": emit_text,
}
_TAGS: Final = {"bool": "BOOL", "bytes": "B", "decimal": "N", "float": "N", "int": "N", "str": "S"}
SCALAR_EMITTERS: Final[dict[str, Emit]] = dict.fromkeys(_EMITTERS, _emit_scalar)
"""The emitter of each kind of schema."""
