"""The entity names of a model, and what it says about the attribute that holds them."""

from __future__ import annotations

import inspect
from contextlib import suppress
from enum import Enum
from itertools import chain
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from router.registration.annotations import members_of
from router.registration.model_fields import default_of, fields_of
from router.value_classes import dataclass

__all__ = ["Constant", "constant_of", "literal_entities", "name_of_class"]


@dataclass(frozen=True)
class Constant:
    """A text that a model writes into an attribute, the name of what holds it, and whether it is read from there."""

    attribute: str
    text: str
    name: str
    is_read: bool


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
    annotations = {attribute: field.annotation for attribute, field in fields_of(only).items()}
    for name, computed in getattr(only, "__pydantic_decorators__", _NO_DECORATORS).computed_fields.items():
        annotations.setdefault(computed.info.alias or name, computed.info.return_type)
    return next((texts for attribute in attributes if (texts := _texts(annotations.get(attribute)))), ())


def name_of_class(model: Any) -> str | None:
    """The class name of a model; ``None`` for a type without a name of its own, such as ``dict[str, Any]``."""
    origin = get_origin(model)
    if origin is not None or not isinstance(model, type) or model.__module__ in ("builtins", "typing"):
        return None
    generic = getattr(model, "__pydantic_generic_metadata__", {}).get("origin")
    return None if generic else model.__name__


def constant_of(model: Any, attribute: str) -> Constant | None:
    """The text that a model gives an attribute without a ``Literal``: a default, a class attribute, a property.

    Args:
        model: A model.
        attribute: An attribute of its items.
    """
    field = fields_of(model).get(attribute)
    name, value = (attribute, _class_attribute(model, attribute)) if field is None else (field.name, field.default)
    if value is None:
        name, value = _written_default(model, attribute)
    value = value.value if isinstance(value, Enum) else value
    is_text = isinstance(value, str) and bool(value)
    return Constant(attribute, str.__str__(value), name, field is not None) if is_text else None


def _written_default(model: Any, attribute: str) -> tuple[str, Any]:
    """The name and the default of a field that is written as an attribute, which it need not be read from."""
    fields = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
    written = ((name, field) for name, field in fields.items() if field.serialization_alias == attribute)
    return next(((name, default_of(field)) for name, field in written), (attribute, None))


_NO_DECORATORS: Any = type("NoDecorators", (), {"computed_fields": {}})


def _class_attribute(model: Any, attribute: str) -> Any:
    """The value of a class attribute, a private attribute, or a property that needs no field."""
    mangled = f"_{getattr(model, '__name__', '').lstrip('_')}{attribute}"
    for name in (attribute, mangled):
        private = getattr(model, "__private_attributes__", {}).get(name)
        if private is not None:
            return private.default
        value = inspect.getattr_static(model, name, None)
        read = getattr(getattr(value, "wrapped_property", value), "fget", None)
        if read is None and value is not None:
            return value
        with suppress(Exception):  # a property that needs fields
            return read(object.__new__(model))  # type: ignore[misc]  # None raises, too
    return None


def _texts(annotation: Any) -> tuple[str, ...]:
    """The texts among the values of a ``Literal``, or of several in a union."""
    literals = [member for member in members_of(annotation) if get_origin(member) is Literal]
    values = (value.value if isinstance(value, Enum) else value for literal in literals for value in get_args(literal))
    return tuple(str.__str__(value) for value in values if isinstance(value, str) and value)
