"""Parts of a model's validator: what validates one field, and what builds an instance of values that are in order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import CoreConfig, CoreSchema, SchemaValidator

from router.parsing.core_schema import Definitions, Schema

__all__ = ["builds_instances", "field_validator", "instance_builder"]


def field_validator(schema: Schema, config: Schema, definitions: Definitions) -> Callable[[Any], Any]:
    """What validates a decoded value as a field of a model does."""
    if schema["type"] != "definition-ref":
        settings = tuple((name, value) for name, value in config.items() if name != "title")
        with suppress(TypeError):  # one that holds others has no hash
            return _kept_validator(tuple(schema.items()), settings)
    whole: dict[str, Any] = {"type": "definitions", "schema": schema, "definitions": list(definitions.values())}
    return SchemaValidator(cast("CoreSchema", whole), cast("CoreConfig", config)).validate_python


@cache
def _kept_validator(schema: tuple[tuple[str, Any], ...], config: tuple[tuple[str, Any], ...]) -> Callable[[Any], Any]:
    return SchemaValidator(cast("CoreSchema", dict(schema)), cast("CoreConfig", dict(config))).validate_python


def instance_builder(schema: Schema, definitions: Definitions) -> Callable[[Any], Any]:
    """What makes an instance of its ``__dict__``, no extras, and the names of the fields that were found.

    It is the model's own schema, with all that is around it, without what validates the fields.
    """
    # Left to itself, pydantic-core would use the validator that the class has already.
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
    """Whether pydantic-core does as it is told: other versions than those that this is tested with may not."""

    class Probe(BaseModel):
        text: str

    try:
        probe = instance_builder(Probe.__pydantic_core_schema__, {})(({"text": "a"}, None, {"text"}))
    except Exception:  # noqa: BLE001 - an older one has no such choice, a later one may refuse in its own way
        return False
    return bool(probe == Probe(text="a"))
