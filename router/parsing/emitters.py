"""Emit the code that turns an image into an instance: one emitter for each kind of core schema.

An emitter raises :class:`~router.parsing.source_writer.Unsupported` for a schema whose result it does not reproduce
exactly: one with a constraint, or in strict mode. The value is then decoded and given to the field's own validator.

https://docs.pydantic.dev/latest/api/pydantic_core_schema/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import lru_cache, partial
from typing import Final

from router.parsing.core_schema import (
    Definitions,
    ModelSchema,
    Schema,
    attributes_of,
    field_validator,
    instance_builder,
    model_schema,
    needs_other_fields,
)
from router.parsing.scalar_emitters import ANY, SCALAR_EMITTERS, Conversion, refuse_constraints
from router.parsing.source_writer import SourceWriter, Unsupported

__all__ = ["ParserSource", "emit_model"]

_BODY_INDENT: Final = " " * 12


class ParserSource(SourceWriter):
    """The body of one generated parser.

    Args:
        definitions: The schemas to which others refer.
    """

    def __init__(self, definitions: Definitions) -> None:
        super().__init__(_BODY_INDENT)
        self.definitions = definitions
        self.open_references: list[str] = []
        """The references that lead to the schema for which code is emitted now."""


# ---------------------------------------------------------------------------------------------------- models and fields


def emit_model(source: ParserSource, schema: Schema, image: str, *, nested: bool = False) -> str:
    """Emit the code that reads the fields of a model.

    Args:
        source: The parser's source.
        schema: The schema of the model, with the validators around it.
        image: The variable that holds the object of attributes.
        nested: Whether the object is the value of an attribute.

    Returns:
        An expression that builds the instance.

    Raises:
        Unsupported: The model's validator does more than this code can.
    """
    model = model_schema(schema, source.definitions)
    if model is None or any(model.config.get(setting) for setting in ("strict", "validate_default")):
        raise Unsupported
    if model.model.get("strict") or any(type(name) is not str for name in model.fields):
        raise Unsupported  # pydantic keeps a name of another class, and looks it up by the hash of that class
    fields_set = source.variable("fields_set")
    source.line(f"{fields_set} = {source.constant(_all_fields(tuple(model.fields)))}.copy()")
    values = {name: _emit_field(source, model, name, image, fields_set) for name in model.fields}
    if nested:
        _emit_decode_rest(source, model, image, fields_set)
    build = source.constant(instance_builder(schema, source.definitions))
    items = ", ".join(f"{name!r}: {value}" for name, value in values.items())
    return f"{build}(({{{items}}}, None, {fields_set}))"


@lru_cache(maxsize=1_000)
def _all_fields(names: tuple[str, ...]) -> set[str]:
    """The names of all fields; one set for all models that have the same fields."""
    return set(names)


def _emit_decode_rest(source: ParserSource, model: ModelSchema, image: str, fields_set: str) -> None:
    """Decode the attributes that no field reads: the exact parser reports a malformed one within a nested value."""
    attributes = attributes_of(model)
    decode_rest = f"decode_rest({image}, {source.constant(frozenset(attributes))})"
    # With one attribute for each field, equal counts mean that the image has no other attribute.
    one_each = len(attributes) == len(model.fields) == sum(len(model.keys(name)) for name in model.fields)
    source.line(f"if len({image}) != len({fields_set}): {decode_rest}" if one_each else decode_rest)


def _emit_field(source: ParserSource, model: ModelSchema, name: str, image: str, fields_set: str) -> str:
    """Emit the code that reads a field; return the variable that holds its value."""
    paths = model.keys(name)
    if any(len(path) != 1 or type(path[0]) is not str for path in paths):
        raise Unsupported  # a longer path leads into the decoded value; a name of another class leads nowhere
    keys = [repr(path[0]) for path in paths]
    wire, result = source.variable("wire"), source.variable("value")
    schema = model.fields[name]["schema"]
    if needs_other_fields(schema):
        raise Unsupported
    if schema["type"] != "default":
        _emit_lookup(source, image, keys, wire)
        _emit_value(source, Conversion(schema, model.config, wire, result))
        return result
    if schema.get("validate_default") or schema.get("on_error", "raise") != "raise":
        raise Unsupported
    with source.block(f"if {' or '.join(f'{key} in {image}' for key in keys)}:"):
        _emit_lookup(source, image, keys, wire)
        _emit_value(source, Conversion(schema["schema"], model.config, wire, result))
    with source.block("else:"):
        source.line(f"{result} = {_default(source, schema)}")
        source.line(f"{fields_set}.discard({name!r})")
    return result


def _emit_lookup(source: ParserSource, image: str, keys: Sequence[str], wire: str) -> None:
    """Emit the code that takes the first attribute of several, and decodes the others as the exact parser does."""
    lookup = "".join(f"{image}[{key}] if {key} in {image} else " for key in keys[:-1]) + f"{image}[{keys[-1]}]"
    source.line(f"{wire} = {lookup}")
    for key in keys[1:]:
        source.line(f"if {key} in {image}: value_of({image}[{key}])")


def _default(source: ParserSource, schema: Schema) -> str:
    """An expression of a field's default."""
    if "default_factory" in schema:
        return f"{source.constant(schema['default_factory'])}()"
    try:
        hash(schema["default"])
    except TypeError:  # a mutable default: pydantic copies it for each instance
        return f"{source.constant(partial(deepcopy, schema['default']))}()"
    return source.constant(schema["default"])


