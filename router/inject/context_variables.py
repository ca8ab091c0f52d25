"""Context variables: a comparison that notices every change, and a context manager that keeps to one context."""

from __future__ import annotations

from contextvars import Context, copy_context
from typing import Any

__all__ = ["ManagerInContext", "comparable"]


_by_identity: Any = object.__eq__


def comparable(context: Context) -> object:
    """Return what equals a copy of a context while every variable has the same value: the context, where that suffices.

    Two contexts without a change between them are found equal at once. Else they compare their values by equality, and
    a value of such a type may equal another one: ``1`` equals ``True``.

    Args:
        context: The context.
    """
    for value in context.values():
        if type(value).__eq__ is not _by_identity:
            return _ByIdentity(context)
    return context


class _ByIdentity:
    """A context that is compared by the identity of its values."""

    __slots__ = ("_items",)

    def __init__(self, context: Context) -> None:
        self._items = dict(context)

    def __eq__(self, context: Any) -> bool:
        return len(context) == len(self._items) and all(
            context[variable] is value for variable, value in self._items.items()
        )

    __hash__ = None  # type: ignore[assignment]  # the context that it is compared with can change


class ManagerInContext:
    """A context manager that is entered and left in one context, a copy of that in which this is made.

    A context variable that is set before a factory's yield can be reset only there.

    Args:
        manager: The context manager.
    """

    __slots__ = ("_context", "_manager")

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._context = copy_context()

    def __enter__(self) -> Any:
        return self._context.run(self._manager.__enter__)

    def __exit__(self, *error: Any) -> Any:
        return self._context.run(self._manager.__exit__, *error)
