"""Read a model's core schema, and build validators of its parts.

https://docs.pydantic.dev/latest/api/pydantic_core_schema/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, cast

from pydantic_core import CoreConfig, CoreSchema, SchemaValidator

from router.value_classes import dataclass

__all__ = [
    "Definitions",
    "ModelSchema",
    "Schema",
    "attributes_of",
    "builds_instances",
    "definitions_of",
    "field_validator",
    "has_validators",
    "instance_builder",
    "mixes_configs",
    "model_schema",
    "needs_other_fields",
]

Schema = Mapping[str, Any]
Definitions = Mapping[str, Schema]
"""Schemas by the reference by which others refer to them."""
Keys = tuple[tuple[Any, ...], ...]
"""Where a field looks for its value, in this order: each is an attribute, and the path into its decoded value."""

_PLAIN_TYPES = (str, int, float, bool)


@dataclass(frozen=True)
class ModelSchema:
    """The schema of a model that takes nothing of its input but the attributes of its fields.

    Args:
        model: The schema of type ``model``, without the validators around it that take the finished instance.
        fields: The schemas of the fields, by name.
        config: The model's ``model_config``, in the form of pydantic-core.
        forbids_others: Whether the model refuses attributes that no field reads.
    """

    model: Schema
    fields: Mapping[str, Schema]
    config: Schema
    forbids_others: bool

    def keys(self, name: str) -> Keys:
        """Where a field looks for its value: at its aliases, and at its name if it has no alias or accepts both.

        A name of another class, such as the member of an enum, becomes a plain ``str``, unless its class compares or
        hashes otherwise: pydantic finds no attribute by such a name.
        """
        alias = self.fields[name].get("validation_alias")
        by_name = self.config.get("validate_by_name") or self.config.get("populate_by_name")
        if alias is None or (by_name and self.config.get("validate_by_alias") is False):
            return ((_plain(name),),)
        paths = [[alias]] if isinstance(alias, str) else alias if isinstance(alias[0], list) else [alias]
        keys = tuple(tuple(map(_plain, path)) for path in paths)
        return (*keys, (_plain(name),)) if by_name else keys


def _plain(step: str | int) -> str | int:
    if type(step) is str or not isinstance(step, str):
        return step
    plain = str.__str__(step)
    return plain if step in {plain: None} else step


def definitions_of(schema: Schema) -> Definitions:
    """The definitions to which the parts of a whole schema refer."""
    return {definition["ref"]: definition for definition in schema.get("definitions", ())}


def model_schema(schema: Schema, definitions: Definitions) -> ModelSchema | None:
    """Find the model in a schema.

    Args:
        schema: The schema of a model, with the validators around it.
        definitions: The schemas to which it may refer.

    Returns:
        ``None`` if the schema is not that of a model, or if the model may take any part of its input.
    """
    while schema["type"] in ("definitions", "function-after", "definition-ref"):
        schema = definitions[schema["schema_ref"]] if "schema_ref" in schema else schema["schema"]
    fields = schema.get("schema", {})
    if schema["type"] != "model" or fields.get("type") != "model-fields" or schema.get("custom_init"):
        return None
    config = schema.get("config", {})
    extra = schema.get("extra_behavior") or fields.get("extra_behavior")
    extra = extra or config.get("extra_fields_behavior", "ignore")
    return None if extra == "allow" else ModelSchema(schema, fields["fields"], config, extra == "forbid")


def has_validators(schema: Schema, definitions: Definitions) -> bool:
    """Whether there are validators around a model, which take the finished instance."""
    while schema["type"] in ("definitions", "definition-ref"):
        schema = definitions[schema["schema_ref"]] if "schema_ref" in schema else schema["schema"]
    return bool(schema["type"] != "model")


def attributes_of(schema: ModelSchema) -> tuple[str, ...]:
    """The attributes of an image that a model may read."""
    return tuple(dict.fromkeys(str.__str__(path[0]) for name in schema.fields for path in schema.keys(name)))


def needs_other_fields(schema: Any) -> bool:
    """Whether a validator or a default in a field's schema takes the values of the fields before it."""
    if isinstance(schema, dict):
        if schema.get("type") in ("model", "dataclass", "typed-dict"):
            return False  # it has fields of its own
        if schema.get("type") == "with-info" or schema.get("default_factory_takes_data"):
            return True
        return any(map(needs_other_fields, schema.values()))
    return isinstance(schema, list) and any(map(needs_other_fields, schema))


