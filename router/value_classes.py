"""Frozen dataclasses for short cold starts: their methods are shared, and their fields are made when something asks.

The standard decorator compiles six methods for each class, and one more to set them. A class of this one is the same
dataclass in all other respects: ``fields()``, ``replace()``, ``match``, copying and pickling work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
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
            for name, method in _METHODS.items():
                if getattr(cls, name, None) is getattr(object, name, None) and (repr or name != "__repr__"):
                    setattr(cls, name, method)
            cls.__signature__ = _SIGNATURE
            if any(isinstance(value, dataclasses.Field) for value in vars(cls).values()):
                _make_fields(cls)
            else:
                for name, late in _LATE.items():
                    setattr(cls, name, late)
            return cls

        return decorate


def _make_fields(cls: Any) -> None:
    dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    cls.__dataclass_params__.frozen = True  # a frozen dataclass may inherit from it
    names = tuple(field.name for field in dataclasses.fields(cls) if field.init)
    cls.__match_args__ = names  # type: ignore[misc]  # the standard decorator keeps what is there


class _Late:
    """An attribute that is there when something asks for it: all are made then, of the class that has this one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, _: object, owner: Any) -> Any:
        _make_fields(next(cls for cls in owner.__mro__ if vars(cls).get(self._name) is self))
        return getattr(owner, self._name)


_LATE = {name: _Late(name) for name in ("__dataclass_fields__", "__dataclass_params__", "__match_args__")}


def _init(self: Any, *positional: Any, **named: Any) -> None:
    cls: Any = type(self)
    parameters = _parameters(cls)
    given = dict(zip(parameters, positional, strict=False))
    if len(positional) > len(given) or not named.keys().isdisjoint(given):
        _refuse(self, positional, named)
    given |= named
    for name, default in parameters.items():
        value = given.pop(name, default)
        if value is dataclasses.MISSING:
            _refuse(self, positional, named)
        object.__setattr__(self, name, value)
    if given:
        _refuse(self, positional, named)
    post_init = getattr(self, "__post_init__", None)
    if post_init is not None:
        post_init()


@cache
def _parameters(cls: Any) -> Mapping[str, Any]:
    """The default of each parameter of a class, read without its fields as long as they are not made."""
    holder = next(each for each in cls.__mro__ if "__dataclass_fields__" in vars(each))
    if vars(holder)["__dataclass_fields__"] is not _LATE["__dataclass_fields__"]:
        return {field.name: field.default for field in dataclasses.fields(cls) if field.init}
    names = [name for name, annotation in holder.__annotations__.items() if "ClassVar" not in str(annotation)]
    return {name: vars(holder).get(name, dataclasses.MISSING) for name in names}


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


_SIGNATURE = _Signature()


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


def _replace(self: Any, **changes: Any) -> Any:
    return dataclasses.replace(self, **changes)


_METHODS = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__replace__": _replace,  # of Python 3.13
}
