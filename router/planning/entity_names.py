"""The entity names of a model, and what it says about the attribute that holds them."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from itertools import chain
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from pydantic import AliasChoices, AliasPath, BaseModel, TypeAdapter, ValidationError
from typing_extensions import is_typeddict

from router.registration.annotations import members_of

__all__ = ["Constant", "ReadField", "constant_of", "fields_of", "literal_entities", "name_of_class", "takes_text"]


class ReadField(NamedTuple):
    """A field of a model."""

    name: str
    annotation: Any
    metadata: Sequence[Any] = ()
    default: Any = None


class Constant(NamedTuple):
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
    return next(((name, _default_of(field)) for name, field in written), (attribute, None))


def takes_text(model: Any, attribute: str, text: str) -> bool:
    """Whether a model may take a text as the value of an attribute; yes where that is not known.

    Args:
        model: A model.
        attribute: An attribute of its items.
        text: The text.
    """
    field = fields_of(model).get(attribute)
    if field is None or (field.annotation is str and not field.metadata) or _converts(model):
        return True
    annotation = _ANNOTATED[field.annotation, *field.metadata] if field.metadata else field.annotation
    try:
        TypeAdapter(annotation).validate_python(text)
    except ValidationError:
        return False
    except Exception:  # noqa: BLE001 - the annotation cannot be read without its model, or a validator raises
        return True
    return True


_ANNOTATED: Any = Annotated
_NO_DECORATORS: Any = type("NoDecorators", (), {"computed_fields": {}})


def _converts(model: Any) -> bool:
    """Whether a model has validators of its own, which may convert a value before its field sees it."""
    decorators: Any = getattr(model, "__pydantic_decorators__", None)
    names = ("field_validators", "model_validators", "root_validators", "validators")
    return any(getattr(decorators, name, None) for name in names)


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


def fields_of(model: Any) -> Mapping[str, ReadField]:
    """The fields of a model by the attributes that they are read from.

    Args:
        model: A pydantic model, a dataclass or a TypedDict; any other type has no fields.
    """
    if isinstance(model, type) and issubclass(model, BaseModel):
        return _fields_of_pydantic(model.model_fields, dict(model.model_config))
    if hasattr(model, "__pydantic_fields__"):
        return _fields_of_pydantic(model.__pydantic_fields__, dict(getattr(model, "__pydantic_config__", {})))
    if dataclasses.is_dataclass(model):
        hints = get_type_hints(model)
        return {field.name: ReadField(field.name, hints[field.name], (), field.default) for field in _fields(model)}
    if is_typeddict(model):
        return {name: ReadField(name, annotation) for name, annotation in get_type_hints(model).items()}
    return {}


_fields: Any = dataclasses.fields


def _fields_of_pydantic(fields: Mapping[str, Any], config: Mapping[str, Any]) -> Mapping[str, ReadField]:
    by_name = bool(config.get("populate_by_name") or config.get("validate_by_name"))
    return {
        read: ReadField(name, field.annotation, field.metadata, _default_of(field))
        for name, field in fields.items()
        for read in _names(name, field, by_name)
    }


def _default_of(field: Any) -> Any:
    try:
        return field.get_default(call_default_factory=True)
    except Exception:  # noqa: BLE001 - a factory may need the other fields, or raise
        return None


def _names(name: str, field: Any, by_name: bool) -> Iterable[str]:
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
    return tuple(str.__str__(value) for value in values if isinstance(value, str) and value)
