"""Validation errors that hold no item values: the declared place and the kind of each fault.

A place consists of the names that the model declares. The key of a map is data, and so is an attribute that no field
declares: ``<key>`` stands for it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from typing import Any, Final, cast, get_args

from pydantic import BaseModel
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError
from pydantic_core.core_schema import CoreSchemaType, ErrorType

from router.naming import KEY, shortened

__all__ = ["declared_names", "faults_of", "shows_error_texts", "without_values"]

_MOST_FAULTS: Final = 10
_GREATEST_INDEX: Final = 100_000  # an item of 400 KB holds no longer list: a greater number is the key of a map
_Fault = tuple[tuple[str | int, ...], str]
"""The place and the kind of a fault."""
_NOTE: Final = "input values are left out"
_LABELS: Final = frozenset({*get_args(CoreSchemaType), "[key]", "lax-or-strict", "json-or-python"})
"""What pydantic adds to a place for the parts of a type, such as the members of a union."""
_KINDS: Final = frozenset(get_args(ErrorType))
_MARK: Final = "__faults__"
"""The attribute that an error without values has: its faults, for texts."""


def declared_names(schema: Any) -> frozenset[str]:
    """The names that a core schema declares: of fields and their aliases, of classes, of the members of unions."""
    return frozenset(str.__str__(name) for name in _names(schema) if isinstance(name, str))


def _names(schema: Any) -> Iterator[Any]:
    if isinstance(schema, list | tuple):
        for inner in cast("Collection[Any]", schema):
            yield from _names(inner)
    elif isinstance(schema, dict):
        if "type" in schema:
            yield from _own_names(schema)
        for name, inner in schema.items():
            if name in _BY_NAME and isinstance(inner, dict):
                yield from inner
                yield from _names(list(inner.values()))
            elif name not in _DATA:
                yield from _names(inner)


_BY_NAME: Final = ("fields", "choices")
_DATA: Final = ("config", "default", "expected", "members", "metadata", "serialization", "validation_alias")


def _own_names(schema: dict[str, Any]) -> Iterator[Any]:
    yield from (getattr(schema.get("cls"), "__name__", None), schema.get("cls_name"), schema.get("name"))
    yield from _texts(schema.get("validation_alias"))
    yield schema.get("config", {}).get("title")
    if schema["type"] == "union":
        yield from (choice[1] for choice in schema["choices"] if isinstance(choice, tuple))


def _texts(alias: Any) -> Iterator[Any]:
    if isinstance(alias, list):
        for inner in alias:
            yield from _texts(inner)
    else:
        yield alias


@lru_cache(maxsize=100)
def _names_by_title(title: str) -> frozenset[str]:
    """The names that the models of a title declare, for an error that no parser has raised."""
    return frozenset().union(
        *(declared_names(vars(model).get("__pydantic_core_schema__")) for model in _models() if _title(model) == title)
    )


def _models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _title(model: type[BaseModel]) -> str:
    return model.model_config.get("title") or model.__name__


@cache  # until the next invocation, because reading a variable that is not set takes a tenth of a refused record
def shows_error_texts() -> bool:
    """Whether the user wants texts of errors, which may quote items: ``LOG_ERROR_TEXT=1``."""
    return os.environ.get("LOG_ERROR_TEXT") == "1"


def without_values(
    error: ValidationError, names: Collection[str] | None = None, attributes: Collection[str] = ()
) -> ValidationError:
    """Return an error with the first ten faults, without input values, messages and keys of maps.

    Args:
        error: The error. With ``LOG_ERROR_TEXT=1``, or if it is such an error already, it is returned unchanged.
        names: The names that the schema declares; by default those of the models with the error's title.
        attributes: The attributes of the item, which a model may forbid.
    """
    if hasattr(error, _MARK) or shows_error_texts():
        return error
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    names = _names_by_title(error.title) if names is None else names
    context = {"note": _NOTE, "faults": len(faults)}
    shown: list[_Fault] = []
    details: list[InitErrorDetails] = []
    for fault in faults[:_MOST_FAULTS]:
        place, kind = _place(fault["loc"], names, attributes), _kind(fault["type"])
        shown.append((place, kind))
        custom = PydanticCustomError(kind, "refused", context)  # pyright: ignore[reportArgumentType]  # the kinds are no literals
        details.append({"type": custom, "loc": place, "input": None})
    refusal = ValidationError.from_exception_data(shortened(error.title), details, hide_input=True)
    setattr(refusal, _MARK, (shown, len(faults)))
    return refusal


def _kind(kind: str) -> str:
    return kind if kind in _KINDS or (kind.isidentifier() and kind == shortened(kind)) else "custom_error"


def _place(steps: tuple[str | int, ...], names: Collection[str], attributes: Collection[str]) -> tuple[str | int, ...]:
    place = [_step(step, names) for step in steps]
    if place and place[0] == KEY and steps[0] in attributes:  # below it, an equal text may be the key of a map
        place[0] = shortened(str(steps[0]))
    return tuple(place)


def _step(step: str | int, names: Collection[str]) -> str | int:
    if isinstance(step, int):
        return step if 0 <= step < _GREATEST_INDEX else KEY
    if step in names or step in _LABELS:
        return shortened(str.__str__(step))
    label, bracket, _ = step.partition("[")  # such as "list[int]"
    return f"{label}[...]" if bracket and step.endswith("]") and label in _LABELS else KEY


def faults_of(error: ValidationError) -> list[str]:
    """Describe the first ten faults of an error, and count the others: ``lines.0.total: int_parsing``."""
    faults, count = getattr(without_values(error), _MARK, None) or _faults_as_they_are(error)
    texts = [
        shortened(f"{'.'.join(map(str, place)) or '(model)'}: {kind}", 256) for place, kind in faults[:_MOST_FAULTS]
    ]
    return [*texts, f"and {count - len(texts):,} more"] if count > len(texts) else texts


def _faults_as_they_are(error: ValidationError) -> tuple[list[_Fault], int]:
    """The faults of an error that keeps its values, as the user wants."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return [(fault["loc"], fault["type"]) for fault in faults], len(faults)
