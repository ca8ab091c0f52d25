"""The JSON schemas of models, in the dialect of AsyncAPI: that of draft 07.

https://www.asyncapi.com/docs/reference/specification/v3.0.0#schemaObject
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

__all__ = ["Schemas", "model_schemas"]

_PREFIX = "#/components/schemas/"


class Schemas:
    """The schemas of several models.

    Args:
        components: The named schemas, for ``components``.
        by_model: The schema, mostly a reference, of each model.
    """

    def __init__(self, components: dict[str, Any], by_model: list[tuple[Any, Any]]) -> None:
        self.components = components
        self._by_model = by_model

    def of(self, model: Any) -> Any:
        """The schema of a model."""
        return next(schema for known, schema in self._by_model if known is model or known == model)


class _Generator(GenerateJsonSchema):
    """Describes what has no JSON schema, such as a type with a validator of its own, as any value."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        del schema, error_info
        return {}

    def emit_warning(self, kind: Any, detail: str) -> None:
        """Leave out a default that has no JSON, without a warning."""


def model_schemas(models: Iterable[Any]) -> Schemas:
    """Make the schemas of models.

    Args:
        models: The models, as routes name them.
    """
    distinct: list[Any] = []
    for model in models:
        if model not in distinct:
            distinct.append(model)
    inputs = [(index, "validation", TypeAdapter(model)) for index, model in enumerate(distinct)]
    found, shared = TypeAdapter.json_schemas(
        inputs,  # type: ignore[arg-type]  # the mode is a literal
        ref_template=_PREFIX + "{model}",
        schema_generator=_Generator,
    )
    components = {name: _in_draft_7(schema) for name, schema in shared.get("$defs", {}).items()}
    return Schemas(
        components, [(model, _in_draft_7(found[index, "validation"])) for index, model in enumerate(distinct)]
    )


def _in_draft_7(schema: Any) -> Any:
    """A schema without the keywords of later drafts; AsyncAPI's ``discriminator`` is a text."""
    if isinstance(schema, list):
        return [_in_draft_7(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _in_draft_7(part) for name, part in schema.items()}
    if isinstance(plain.get("discriminator"), dict):
        plain["discriminator"] = plain["discriminator"]["propertyName"]
    if isinstance(plain.get("prefixItems"), list):
        plain["items"] = plain.pop("prefixItems")
    return plain
