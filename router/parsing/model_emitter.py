"""Emit the code that reads the fields of a model and builds an instance."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from functools import partial

from router.parsing.core_schema import (
    ModelSchema,
    Schema,
    attributes_of,
    has_validators,
    instance_builder,
    model_schema,
    needs_other_fields,
)
from router.parsing.drafts import draft_class
from router.parsing.parser_source import Conversion, ParserSource
from router.parsing.source_writer import Unsupported

__all__ = ["emit_model"]


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
    if model is None or model.model.get("strict"):
        raise Unsupported
    if any(type(name) is not str for name in model.fields):
        raise Unsupported  # pydantic keeps a name of another class, and looks it up by the hash of that class
    fields_set = source.variable("fields_set")
    source.line(f"{fields_set} = {_display(model.fields)}")
    values = {name: _emit_field(source, model, name, image, fields_set) for name in model.fields}
    if nested or model.forbids_others:
        _emit_rest(source, model, image, fields_set)
    return _emit_instance(source, schema, model, values, fields_set)


def _emit_instance(
    source: ParserSource, schema: Schema, model: ModelSchema, values: Mapping[str, str], fields_set: str
) -> str:
    """Emit the code that makes an instance of the values; return an expression of it."""
    make_draft = None if has_validators(schema, source.definitions) else draft_class(model.model, model.fields)
    items = ", ".join(f"{name!r}: {value}" for name, value in values.items())
    if make_draft is None:
        build = source.constant(instance_builder(schema, source.definitions))
        return f"{build}(({{{items}}}, None, {fields_set}))"
    draft = source.variable("draft")
    source.line(f"{draft} = {source.constant(make_draft)}()")
    if sys.version_info >= (3, 13):  # values stand in the object itself, and are copied when it changes its class
        source.line(f"{draft}.__dict__ = {{{items}}}")
    else:
        for name, value in values.items():
            source.line(f"{draft}.{name} = {value}")
    source.line(f"{draft}.__pydantic_fields_set__ = {fields_set}")
    source.line(f"{draft}.__pydantic_extra__ = {draft}.__pydantic_private__ = None")
    source.line(f"{draft}.__class__ = {source.constant(model.model['cls'])}")
    return draft


def _display(names: Collection[str]) -> str:
    """An expression of a new set of names."""
    return f"{{{', '.join(map(repr, names))}}}" if names else "set()"


def _emit_rest(source: ParserSource, model: ModelSchema, image: str, fields_set: str) -> None:
    """Emit a test for attributes that no field reads: they are forbidden, or malformed ones must be found."""
    attributes = attributes_of(model)
    # With one attribute for each field, equal counts mean that the image has no other attribute.
    one_each = len(attributes) == len(model.fields) == sum(len(model.keys(name)) for name in model.fields)
    if model.forbids_others and not one_each:
        raise Unsupported  # pydantic forbids the alias that it did not use
    decode_rest = f"decode_rest({image}, {source.constant(frozenset(attributes))})"
    others = "raise TypeError" if model.forbids_others else decode_rest
    source.line(f"if len({image}) != len({fields_set}): {others}" if one_each else others)


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
        source.value(Conversion(schema, model.config, wire, result))
        return result
    if schema.get("on_error", "raise") != "raise":
        raise Unsupported
    with source.block(f"if {' or '.join(f'{key} in {image}' for key in keys)}:"):
        _emit_lookup(source, image, keys, wire)
        source.value(Conversion(schema["schema"], model.config, wire, result))
    with source.block("else:"):
        default = _default(source, schema)
        if schema.get("validate_default", model.config.get("validate_default")):
            validator = source.validator(Conversion(schema["schema"], model.config, wire, result))
            default = f"{validator}({default})"
        source.line(f"{result} = {default}")
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
