"""Which entities a model stands for."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from types import UnionType

from pydantic import AliasChoices, BaseModel
from typing_extensions import is_typeddict

__all__ = ["literal_entities", "name_of_class"]


def literal_entities(model: Any, attributes: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of the ``Literal`` that a model has on one of the attributes; empty where it has none.

    Args:
        model: A pydantic model, a dataclass or a TypedDict.
        attributes: Attributes that hold an entity's name.

    Example:
        >>> class Order(BaseModel):
        ...     EntityType: Literal["Order"] = "Order"
        >>> literal_entities(Order, ("EntityType",))
        ('Order',)
    """
    annotations = _annotations(model)
    for attribute in attributes:
        texts = _texts(annotations.get(attribute))
        if texts:
            return texts
    return ()


def name_of_class(model: Any) -> str | None:
    """The class name of a model, or ``None`` for what has none of its own, such as ``dict[str, Any]``."""
    origin = get_origin(model)
    if origin is not None or not isinstance(model, type) or model.__module__ == "builtins":
        return None
    generic = getattr(model, "__pydantic_generic_metadata__", {}).get("origin")
    return None if generic else model.__name__


def _annotations(model: Any) -> dict[str, Any]:
    """What a model declares, by the name that an attribute has in the item."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        fields = model.model_fields
    elif hasattr(model, "__pydantic_fields__"):
        fields = model.__pydantic_fields__
    elif dataclasses.is_dataclass(model) or is_typeddict(model):
        return get_type_hints(model)
    else:
        return {}
    return {alias: field.annotation for name, field in fields.items() for alias in (name, *_aliases(field))}


def _aliases(field: Any) -> tuple[str, ...]:
    alias = field.validation_alias or field.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return tuple(choice for choice in choices if isinstance(choice, str))


def _texts(annotation: Any) -> tuple[str, ...]:
    if hasattr(annotation, "__value__"):
        annotation = annotation.__value__
    origin = get_origin(annotation)
    if origin is Annotated:
        return _texts(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(text for member in get_args(annotation) for text in _texts(member))
    if origin is not Literal:
        return ()
    values = (value.value if isinstance(value, Enum) else value for value in get_args(annotation))
    return tuple(value for value in values if isinstance(value, str))
