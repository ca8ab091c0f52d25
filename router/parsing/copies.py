"""Shallow copies of parsed images: each handler of a record assigns to an instance of its own."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from pydantic import BaseModel

from router.parsing.drafts import draft_class

__all__ = ["copier_of"]


def copier_of(model: Any) -> Callable[[Any], Any]:
    """Return the function that copies an instance of a model, without what is nested in it.

    An instance of a frozen model without private attributes cannot be assigned to, and is returned as it is.

    Args:
        model: A pydantic model, or any other type that pydantic validates.

    Example:
        >>> class Order(BaseModel):
        ...     total: int
        >>> order = Order(total=1)
        >>> twin = copier_of(Order)(order)
        >>> twin.total = 2
        >>> order, twin
        (Order(total=1), Order(total=2))
    """
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return _copy_value
    if model.model_config.get("frozen") and not model.__private_attributes__:
        return _same
    if any("__copy__" in vars(base) for base in model.__mro__ if base is not BaseModel):
        return copy

    if model.model_config.get("extra") == "allow" or model.__private_attributes__:
        return copy
    make_draft = draft_class({"type": "model", "cls": model}, ())
    return copy if make_draft is None else _copier(model, make_draft)


def _copier(model: type[BaseModel], make_draft: Callable[[], Any]) -> Callable[[Any], Any]:
    """Return a function that does what ``copy()`` does, in a fraction of its time."""

    def copy_model(instance: Any) -> Any:
        if type(instance) is not model:
            return copy(instance)
        draft = make_draft()
        draft.__dict__ = instance.__dict__.copy()
        draft.__pydantic_fields_set__ = instance.__pydantic_fields_set__.copy()
        draft.__pydantic_extra__ = draft.__pydantic_private__ = None
        draft.__class__ = model
        return draft

    return copy_model


def _copy_value(value: Any) -> Any:
    return value.copy() if type(value) is dict else copy(value)


def _same(instance: Any) -> Any:
    return instance
