"""Drafts: objects that take the values of a model's fields as attributes, and then become an instance.

pydantic-core makes an instance of a dict, and sets its four attributes past the model's ``__setattr__``: a third of the
time in which a small model is parsed. A draft has the memory layout of the model and the ``__setattr__`` of ``object``,
for which Python has fast instructions. Its ``__class__`` is set at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from inspect import getattr_static, isabstract
from keyword import iskeyword
from typing import Any, Final
from weakref import WeakValueDictionary

from pydantic import BaseModel

from router.parsing.core_schema import Schema

__all__ = ["draft_class"]

_HARMLESS: Final = frozenset(
    {
        *("type", "cls", "schema", "config", "ref", "metadata", "serialization", "generic_origin"),
        *("frozen", "revalidate_instances", "extra_behavior"),
    }
)
"""What the schema of a model may say without changing how an instance is made."""
_SLOTS: Final = {"__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"}
_MOST_FIELDS: Final = 30  # instances of a class share no more keys of their __dict__
_FROM_OBJECT: Final = ("__init__", "__setattr__", "__delattr__")
# By the names of the fields: models with the same names share bytecode, whose fast instructions are for one class.
_CLASSES: Final[WeakValueDictionary[tuple[str, ...], Callable[[], Any]]] = WeakValueDictionary()


def draft_class(schema: Schema, fields: Collection[str]) -> Callable[[], Any] | None:
    """The class of a model's drafts.

    Args:
        schema: The schema of the model, without the validators around it.
        fields: The names of its fields.

    Returns:
        ``None`` if an instance of the model may be more than its fields, or has another layout.
    """
    said = {name for name, value in schema.items() if value is not None and value is not False}
    if said - _HARMLESS or set(BaseModel.__slots__) != _SLOTS:
        return None
    if len(fields) > _MOST_FIELDS or not all(map(_is_assignable, fields)):
        return None
    model: type[BaseModel] = schema["cls"]
    if model.__new__ is not object.__new__ or hasattr(model, "__del__") or isabstract(model):
        return None
    names = tuple(fields)
    draft = _CLASSES.get(names)
    if draft is None:
        draft = _CLASSES[names] = _new_class()
    try:
        draft().__class__ = model
    except TypeError:  # another layout: the model has slots of its own
        return None
    return draft


def _is_assignable(name: str) -> bool:
    """Whether ``draft.name = value`` stores the value under this name in the draft's ``__dict__``."""
    # Python normalizes identifiers that are not ASCII.
    is_plain = name.isascii() and name.isidentifier() and not iskeyword(name)
    return is_plain and not hasattr(getattr_static(BaseModel, name, None), "__set__")


def _new_class() -> Callable[[], Any]:
    namespace: dict[str, Any] = {name: getattr(object, name) for name in _FROM_OBJECT}
    namespace |= {"__module__": __name__, "model_config": {"defer_build": True}}  # it never validates anything
    metaclass: Any = type(BaseModel)
    draft: Callable[[], Any] = metaclass("Draft", (BaseModel,), namespace)
    return draft
