"""Finds the effects of handlers, without calling anything.

An effect that the code of a handler names, or user code that it calls, is there already. One that a factory makes is
known from the factory's code, if that is certain: the call has the table's name, or it has none and the code names
exactly one environment variable with a table of the template.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from router.effects import Aggregate, Cascade, Once, View
from router.errors import RegistrationError
from router.local.cloudformation.resources import TABLES
from router.local.lint.deployment import Deployment
from router.local.lint.handler_names import behind, factories

__all__ = ["Effect", "effects_of"]

Effect = View | Once | Aggregate[Any] | Cascade

_KINDS = (View, Once, Aggregate, Cascade)
_MAKERS: dict[Any, Callable[..., Effect]] = {
    View: View,
    Once: Once,
    Cascade: Cascade,
    Aggregate: lambda table, *_, **options: Aggregate(table, "name", by=lambda _: None, count="count", **options),
}
_OF_NO_MATTER = {"by", "count", "keep", "keep_deleted", "name", "stamped", "sums"}
"""The options that change neither the requests nor the table, the key and the time to live."""


def effects_of(deployment: Deployment) -> Iterator[Effect]:
    """The effects of the app's handlers that are known.

    Args:
        deployment: The deployment.

    Raises:
        NotKnownError: There is no app.
    """
    template = deployment.template
    variables = {} if deployment.function is None else template.variables_of_tables(deployment.function)
    fixed = {template.reference(each.name) for each in template.of_type(*TABLES) if "TableName" in each.values}
    found: dict[int, Effect] = {}
    makers: dict[int, Callable[..., Any]] = {}
    for route in deployment.app.routes:
        made = [*factories(route)]
        makers |= {id(factory): factory for factory in made}
        found |= {id(each): each for each in behind(route.handler, *made) if isinstance(each, _KINDS)}
    yield from found.values()
    for factory in makers.values():
        yield from _made_by(factory, variables, fixed)


def _made_by(factory: Any, variables: Mapping[str, str], fixed: Container[object]) -> Iterator[Effect]:
    named = {variables[each] for each in behind(factory) if isinstance(each, str) and each in variables}
    table = named.pop() if len(named) == 1 else None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(factory)))
    except (OSError, TypeError, SyntaxError):  # a class of C, a function without a file, a lambda within a line
        return
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            make = _MAKERS.get(_value(call.func, getattr(factory, "__globals__", {})))
            effect = None if make is None else _made(make, call, table, fixed)
            if effect is not None:
                yield effect


def _value(name: ast.expr, names: Mapping[str, Any]) -> Any:
    """What a name, or an attribute of a module, stands for."""
    if isinstance(name, ast.Name):
        return names.get(name.id)
    if isinstance(name, ast.Attribute) and inspect.ismodule(module := _value(name.value, names)):
        return getattr(module, name.attr, None)
    return None


def _made(make: Callable[..., Effect], call: ast.Call, table: str | None, fixed: Container[object]) -> Effect | None:
    """The effect of a call, if its table and options are certain.

    Args:
        make: Makes it.
        call: The call.
        table: The only table that the code can mean by a name that it does not have itself.
        fixed: The names of tables that the code can have itself.
    """
    options = {str(each.arg): each.value for each in call.keywords if each.arg not in _OF_NO_MATTER}
    first = call.args[0] if call.args else None
    if first is None or isinstance(first, ast.Starred) or "client" in options:
        return None
    name = table
    if isinstance(first, ast.Constant):
        name = str(first.value) if first.value in fixed else None
    try:
        known = {each: ast.literal_eval(value) for each, value in options.items()}
        return None if name is None else make(name, **known)
    except (ValueError, TypeError, RegistrationError):  # no literal, unknown options, or no boto3 here
        return None
