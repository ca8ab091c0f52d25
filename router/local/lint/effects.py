"""Finds the effects of handlers, without calling anything.

An effect that the code of a handler names, or user code that it calls, is there already. One that a factory makes is
known from the factory's code, if that is certain: the call has the name of a table, a bus, a queue, a topic or a stream
of the template, or an environment variable with one, or the factory's code names exactly one such variable.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.effects import (
    Aggregate,
    Cascade,
    EventBridge,
    FirehoseStream,
    KinesisStream,
    Once,
    SnsTopic,
    SqsQueue,
    View,
)
from router.effects.publisher import Publisher
from router.effects.requests import Access
from router.errors import RegistrationError
from router.local.lint.deployment import Deployment
from router.local.lint.effect_targets import DEFAULT_NAMES, TYPES, Target, target_of
from router.local.lint.handler_names import behind, factories

__all__ = ["Effect", "accesses_of", "effects_of"]

Effect = View | Once | Aggregate[Any] | Cascade | Publisher

_KINDS = (View, Once, Aggregate, Cascade, Publisher)
_MAKERS: dict[Any, tuple[str, Callable[..., Effect]]] = {
    View: ("dynamodb", View),
    Once: ("dynamodb", Once),
    Cascade: ("dynamodb", Cascade),
    Aggregate: (
        "dynamodb",
        lambda table, *_, **options: Aggregate(table, "name", by=lambda _: None, count="count", **options),
    ),
    EventBridge: ("events", lambda bus, **options: EventBridge(bus, source="source", **options)),
    FirehoseStream: ("firehose", FirehoseStream),
    KinesisStream: ("kinesis", KinesisStream),
    SnsTopic: ("sns", SnsTopic),
    SqsQueue: ("sqs", SqsQueue),
}
"""The service of each kind, and what makes an effect of it."""
_OF_NO_MATTER = {"by", "count", "keep", "keep_deleted", "most_bytes", "name", "source", "stamped", "sums"}
"""The options that change neither the requests nor the resource, the key and the time to live."""


def effects_of(deployment: Deployment) -> Iterator[Effect]:
    """The effects of the app's handlers that are known.

    Args:
        deployment: The deployment.

    Raises:
        NotKnownError: There is no app.
    """
    found: dict[int, Effect] = {}
    makers: dict[int, Callable[..., Any]] = {}
    for route in deployment.app.routes:
        made = [*factories(route)]
        makers |= {id(factory): factory for factory in made}
        found |= {id(each): each for each in behind(route.handler, *made) if isinstance(each, _KINDS)}
    yield from found.values()
    named = {service: _names_in(deployment, service) for service in TYPES}
    for factory in makers.values():
        yield from _made_by(factory, named)


def accesses_of(deployment: Deployment) -> Iterator[tuple[Effect, Access, Target]]:
    """The accesses of these effects to resources of the template, each once.

    Args:
        deployment: The deployment.

    Raises:
        NotKnownError: There is no app.
    """
    seen: set[tuple[str, Access]] = set()
    for effect in effects_of(deployment):
        for access in effect.accesses:
            target = target_of(deployment, access)
            if target is not None and (repr(effect), access) not in seen:
                seen.add((repr(effect), access))
                yield effect, access, target


@dataclass(frozen=True)
class _Names:
    """The names of a service's resources that code can have.

    Args:
        written: Those that the template gives them.
        variables: Those in environment variables of the function.
        defaults: Variables with the name of a resource that every account has.
    """

    written: Container[object]
    variables: Mapping[str, str]
    defaults: Mapping[str, str]

    def meant(self, argument: ast.expr, code: Container[str]) -> str | None:
        """The only name that an argument can have.

        Args:
            argument: The argument.
            code: The texts in the code around it.
        """
        if isinstance(argument, ast.Constant):
            return str(argument.value) if argument.value in self.written else None
        texts = {each.value for each in ast.walk(argument) if isinstance(each, ast.Constant)}
        known = {**self.variables, **self.defaults}
        named = {value for name, value in known.items() if name in texts}
        named = named or {value for name, value in self.variables.items() if name in code}
        return named.pop() if len(named) == 1 else None


def _names_in(deployment: Deployment, service: str) -> _Names:
    template, function, defaults = deployment.template, deployment.function, DEFAULT_NAMES.get(service, ())
    written = {*template.given_names(*TYPES[service]), *defaults}
    if function is None:
        return _Names(written, {}, {})
    plain = {name: value for name, value in template.environment(function).items() if value in defaults}
    return _Names(written, template.variables_of(function, *TYPES[service]), plain)


def _made_by(factory: Any, named: Mapping[str, _Names]) -> Iterator[Effect]:
    code = {each for each in behind(factory) if isinstance(each, str)}
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(factory)))
    except (OSError, TypeError, SyntaxError):  # a class of C, a function without a file, a lambda within a line
        return
    for call in ast.walk(tree):
        kind = _value(call.func, getattr(factory, "__globals__", {})) if isinstance(call, ast.Call) else None
        if isinstance(call, ast.Call) and kind in _MAKERS:
            effect = _made(kind, call, named[_MAKERS[kind][0]], code)
            if effect is not None:
                yield effect


def _value(name: ast.expr, names: Mapping[str, Any]) -> Any:
    """What a name, or an attribute of a module, stands for."""
    if isinstance(name, ast.Name):
        return names.get(name.id)
    if isinstance(name, ast.Attribute) and inspect.ismodule(module := _value(name.value, names)):
        return getattr(module, name.attr, None)
    return None


def _made(kind: Any, call: ast.Call, names: _Names, code: Container[str]) -> Effect | None:
    """The effect of a call, if its resource and options are certain.

    Args:
        kind: The class of the effect.
        call: The call.
        names: The names of resources that it can have.
        code: The texts in the code around it.
    """
    options = {str(each.arg): each.value for each in call.keywords if each.arg not in _OF_NO_MATTER}
    first = call.args[0] if call.args else options.pop(next(iter(inspect.signature(kind).parameters)), None)
    client = options.pop("client", None)
    if first is None or isinstance(first, ast.Starred) or (client is not None and not _may_be_none(client)):
        return None
    name = names.meant(first, code)
    try:
        known = {each: ast.literal_eval(value) for each, value in options.items()}
        return None if name is None else _MAKERS[kind][1](name, **known)
    except (ValueError, TypeError, RegistrationError):  # no literal, unknown options, or no boto3 here
        return None


def _may_be_none(client: ast.expr) -> bool:
    """Whether an effect has no client of its own in at least one case: ``None if name else MemoryEvents()``."""
    cases = (client.body, client.orelse) if isinstance(client, ast.IfExp) else (client,)
    return any(isinstance(each, ast.Constant) and each.value is None for each in cases)
