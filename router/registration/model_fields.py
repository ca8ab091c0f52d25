"""The fields of a model by the attributes that they are read from, and the values that they take."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, get_type_hints

from pydantic import AliasChoices, AliasPath, BaseModel, TypeAdapter, ValidationError
from typing_extensions import is_typeddict

from router.value_classes import dataclass

__all__ = ["ReadField", "default_of", "fields_of", "has_validators", "reads_otherwise", "takes"]

_ANNOTATED: Any = Annotated


@dataclass(frozen=True)
class ReadField:
    """A field of a model, with its constraints in the annotation."""

    name: str
    annotation: Any
    default: Any = None


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
        return {field.name: ReadField(field.name, hints[field.name], field.default) for field in _fields(model)}
    if is_typeddict(model):
        return {name: ReadField(name, annotation) for name, annotation in get_type_hints(model).items()}
    return {}


_fields: Any = dataclasses.fields


def _fields_of_pydantic(fields: Mapping[str, Any], config: Mapping[str, Any]) -> Mapping[str, ReadField]:
    by_name = bool(config.get("populate_by_name") or config.get("validate_by_name"))
    return {
        read: ReadField(name, _with_constraints(field), default_of(field))
        for name, field in fields.items()
        for read in _names(name, field, by_name)
    }


def _with_constraints(field: Any) -> Any:
    return _ANNOTATED[field.annotation, *field.metadata] if field.metadata else field.annotation


def default_of(field: Any) -> Any:
    """The default of a field of pydantic, made by its factory if need be; ``None`` for none."""
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


def takes(annotation: Any, value: Any) -> bool:
    """Whether a field of an annotation may take a decoded value; yes where that is not known.

    Args:
        annotation: The annotation of the field.
        value: The value.
    """
    if annotation is str:
        return isinstance(value, str)
    try:
        _adapter(annotation).validate_python(value)
    except ValidationError:
        return False
    except Exception:  # noqa: BLE001 - the annotation cannot be read without its model, or a validator raises
        return True
    return True


@lru_cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def has_validators(model: Any) -> bool:
    """Whether a model has validators of its own, which may convert a value before its field sees it."""
    decorators: Any = getattr(model, "__pydantic_decorators__", None)
    names = ("field_validators", "model_validators", "root_validators", "validators")
    return any(getattr(decorators, name, None) for name in names)


def reads_otherwise(model: Any) -> bool:
    """Whether a model may read values that its annotations alone refuse, by its validators or its configuration."""
    config: Any = getattr(model, "model_config", None) or getattr(model, "__pydantic_config__", None) or {}
    return has_validators(model) or bool(config.get("coerce_numbers_to_str"))
