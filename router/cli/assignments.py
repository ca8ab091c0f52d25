"""``--set NAME=VALUE`` on the fields of a model: names are checked, values are read as the field's type."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from router.cli.errors import CommandLineError
from router.cli.written_items import assignment
from router.registration.model_fields import ReadField, fields_of
from router.testing.sample_items import fields_by_name, sample_value

__all__ = ["assigned", "field_named", "parsed"]


def assigned(
    model: type[BaseModel], written: Iterable[str], others: Iterable[str], option: str, base: Mapping[str, Any]
) -> dict[str, Any]:
    """The values that assignments give, by the attributes of the item.

    Args:
        model: The model.
        written: The assignments, ``NAME=VALUE``; a name may be a path: ``address.city``, ``lines.0.quantity``.
        others: Attributes of the item that the model does not have, such as its key.
        option: The option, for errors.
        base: Values of which a path changes a part.

    Raises:
        CommandLineError: A name is unknown, or a value does not fit.
    """
    values: dict[str, Any] = {}
    for each in written:
        path, text = assignment(each, option)
        first, *inner = path.split(".")
        name, field = field_named(model, first, others, option)
        whole = f"{option} {path}"
        if not inner:
            values[name] = parsed(text, field.annotation, whole)
            continue
        start = values.get(name, base.get(name, field.default))
        if start is None or not isinstance(start, BaseModel | Mapping | list | tuple):
            start = sample_value(field.annotation, name)
        changed = _changed(_plain(start), field.annotation, inner, text, whole)
        values[name] = _validated(changed, field.annotation, whole)
    return values


def field_named(model: type[BaseModel], name: str, others: Iterable[str], option: str) -> tuple[str, ReadField]:
    """The attribute of an item, and the model's field of it; an attribute outside the model has any value.

    Args:
        model: The model.
        name: The attribute's or the field's name.
        others: Attributes of the item that the model does not have.
        option: The option, for errors.

    Raises:
        CommandLineError: The name is unknown.
    """
    fields = fields_of(model)
    by_field = fields_by_name(model)
    if name in fields:
        return name, fields[name]
    if name in by_field:
        return by_field[name]
    if name in others or model.model_config.get("extra") == "allow":
        return name, ReadField(name, Any)
    raise CommandLineError(_unknown(name, [*fields, *others], model, option))


def parsed(text: str, annotation: Any, whole: str) -> Any:
    """The value of a type that a text stands for: ``12.50`` for a Decimal, JSON for a list.

    Args:
        text: The text.
        annotation: The type.
        whole: The option with the name, for errors.

    Raises:
        CommandLineError: The text does not fit the type.

    Example:
        >>> parsed("5", int, "--set total"), parsed("5", str, "--set note"), parsed("[5]", list[int], "--set lines")
        (5, '5', [5])
    """
    if annotation in (Any, object):
        with suppress(ValueError):
            return json.loads(text)
        return text
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    if text == "null":
        with suppress(ValidationError):
            return adapter.validate_python(None)
    errors = []
    for read in (adapter.validate_strings, adapter.validate_json):
        try:
            return read(text)
        except ValidationError as error:
            errors.append(error)
    is_json = text.lstrip().startswith(("{", "["))
    raise CommandLineError(_misfit(errors[is_json], whole))


def _changed(value: Any, annotation: Any, path: list[str], text: str, whole: str) -> Any:
    """A copy of a value of dicts and lists with a part replaced."""
    if not path:
        return parsed(text, annotation, whole)
    part, *others = path
    if isinstance(value, list) and part.isdecimal():
        at = int(part)
        inner = _member(annotation, 0)
        value = [*value, *(_plain(sample_value(inner, "item", each + 1)) for each in range(len(value), at + 1))]
        value[at] = _changed(value[at], inner, others, text, whole)
        return value
    if isinstance(value, dict):
        name, inner = _field_in(annotation, part, whole)
        return {**value, name: _changed(value.get(name), inner, others, text, whole)}
    msg = f"found {whole}, expected {part} to be in a list or an object"
    raise CommandLineError(msg)


def _field_in(annotation: Any, name: str, whole: str) -> tuple[str, Any]:
    for model in _arms(annotation):
        if isinstance(model, type) and issubclass(model, BaseModel):
            read, field = field_named(model, name, (), whole.partition(" ")[0])
            return read, field.annotation
    return name, _member(annotation, 1)


def _member(annotation: Any, position: int) -> Any:
    for arm in _arms(annotation):
        if len(inner := get_args(arm)) > position:
            return inner[position]
    return Any


def _arms(annotation: Any) -> list[Any]:
    """The types that an annotation may be, without constraints and ``None``."""
    if get_origin(annotation) is Annotated:
        return _arms(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [arm for each in get_args(annotation) if each is not type(None) for arm in _arms(each)]
    return [annotation]


def _plain(value: Any) -> Any:
    """Models as dicts by the attributes that they are read from."""
    if isinstance(value, BaseModel):
        return {read: _plain(getattr(value, name)) for name, (read, _) in fields_by_name(type(value)).items()}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _validated(value: Any, annotation: Any, whole: str) -> Any:
    try:
        return TypeAdapter(annotation).validate_python(value)
    except ValidationError as error:
        raise CommandLineError(_misfit(error, whole)) from None


def _misfit(error: ValidationError, whole: str) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = "".join(f" in {part}" for part in first["loc"] if isinstance(part, int))
    return f"found {whole}{place} with a value that does not fit: {first['msg'][:1].lower()}{first['msg'][1:]}"


def _unknown(name: str, known: list[str], model: type[BaseModel], option: str) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(dict.fromkeys(known))}"
    return f"found {option} {name}, which is no attribute of {model.__name__}; {hint}"
