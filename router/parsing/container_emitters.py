"""Emit the code that converts lists, tuples, sets and maps of any content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from router.parsing.constraints import LENGTHS, emit_lengths
from router.parsing.core_schema import Schema
from router.parsing.parser_source import ANY, Conversion, Emit, ParserSource, is_strict, refuse_constraints
from router.parsing.scalar_emitters import emit_member, tag_of
from router.parsing.source_writer import Unsupported
from router.parsing.text_emitter import is_plain_text

__all__ = ["CONTAINER_EMITTERS"]


def _emit_list(source: ParserSource, conversion: Conversion) -> None:
    refuse_constraints(conversion.schema, "items_schema", "fail_fast", *LENGTHS)
    source.line(f"{conversion.result} = []")
    items = conversion.schema.get("items_schema", ANY)
    _emit_items(source, conversion, items, f"{conversion.result}.append")
    emit_lengths(source, conversion.schema, conversion.result)


def _emit_items(source: ParserSource, conversion: Conversion, items: Schema, add: str) -> None:
    """Emit the loop that converts the values under an L."""
    wires = _emit_body(source, conversion.wire, "L")
    wire, item = source.variable("wire"), source.variable("item")
    with source.block(f"for {wire} in {wires}:"):
        source.value(Conversion(items, conversion.config, wire, item))
        source.line(f"{add}({item})")


def _emit_body(source: ParserSource, wire: str, tag: str) -> str:
    body = source.body(wire, tag)
    source.line(f"if type({body}) is not {'dict' if tag == 'M' else 'list'}: raise TypeError")
    return body


# --------------------------------------------------------------------------------------------------------------- tuples


def _emit_tuple(source: ParserSource, conversion: Conversion) -> None:
    schema = conversion.schema
    refuse_constraints(schema, "items_schema", "variadic_item_index", "fail_fast", *LENGTHS)
    items = schema["items_schema"]
    if "variadic_item_index" not in schema:
        _emit_positions(source, conversion, items)
    elif len(items) == 1:
        source.line(f"{conversion.result} = []")
        _emit_items(source, conversion, items[0], f"{conversion.result}.append")
        source.line(f"{conversion.result} = tuple({conversion.result})")
    else:
        raise Unsupported
    emit_lengths(source, schema, conversion.result)


def _emit_positions(source: ParserSource, conversion: Conversion, items: Sequence[Schema]) -> None:
    """Emit the code that converts the values under an L, each by a schema of its own."""
    wires = _emit_body(source, conversion.wire, "L")
    names = [(source.variable("wire"), source.variable("item")) for _ in items]
    source.line(f"[{', '.join(wire for wire, _ in names)}] = {wires}")
    for schema, (wire, item) in zip(items, names, strict=True):
        source.value(Conversion(schema, conversion.config, wire, item))
    source.line(f"{conversion.result} = ({''.join(f'{item}, ' for _, item in names)})")


# ----------------------------------------------------------------------------------------------------------------- sets


def _emit_set(source: ParserSource, conversion: Conversion) -> None:
    """Emit the code that converts a set and, outside strict mode, a list."""
    schema, _, wire, result = conversion
    refuse_constraints(schema, "items_schema", "fail_fast", *LENGTHS)
    if schema["type"] == "frozenset" and is_strict(conversion):
        raise Unsupported  # a set decodes to a set
    items = conversion._replace(schema=schema.get("items_schema", ANY))
    resolved = source.resolved(items)
    if resolved is None:
        raise Unsupported
    items = items._replace(schema=resolved)
    tag = f"{tag_of(items.schema)}S"
    if tag not in ("SS", "NS", "BS"):
        raise Unsupported
    with source.block(f"if '{tag}' in {wire}:"):
        _emit_members(source, items, tag)
    if not is_strict(conversion):
        with source.block("else:"):
            source.line(f"{result} = set()")
            _emit_items(source, conversion, items.schema, f"{result}.add")
    else:
        source.line("else: raise TypeError")
    if schema["type"] == "frozenset":
        source.line(f"{result} = frozenset({result})")
    emit_lengths(source, schema, result)


def _emit_members(source: ParserSource, conversion: Conversion, tag: str) -> None:
    """Emit the loop that converts the texts under the tag of a set."""
    result = conversion.result
    bodies = _emit_body(source, conversion.wire, tag)
    if is_plain_text(conversion):
        source.line(f"''.join({bodies})  # raises unless all are strings")
        source.line(f"{result} = set({bodies})")
        return
    body, item = source.variable("body"), source.variable("item")
    source.line(f"{result} = set()")
    with source.block(f"for {body} in {bodies}:"):
        emit_member(source, conversion._replace(wire=body, result=item))
        source.line(f"{result}.add({item})")


# ----------------------------------------------------------------------------------------------------------------- maps


def _emit_dict(source: ParserSource, conversion: Conversion) -> None:
    schema, config, wire, result = conversion
    refuse_constraints(schema, "keys_schema", "values_schema", "fail_fast", *LENGTHS)
    keys = Conversion(schema.get("keys_schema", ANY), config, source.variable("name"), source.variable("key"))
    attributes = _emit_body(source, wire, "M")
    inner, value = source.variable("wire"), source.variable("item")
    source.line(f"{result} = {{}}")
    with source.block(f"for {keys.wire}, {inner} in {attributes}.items():"):
        key = _emit_key(source, keys)
        source.value(Conversion(schema.get("values_schema", ANY), config, inner, value))
        source.line(f"{result}[{key}] = {value}")
    emit_lengths(source, schema, result)


def _emit_key(source: ParserSource, conversion: Conversion) -> str:
    """Emit the code that converts the key of a map, a text; return the variable that holds the result."""
    if conversion.schema["type"] == "any" or is_plain_text(conversion):
        source.line(f"if type({conversion.wire}) is not str: raise TypeError")
        return conversion.wire
    source.line(f"if type({conversion.wire}) is not str: raise TypeError")
    source.line(f"{conversion.result} = {source.validator(conversion)}({conversion.wire})")
    return conversion.result


CONTAINER_EMITTERS: Final[dict[str, Emit]] = {
    "dict": _emit_dict,
    "frozenset": _emit_set,
    "list": _emit_list,
    "set": _emit_set,
    "tuple": _emit_tuple,
}
"""The emitter of each kind of schema."""
