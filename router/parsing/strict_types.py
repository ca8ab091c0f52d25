"""Find fields in strict mode that can read no attribute value, or not every value of their type.

An item holds a date as a text, the member of an enum as its value, and an integral ``Decimal`` as a number without a
fraction, which decodes to an ``int``. In strict mode pydantic takes a date, a member or a ``Decimal`` only.
https://docs.pydantic.dev/latest/concepts/conversion_table/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from router.parsing.core_schema import Definitions, Schema, definitions_of

__all__ = ["unreadable_parts"]

_UNREADABLE: Final = frozenset(
    {
        *("date", "datetime", "time", "timedelta", "decimal", "enum", "uuid"),
        *("tuple", "frozenset", "dataclass", "is-instance"),
    }
)
# The keys of a map are text.
_UNREADABLE_KEYS: Final = _UNREADABLE | {"int", "float", "bool", "bytes"}
_INNER: Final = ("schema", "items_schema", "values_schema")
_OF_FIELDS: Final = ("model", "dataclass", "typed-dict")
# A validator or an __init__ of the user's own may convert the value first; of a union another member may take it.
_OPAQUE: Final = frozenset({"function-before", "function-plain", "function-wrap", "union", "tagged-union"})


def unreadable_parts(schema: Any) -> tuple[str, ...]:
    """Name the fields of a core schema that are strict, and of a type whose values stand in an item in another form.

    Args:
        schema: The schema of a model; anything else than a schema has no such fields.
    """
    if not isinstance(schema, dict):
        return ()
    return tuple(dict.fromkeys(_fields(schema, definitions_of(schema), "", False, set())))


def _fields(schema: Schema, definitions: Definitions, field: str, strict: bool, seen: set[str]) -> Iterator[str]:
    """Walk through a schema.

    Args:
        schema: The schema.
        definitions: The schemas to which it may refer.
        field: The field to which it belongs.
        strict: Whether strict mode is on.
        seen: The references that have been followed; a schema may contain itself.
    """
    kind = schema["type"]
    strict = schema.get("strict", strict)
    if kind == "definition-ref":
        reference = schema["schema_ref"]
        if reference in definitions and reference not in seen:
            seen.add(reference)
            yield from _fields(definitions[reference], definitions, field, strict, seen)
        return
    own = schema.get("config", {}).get("strict", False)
    if kind in _UNREADABLE and (strict or (kind == "dataclass" and own)):
        yield field or schema["cls"].__name__
        return
    if kind in _OPAQUE or schema.get("custom_init"):
        return
    if kind in _OF_FIELDS:
        strict = own
    keys = schema.get("keys_schema", {})
    if keys.get("type") in _UNREADABLE_KEYS and keys.get("strict", strict):
        yield f"keys of {field}"
    for inner in _parts(schema, strict):
        yield from _fields(inner, definitions, field, strict, seen)
    for name, inner in _named_parts(schema):
        yield from _fields(inner, definitions, f"{field}.{name}".removeprefix("."), strict, seen)


def _parts(schema: Schema, strict: bool) -> Iterator[Schema]:
    names = ("strict_schema" if strict else "lax_schema", "python_schema", *_INNER)
    yield from (schema[name] for name in names if isinstance(schema.get(name), dict))


def _named_parts(schema: Schema) -> Iterator[tuple[str, Schema]]:
    fields = schema.get("fields", {})
    if isinstance(fields, dict):
        yield from fields.items()
    elif schema["type"] == "dataclass-args":
        yield from ((each["name"], each) for each in fields)
