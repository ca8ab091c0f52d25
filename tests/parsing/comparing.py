"""Compare what parsers give with what pydantic gives for the decoded image."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError

from router.parsing.validation_errors import declared_names, without_values
from router.wire.decode import decode_image


def exactly(model: Any, wire: Any) -> Any:
    """Decode the whole image, let pydantic validate it, and keep values and keys of maps out of errors."""
    values = decode_image(wire, shown=lambda: declared(model))
    validate = model.model_validate if hasattr(model, "model_validate") else TypeAdapter(model).validate_python
    try:
        return validate(values)
    except ValidationError as error:
        is_map = not hasattr(model, "model_fields") or issubclass(model, RootModel)
        refusal = without_values(error, declared(model), () if is_map else values)
    raise refusal


def declared(model: Any) -> frozenset[str]:
    """The names that a type declares."""
    return declared_names(TypeAdapter(model).core_schema)


def outcome(parse: Callable[[], Any], *, with_input: bool = True) -> Any:
    """The result or the error of parsing, in a form that compares types and inner state too."""
    try:
        return portrait(parse())
    except ValidationError as refusal:
        details = portrait(refusal.errors(include_context=False, include_input=with_input))
        return (str(refusal), details) if with_input else details
    except Exception as error:  # noqa: BLE001 - errors of any kind are compared
        return type(error), str(error)


def portrait(value: Any) -> Any:
    """A value with the types and the inner state of all its parts."""
    if isinstance(value, BaseModel):
        names = sorted(map(str.__str__, value.model_fields_set))
        fields_by_name = {str.__str__(name): inner for name, inner in value.__dict__.items()}
        return type(value), names, portrait((fields_by_name, value.__pydantic_extra__, value.__pydantic_private__))
    if is_dataclass(value):
        return type(value), [portrait(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, dict):
        return [(portrait(name), portrait(inner)) for name, inner in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [portrait(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, value))
    return type(value), str.__str__(value) if isinstance(value, str) else repr(value)
