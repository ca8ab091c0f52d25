"""What a model's core schema tells: its fields, and the attributes of an image from which they are read.

https://docs.pydantic.dev/latest/api/pydantic_core_schema/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Definitions", "Keys", "ModelSchema", "Schema", "attributes_of", "definitions_of", "model_schema"]

Schema = Mapping[str, Any]
Definitions = Mapping[str, Schema]
"""Schemas by the reference by which others refer to them."""
Keys = tuple[tuple[str | int, ...], ...]
"""Where a field looks for its value, first things first: each is an attribute, and the way on into its value."""


class ModelSchema(NamedTuple):
    """The schema of a model that looks at nothing of its input but the attributes of its fields.

    Args:
        model: The schema of type ``model``, without the validators around it that see the finished instance.
        fields: The schemas of the fields, by name.
        config: What the model's ``model_config`` has become.
    """

    model: Schema
    fields: Mapping[str, Schema]
    config: Schema

    def keys(self, name: str) -> Keys:
        """Where a field looks for its value: at its aliases, and at its name where it has none or goes by both."""
        alias = self.fields[name].get("validation_alias")
        by_name = self.config.get("validate_by_name") or self.config.get("populate_by_name")
        if alias is None or (by_name and self.config.get("validate_by_alias") is False):
            return ((name,),)
        paths = [[alias]] if isinstance(alias, str) else alias if isinstance(alias[0], list) else [alias]
        return (*map(tuple, paths), (name,)) if by_name else tuple(map(tuple, paths))


def definitions_of(schema: Schema) -> Definitions:
    """What a whole schema brings along for its parts to refer to."""
    return {definition["ref"]: definition for definition in schema.get("definitions", ())}


def model_schema(schema: Schema, definitions: Definitions) -> ModelSchema | None:
    """Find the model in a schema.

    Args:
        schema: The schema of a model, with whatever is around it.
        definitions: What it may refer to.

    Returns:
        ``None`` if the model may look at all of its input, or if it is none.
    """
    while schema["type"] in ("definitions", "function-after", "definition-ref"):
        schema = definitions[schema["schema_ref"]] if "schema_ref" in schema else schema["schema"]
    fields = schema.get("schema", {})
    if schema["type"] != "model" or fields.get("type") != "model-fields" or schema.get("custom_init"):
        return None
    config = schema.get("config", {})
    extra = schema.get("extra_behavior") or fields.get("extra_behavior")
    if (extra or config.get("extra_fields_behavior", "ignore")) != "ignore":
        return None
    return ModelSchema(schema, fields["fields"], config)


def attributes_of(schema: ModelSchema) -> tuple[str, ...]:
    """The attributes of an image that a model may look at."""
    return tuple(dict.fromkeys(str(path[0]) for name in schema.fields for path in schema.keys(name)))
