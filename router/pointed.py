"""A model's own pydantic schema, pointed at the wire format, so that pydantic reads images which nobody decoded.

A field ``total: int`` looks for ``image["total"]``. Pointed at the wire it looks for ``image["total"]["N"]``, makes
sure that this is the plain text of an integer, and hands it on to the field's own schema. pydantic-core does that in
less time than Python needs to decode the attribute. Other values are decoded in the midst of the validation.

An instance that comes out is the one that comes of decoding first and validating then, for each field is treated alike:

- It is found if the attribute is there, and missing if it is not.
- Its own schema is given what decoding makes of the attribute, or what makes no difference to it, such as the text of
  an integer to ``int``. Anything else is refused, even if it is in order.

A refusal therefore says nothing but that the exact way has to be gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final, cast

from pydantic import BaseModel
from pydantic_core import CoreSchema, SchemaError, SchemaValidator

from router.decode import decode_value

__all__ = ["Read", "point"]

Read = Callable[[Any], Any]
Schema = Mapping[str, Any]


def point(schema: Schema, names: Iterable[str]) -> Read | None:
    """Point a model at the wire.

    Args:
        schema: The core schema of a model that looks at nothing of an image but the attributes of its fields.
        names: Those attributes.

    Returns:
        What makes an instance of an image on the wire, or raises anything at all when it does not know how. ``None``
        where that would not be certain to be right.
    """
    if not _reads_the_wire():
        return None
    try:
        return _reader(schema, tuple(names))
    except (_Unsure, SchemaError):
        return None


class _Unsure(Exception):  # noqa: N818 - an answer, and it stays in this module
    """A pointed schema might not do the same."""


def _reader(schema: Schema, names: tuple[str, ...]) -> Read:
    pointing = _Pointing(schema)
    validate = pointing.validator.validate_python
    # A path by the name alone could find a text, which has a length too; dict's own takes no text, and twice the time.
    size: Callable[[Any], int] = dict.__len__ if pointing.falls_back else len
    many = 2 * len(names)

    def read(wires: Any) -> Any:
        read_wires = wires.values() if len(wires) < many else [wires[name] for name in names if name in wires]
        # A path that leads to one tag does not see a second one beside it.
        if list(map(size, read_wires)).count(1) != len(read_wires):
            raise TypeError
        return validate(wires)

    return read


class _Pointing:
    """Points the parts of a model's schema.

    Args:
        schema: The core schema.
    """

    def __init__(self, schema: Schema) -> None:
        self.falls_back = False
        self._definitions = {definition["ref"]: definition for definition in schema.get("definitions", ())}
        pointed = self._model(schema["schema"] if schema["type"] == "definitions" else schema)
        whole = {"type": "definitions", "schema": pointed, "definitions": list(self._definitions.values())}
        # Left to itself, pydantic-core uses the validators that classes have already, and those read decoded values.
        self.validator = SchemaValidator(cast("CoreSchema", whole), _use_prebuilt=False)

    def _model(self, schema: Schema) -> Schema:
        schema = self._resolved(schema)
        if schema["type"] == "function-after":  # sees the finished instance
            return {**schema, "schema": self._model(schema["schema"])}
        config = schema.get("config", {})
        if config.get("strict") or config.get("validate_default"):
            raise _Unsure
        by_name = config.get("validate_by_name") or config.get("populate_by_name")
        fields = {
            name: self._field(field, _keys(name, field, by_name)) for name, field in schema["schema"]["fields"].items()
        }
        return {**schema, "schema": {**schema["schema"], "fields": fields}}

    def _field(self, field: Schema, keys: list[str]) -> Schema:
        tag, schema = self._field_schema(field["schema"])
        paths: list[list[str]]
        if tag is None:
            paths = [[key] for key in keys]
        elif len(keys) == 1 and schema["type"] != "default":
            paths = [[keys[0], tag]]  # with another tag it looks missing, which is refused too
        else:
            # An attribute with another tag is found by its name alone, and then refused. It must not look missing.
            self.falls_back = True
            paths = [path for key in keys for path in ([key, tag], [key])]
        return {**field, "schema": schema, "validation_alias": paths}

    def _field_schema(self, schema: Schema) -> tuple[str | None, Schema]:
        if schema["type"] != "default":
            return self._value(schema)
        if schema.get("validate_default") or schema.get("on_error", "raise") != "raise":
            raise _Unsure
        tag, inner = self._value(schema["schema"])
        return tag, {**schema, "schema": inner}

    def _value(self, schema: Schema) -> tuple[str | None, Schema]:
        """The tag under which to look, and the schema of what is there; without a tag, that of the whole value."""
        resolved = self._resolved(schema)
        if resolved["type"] == "function-after":
            tag, inner = self._value(resolved["schema"])
            return tag, {**resolved, "schema": inner}
        alone = _alone(resolved)
        if alone is not None:
            return alone
        if resolved.get("strict") or (found := _guard(resolved)) is None:
            function = {"type": "no-info", "function": _decode}
            return None, {"type": "function-before", "function": function, "schema": schema}
        tag, guard = found
        return tag, {"type": "chain", "steps": [guard, resolved]}

    def _resolved(self, schema: Schema) -> Schema:
        while schema["type"] == "definition-ref":
            schema = self._definitions[schema["schema_ref"]]
        return schema


def _keys(name: str, field: Schema, by_name: bool) -> list[str]:
    """The attributes of which a field takes the first that is there."""
    alias = field.get("validation_alias", name)
    choices = [[alias]] if isinstance(alias, str) else alias if isinstance(alias[0], list) else [alias]
    if any(len(choice) > 1 for choice in choices):
        raise _Unsure  # such a path goes on into the decoded value
    keys = [choice[0] for choice in choices]
    return [*keys, name] if by_name else keys


# What lets a value through if it is as simple as most are. The config of the model is not to change it on the way.
_TEXT: Final[Schema] = {
    "type": "str",
    "strict": True,
    "strip_whitespace": False,
    "to_lower": False,
    "to_upper": False,
    "coerce_numbers_to_str": False,
}
# As DynamoDB writes numbers, and not longer than 38 digits. One that is written otherwise may still be in order.
_INTEGER: Final[Schema] = {**_TEXT, "pattern": r"^(?:0|-?[1-9][0-9]{0,37})$", "regex_engine": "rust-regex"}
_NUMBER: Final[Schema] = {
    **_INTEGER,
    "pattern": r"^(?:0|-?[1-9][0-9]{0,37}|-?(?:0|[1-9][0-9]{0,17})\.[0-9]{0,19}[1-9])$",
}

# Decoding leaves a text as it is, so what is made of it does not matter; only that there is a text, mostly.
_MADE_OF_TEXT: Final = frozenset({"date", "datetime", "time", "timedelta", "url", "uuid"})


def _alone(schema: Schema) -> tuple[str, Schema] | None:
    """The tag that values for a schema have, and a schema that by itself takes none but what decoding would give."""
    match schema["type"]:
        case "str":
            return "S", {**schema, "strict": True}
        case "bool":
            return "BOOL", {**schema, "strict": True}
        case "literal" if all(type(value) is str for value in schema["expected"]):
            return "S", schema
    return None


def _guard(schema: Schema) -> tuple[str, Schema] | None:
    """The tag that values for a schema nearly always have, and what lets through what makes no difference to it."""
    match schema["type"]:
        case "int":
            return "N", _INTEGER
        case "decimal" | "float":
            return "N", _NUMBER
        case "enum" if all(isinstance(member.value, str) for member in schema["members"]):
            return "S", _TEXT
        case kind if kind in _MADE_OF_TEXT:
            return "S", _TEXT
    return None


def _decode(wire: Any) -> Any:
    if len(wire) == 1 and "S" in wire and isinstance(text := wire["S"], str):
        return text  # nearly always, and no call more
    return decode_value(wire)


@cache
def _reads_the_wire() -> bool:
    """Whether pydantic-core does as it is told: other versions than those that this is tested with may not."""

    class Probe(BaseModel):
        text: Any = None

    try:
        read = _reader(Probe.__pydantic_core_schema__, ("text",))
    except TypeError:  # an older one, which has no such choice
        return False
    return bool(read({"text": {"S": "read"}}).text == "read")