# --------------------------------------------------------------------------------------------------------------- values


def _emit_value(source: ParserSource, conversion: Conversion) -> None:
    """Emit the code that converts an attribute value: by the emitter of its schema, else by its validator."""
    depth = len(source.open_references)
    schema = _resolved(source, conversion.schema)
    if schema is None or not source.attempt(lambda: _emit_by_kind(source, conversion._replace(schema=schema))):
        _emit_validated(source, conversion)
    del source.open_references[depth:]


def _resolved(source: ParserSource, schema: Schema) -> Schema | None:
    """Follow the references of a schema; ``None`` if it contains itself."""
    while schema["type"] == "definition-ref":
        reference = schema["schema_ref"]
        if reference in source.open_references:
            return None
        source.open_references.append(reference)
        schema = source.definitions[reference]
    return schema


def _emit_by_kind(source: ParserSource, conversion: Conversion) -> None:
    emit = _EMITTERS.get(conversion.schema["type"])
    if emit is None or conversion.schema.get("strict"):
        raise Unsupported
    emit(source, conversion)


def _emit_validated(source: ParserSource, conversion: Conversion) -> None:
    """Decode a value, and give it to its validator."""
    schema, config, wire, result = conversion
    # The two tags that most values have are decoded in place, all others by a call.
    with source.block(f"if 'S' in {wire}:"):
        source.line(f"{result} = {wire}['S']")
        source.line(f"if len({wire}) != 1 or type({result}) is not str: raise TypeError")
    with source.block(f"elif 'N' in {wire}:"):
        source.line(f"{result} = number_of({wire}['N'])")
        source.line(f"if len({wire}) != 1: raise TypeError")
    with source.block("else:"):
        source.line(f"{result} = value_of({wire})")
    source.line(f"{result} = {source.constant(field_validator(schema, config, source.definitions))}({result})")


# ----------------------------------------------------------------------------------------------------------- containers


def _emit_nullable(source: ParserSource, conversion: Conversion) -> None:
    wire, result = conversion.wire, conversion.result
    with source.block(f"if 'NULL' in {wire}:"):
        source.line(f"if len({wire}) != 1 or {wire}['NULL'] is not True: raise TypeError")
        source.line(f"{result} = None")
    with source.block("else:"):
        _emit_value(source, conversion._replace(schema=conversion.schema["schema"]))


def _emit_after(source: ParserSource, conversion: Conversion) -> None:
    """Emit a user's validator that takes the converted value."""
    _emit_value(source, conversion._replace(schema=conversion.schema["schema"]))
    validate = source.constant(conversion.schema["function"]["function"])
    source.line(f"{conversion.result} = {validate}({conversion.result})")


def _emit_list(source: ParserSource, conversion: Conversion) -> None:
    schema, config, wire, result = conversion
    refuse_constraints(schema, "items_schema", "fail_fast")
    wires, item = source.variable("wires"), source.variable("item")
    source.line(f"{wires} = {wire}['L']")
    source.line(f"if len({wire}) != 1 or type({wires}) is not list: raise TypeError")
    source.line(f"{result} = []")
    with source.block(f"for {wire} in {wires}:"):
        _emit_value(source, Conversion(schema.get("items_schema", ANY), config, wire, item))
        source.line(f"{result}.append({item})")


def _emit_nested_model(source: ParserSource, conversion: Conversion) -> None:
    image = source.variable("image")
    source.line(f"{image} = {conversion.wire}['M']")
    source.line(f"if len({conversion.wire}) != 1 or type({image}) is not dict: raise TypeError")
    source.line(f"{conversion.result} = {emit_model(source, conversion.schema, image, nested=True)}")


_EMITTERS: Final[dict[str, Callable[[ParserSource, Conversion], None]]] = {
    **SCALAR_EMITTERS,
    "function-after": _emit_after,
    "list": _emit_list,
    "model": _emit_nested_model,
    "nullable": _emit_nullable,
}