def mixes_configs(schema: Schema) -> bool:
    """Whether models of unlike configs share a definition that takes its settings from a config, as a type alias does.

    pydantic gives it those of the outermost model, or of the inner one if it built that earlier.
    """
    if all(map(_has_own_config, definitions_of(schema).values())):
        return False
    configs = list(_configs(schema))
    return any(config != configs[0] for config in configs)


def _has_own_config(schema: Schema) -> bool:
    while schema["type"] == "function-after":
        schema = schema["schema"]
    return schema["type"] in ("model", "enum")


def _configs(schema: Any) -> Iterator[dict[str, Any]]:
    """The settings of all models in a schema."""
    if isinstance(schema, dict):
        if schema.get("type") in ("model", "dataclass", "typed-dict"):
            yield {name: value for name, value in schema.get("config", {}).items() if name != "title"}
        for inner in schema.values():
            yield from _configs(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _configs(inner)


def field_validator(schema: Schema, config: Schema, definitions: Definitions) -> Callable[[Any], Any]:
    """Build the validator of one field, for a decoded value."""
    if schema["type"] != "definition-ref":
        settings = {name: value for name, value in config.items() if name != "title"}
        if all(type(value) in _PLAIN_TYPES for value in (*schema.values(), *settings.values())):
            return _shared_validator(_typed_items(schema), _typed_items(settings))
    whole: dict[str, Any] = {"type": "definitions", "schema": schema, "definitions": list(definitions.values())}
    return SchemaValidator(cast("CoreSchema", whole), cast("CoreConfig", config)).validate_python


_TypedItems = tuple[tuple[str, type, Any], ...]


def _typed_items(items: Schema) -> _TypedItems:
    return tuple((name, type(value), value) for name, value in items.items())  # with the types: 1 equals 1.0 and True


@lru_cache(maxsize=1_000)
def _shared_validator(schema: _TypedItems, config: _TypedItems) -> Callable[[Any], Any]:
    whole, settings = ({name: value for name, _, value in items} for items in (schema, config))
    return SchemaValidator(cast("CoreSchema", whole), cast("CoreConfig", settings)).validate_python


def instance_builder(schema: Schema, definitions: Definitions) -> Callable[[Any], Any]:
    """Build the function that makes an instance of its ``__dict__``, its extras (``None``) and its set of fields.

    It is the model's validator, the validators around it included, without those of the fields.
    """
    # By default pydantic-core reuses the validator that the class already has.
    pruned = cast("CoreSchema", _without_fields(schema, definitions))
    return SchemaValidator(pruned, _use_prebuilt=False).validate_python


def _without_fields(schema: Schema, definitions: Definitions) -> dict[str, Any]:
    if schema["type"] == "definitions":
        return _without_fields(schema["schema"], definitions)
    if schema["type"] == "definition-ref":
        return _without_fields(definitions[schema["schema_ref"]], definitions)
    inner = {"type": "any"} if schema["type"] == "model" else _without_fields(schema["schema"], definitions)
    return {**schema, "schema": inner}


@cache
def builds_instances() -> bool:
    """Whether this pydantic-core supports schemas without fields; versions that the tests do not cover may not."""

    class Probe:  # what pydantic-core needs of a model, for which pydantic takes a millisecond
        __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__")
        __pydantic_complete__ = True
        __pydantic_validator__: Any

    try:
        whole = {"type": "model", "cls": Probe, "schema": {"type": "model-fields", "fields": {}}}
        Probe.__pydantic_validator__ = SchemaValidator(cast("CoreSchema", whole))
        probe = instance_builder({"type": "model", "cls": Probe}, {})(({"text": "a"}, None, {"text"}))
        return bool(vars(probe) == {"text": "a"} and probe.__pydantic_fields_set__ == {"text"})
    except Exception:  # noqa: BLE001 - an older version lacks the option, a later one may refuse it with any error
        return False
