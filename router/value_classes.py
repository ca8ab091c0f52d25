"""Frozen dataclasses whose methods are shared. The standard ones compile six methods for each class at each cold start.

A class is the same dataclass in all other respects: ``fields()``, ``replace()``, ``match``, copying and pickling work.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass  # for type checkers these are the standard ones
else:

    def dataclass(*, frozen, repr=True):  # noqa: A002, ARG001 - as the standard one
        """Make a class of immutable values.

        Args:
            frozen: Always true. A subclass needs no decorator: it has no fields of its own.
            repr: Whether the class is shown by its fields; else by its own or an inherited ``__repr__``.
        """

        def decorate(cls):
            made = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
            made.__dataclass_params__.frozen = True  # a frozen dataclass may inherit from it
            made.__signature__ = _Signature()
            for name, method in _METHODS.items():
                if getattr(made, name) is getattr(object, name) and (repr or name != "__repr__"):
                    setattr(made, name, method)
            return made

        return decorate


def _init(self: Any, *positional: Any, **named: Any) -> None:
    given = dict(zip(self.__match_args__, positional, strict=False))
    if len(positional) > len(given) or not named.keys().isdisjoint(given):
        _refuse(self, positional, named)
    given |= named
    for field in dataclasses.fields(self):
        if field.init and field.name in given:
            object.__setattr__(self, field.name, given.pop(field.name))
        elif field.default is not dataclasses.MISSING:
            object.__setattr__(self, field.name, field.default)
        elif field.init:
            _refuse(self, positional, named)
    if given:
        _refuse(self, positional, named)
    post_init = getattr(self, "__post_init__", None)
    if post_init is not None:
        post_init()


def _refuse(value: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Raise the error of a call that does not fit."""
    import inspect

    try:
        inspect.signature(type(value)).bind(*positional, **named)
    except TypeError as error:
        msg = f"{type(value).__qualname__}: {error}"
        raise TypeError(msg) from None


class _Signature:
    """The signature of a class, made when something asks for it."""

    def __get__(self, _: object, cls: Any) -> Any:
        from inspect import Parameter, Signature

        parameters = [
            Parameter(
                field.name,
                Parameter.POSITIONAL_OR_KEYWORD,
                default=Parameter.empty if field.default is dataclasses.MISSING else field.default,
                annotation=field.type,
            )
            for field in dataclasses.fields(cls)
            if field.init
        ]
        return Signature(parameters, return_annotation=None)


def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _compared(value: Any) -> tuple[Any, ...]:
    return tuple([getattr(value, field.name) for field in dataclasses.fields(value) if field.compare])


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self is other or _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _setattr(_self: Any, name: str, _value: object) -> None:
    msg = f"cannot assign to field {name!r}"
    raise dataclasses.FrozenInstanceError(msg)


def _delattr(_self: Any, name: str) -> None:
    msg = f"cannot delete field {name!r}"
    raise dataclasses.FrozenInstanceError(msg)


_METHODS = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
}
