"""The entity names of a model."""

from __future__ import annotations

import dataclasses
from enum import Enum
from itertools import chain
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import AliasChoices, AliasPath, BaseModel
from typing_extensions import is_typeddict

from router.registration.annotations import members_of

__all__ = ["literal_entities", "name_of_class"]


def literal_entities(model: Any, attributes: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of a model's ``Literal`` on one of the attributes; empty where it has none.

    Args:
        model: A pydantic model, a dataclass or a TypedDict.
        attributes: Attributes that hold an entity's name.

    Example:
        >>> class Order(BaseModel):
        ...     EntityType: Literal["Order"] = "Order"
        >>> literal_entities(Order, ("EntityType",))
        ('Order',)
    """
    members = members_of(model)
    if len(members) != 1:
        names = [literal_entities(member, attributes) for member in members]
        # A member that names none may stand for any entity.
        return tuple(dict.fromkeys(chain(*names))) if all(names) else ()
    (only,) = members
    annotations = _annotations(only)
    return next((texts for attribute in attributes if (texts := _texts(annotations.get(attribute)))), ())


def name_of_class(model: Any) -> str | None:
    """The class name of a model; ``None`` for a type without a name of its own, such as ``dict[str, Any]``."""
    origin = get_origin(model)
    if origin is not None or not isinstance(model, type) or model.__module__ in ("builtins", "typing"):
        return None
    generic = getattr(model, "__pydantic_generic_metadata__", {}).get("origin")
    return None if generic else model.__name__


def _annotations(model: Any) -> dict[str, Any]:
    """The annotations of a model's fields, by the attributes they are read from."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        fields, config = model.model_fields, dict(model.model_config)
    elif hasattr(model, "__pydantic_fields__"):
        fields, config = model.__pydantic_fields__, dict(getattr(model, "__pydantic_config__", {}))
    elif dataclasses.is_dataclass(model) or is_typeddict(model):
        return get_type_hints(model)
    else:
        return {}
    by_name = bool(config.get("populate_by_name") or config.get("validate_by_name"))
    return {read: field.annotation for name, field in fields.items() for read in _names(name, field, by_name)}


def _names(name: str, field: Any, by_name: bool) -> list[str]:
    """The attributes that a field is read from: its aliases, if any, and its own name where that is allowed."""
    alias = field.validation_alias or field.alias
    if alias is None:
        return [name]
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    paths = [choice.path if isinstance(choice, AliasPath) else [choice] for choice in choices]
    return [str.__str__(path[0]) for path in paths if len(path) == 1 and isinstance(path[0], str)] + [name] * by_name


def _texts(annotation: Any) -> tuple[str, ...]:
    """The texts among the values of a ``Literal``, or of several in a union."""
    literals = [member for member in members_of(annotation) if get_origin(member) is Literal]
    values = (value.value if isinstance(value, Enum) else value for literal in literals for value in get_args(literal))
    return tuple(str.__str__(value) for value in values if isinstance(value, str))
