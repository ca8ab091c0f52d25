"""Checks of the overrides of a Dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from router.errors import RegistrationError
from router.naming import kind_of, name_of, short_name_of
from router.registration.dependencies import Parameter, read_dependency
from router.registration.misfit import Misfit
from router.routes import Route
from router.types import Overrides

__all__ = ["check_overrides"]

_MOST_NAMES = 8


def check_overrides(overrides: Overrides, routes: Iterable[Route]) -> None:
    """Refuse an override of a factory that no handler depends on: it replaces nothing.

    Args:
        overrides: Factories that replace others. Those that replace may be replaced, too.
        routes: The routes of the Dispatcher.

    Raises:
        RegistrationError: The message names the factories that can be replaced.
    """
    factories = [factory for route in routes for factory in _factories(route.signature.parameters)]
    known = [*factories, *_needs_of(overrides.values())]
    for factory in overrides:
        if factory not in known:
            found = name_of(factory) if callable(factory) else kind_of(factory)
            msg = f"app.overrides found {found}, on which no handler depends, expected {_expected(factory, factories)}"
            raise RegistrationError(msg)


def _factories(parameters: Iterable[Parameter]) -> Iterator[Callable[..., Any]]:
    """The factories that parameters need, at any depth."""
    for parameter in parameters:
        if parameter.dependency is not None:
            yield parameter.dependency.factory
            yield from _factories(parameter.dependency.parameters)


def _needs_of(replacements: Iterable[Any]) -> Iterator[Callable[..., Any]]:
    for factory in replacements:
        try:
            yield from _factories(read_dependency(factory, "record", {}).parameters)
        except Misfit:  # the plan refuses it, where it is used
            continue


def _expected(factory: Any, factories: Sequence[Callable[..., Any]]) -> str:
    names = dict.fromkeys(map(name_of, factories))
    if not names:
        return "no override, because no handler has a Depends()"
    if callable(factory) and name_of(factory) in names:
        return f"the function {name_of(factory)} that the handlers name, not another of its name"
    listed = ", ".join([*names][:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
    short = factory if isinstance(factory, str) else short_name_of(factory)
    import difflib

    near = difflib.get_close_matches(short, list(map(short_name_of, factories)), n=1)
    return f"one of {listed}{f'; did you mean {near[0]}?' if near else ''}"
