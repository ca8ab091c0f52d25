"""What supplies the parameters of handlers and factories."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

from router.context import Deadline
from router.depends import SCOPES, Depends, Scope
from router.naming import short_name_of
from router.record import Batch, Record
from router.registration.annotations import Namespaces, hints_of, is_change, members_of, parameters_of, unwrap
from router.registration.misfit import Misfit
from router.registration.source_text import describe, show_parameter
from router.value_classes import dataclass

__all__ = ["Dependency", "Parameter", "injected_kind", "read_dependency", "supplied_parameters"]

Kind = Literal["record", "batch", "context", "deadline", "log", "logger", "depends"]
Factories = tuple[Callable[..., Any], ...]

# The narrowest scope that can supply each kind.
_SCOPE_OF: dict[Kind, Scope] = {
    "record": "record",
    "batch": "invocation",
    "context": "invocation",
    "deadline": "invocation",
    "log": "cold_start",
    "logger": "cold_start",
}

_MANAGERS = (contextlib.AbstractContextManager, contextlib.AbstractAsyncContextManager)
_OF_CONTEXTLIB = tuple(
    decorate(lambda: None).__code__  # type: ignore[arg-type, return-value]  # only the function around it counts
    for decorate in (contextlib.contextmanager, contextlib.asynccontextmanager)
)
"""The code of all functions that these decorators return."""

_INJECTABLE = "Record, Batch, LambdaContext, Deadline, a structlog logger, or Annotated[T, Depends(factory)]"


@dataclass(frozen=True)
class Dependency:
    """A factory, its scope and its own parameters."""

    factory: Callable[..., Any]
    scope: Scope
    parameters: tuple[Parameter, ...]
    kept: bool = False
    """Whether a snapshot keeps its value."""


@dataclass(frozen=True)
class Parameter:
    """A parameter that each call supplies.

    Args:
        name: The parameter's name.
        kind: What supplies it.
        dependency: The factory, if the kind is ``"depends"``.
        optional: Whether the annotation includes ``None``.
        powertools: The class of Powertools that the annotation is, if it is one that is made for the call.
    """

    name: str
    kind: Kind
    dependency: Dependency | None = None
    optional: bool = False
    powertools: type | None = None


def supplied_parameters(
    parameters: Iterable[inspect.Parameter],
    hints: Mapping[str, Any],
    scope: Scope,
    namespaces: Namespaces,
    requesters: Factories = (),
) -> tuple[Parameter, ...]:
    """Find what supplies each parameter; parameters that keep their default are left out.

    Args:
        parameters: The parameters of a handler after the change, or all those of a factory.
        hints: Their annotations by name.
        scope: The scope of the handler or factory.
        namespaces: Local names that annotations of factories may use.
        requesters: The factories that lead to these parameters.

    Raises:
        Misfit: Nothing supplies one of them.
    """
    found = [_parameter(each, hints.get(each.name), scope, namespaces, requesters) for each in parameters]
    return tuple(parameter for parameter in found if parameter is not None)


def _parameter(
    parameter: inspect.Parameter, annotation: Any, scope: Scope, namespaces: Namespaces, requesters: Factories
) -> Parameter | None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return None
    given = [extra for extra in getattr(annotation, "__metadata__", ()) if isinstance(extra, Depends)]
    if len(given) > 1:
        raise Misfit(
            f"parameter {show_parameter(parameter)}, which has {len(given)} factories",
            "one Depends() in an annotation",
            "take the others away; a factory may itself declare what it needs",
        )
    depends = given[0] if given else None
    kind = "depends" if depends else injected_kind(annotation)
    if kind is None:
        _check_default(parameter, annotation, f" of {short_name_of(requesters[-1])}" if requesters else "")
        return None
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise Misfit(
            f"parameter {parameter.name!r}, which is positional-only",
            "parameters after the change that can be passed by name",
            f"move the '/' before {parameter.name!r}, or remove it",
        )
    if depends is not None:
        _check_manager(depends.factory, parameter, annotation)
        return Parameter(parameter.name, "depends", _dependency(depends, scope, namespaces, requesters))
    _check_scope(f"parameter {show_parameter(parameter)}", _SCOPE_OF[kind], scope, requesters)
    optional, annotated = type(None) in get_args(unwrap(annotation)), members_of(annotation)[0]
    powertools = annotated if kind in ("record", "logger") and annotated is not Record else None
    return Parameter(parameter.name, kind, None, optional, powertools)


def _check_manager(factory: Callable[..., Any], parameter: inspect.Parameter, annotation: Any) -> None:
    """Refuse a factory that returns a context manager, which nothing enters, where something else is expected."""
    decorator = getattr(factory, "__code__", None) in _OF_CONTEXTLIB
    kinds = [get_origin(each) or each for each in members_of(annotation)]
    if decorator and not any(kind in (Any, object, *_MANAGERS) for kind in kinds):
        name = short_name_of(factory)
        raise Misfit(
            f"parameter {parameter.name!r} with Depends({name}), which returns a context manager that nothing enters",
            "a factory that yields its value, without @contextmanager or @asynccontextmanager",
            f"remove the decorator of {name}: what yields is entered before the handler runs, and left after it",
        )


def _check_default(parameter: inspect.Parameter, annotation: Any, owner: str) -> None:
    """Require a default, other than a ``Depends``, of a parameter that nothing supplies."""
    typed = "T" if annotation is None else describe(unwrap(annotation))
    if isinstance(parameter.default, Depends):
        raise Misfit(
            f"parameter {parameter.name!r}{owner} with {parameter.default} as its default",
            "Depends() inside the annotation",
            f"write {parameter.name}: Annotated[{typed}, {parameter.default}]",
        )
    if parameter.default is not parameter.empty:
        return
    if is_change(unwrap(annotation)):
        raise Misfit(
            f"parameter {show_parameter(parameter)}{owner}; only handlers receive changes",
            _INJECTABLE,
            "take the Record, or move the code that needs the change into the handler",
        )
    from router.registration.powertools import powertools_remedy  # as in injected_kind()

    routines = filter(inspect.isroutine, getattr(annotation, "__metadata__", ()))
    factory = next(map(short_name_of, routines), "factory")
    raise Misfit(
        f"parameter {show_parameter(parameter)}{owner}, which nothing supplies",
        _INJECTABLE,
        powertools_remedy(parameter.name, next(iter(members_of(annotation)), None))
        or f"write {parameter.name}: Annotated[{typed}, Depends({factory})], or give it a default",
    )


def injected_kind(annotation: Any) -> Kind | None:
    """Return what supplies a parameter of this annotation without ``Depends``; ``None`` if nothing does."""
    members = members_of(annotation)
    if len(members) != 1:
        return None
    kind = members[0]
    if kind is Record:
        return "record"
    if kind is Batch:
        return "batch"
    if kind is Deadline:
        return "deadline"
    # Compared by name: importing Powertools' class is slow, and users may define a protocol of their own.
    if getattr(kind, "__name__", "") == "LambdaContext":
        return "context"
    package = (getattr(kind, "__module__", "") or "").partition(".")[0]
    if package == "aws_lambda_powertools":
        from router.registration.powertools import powertools_kind  # only who uses them needs it

        return powertools_kind(kind)
    return "log" if package == "structlog" else None


def _dependency(depends: Depends, scope: Scope, namespaces: Namespaces, requesters: Factories) -> Dependency:
    factory = depends.factory
    if factory in requesters:
        raise Misfit(
            "a circle of dependencies",
            "dependencies without a circle",
            f"remove the dependency of {short_name_of(requesters[-1])} on {short_name_of(factory)}",
            (*requesters, factory),
        )
    _check_scope(f"Depends({short_name_of(factory)}, scope={depends.scope!r})", depends.scope, scope, requesters)
    return read_dependency(factory, depends.scope, namespaces, requesters, kept=depends.snapshot == "keep")


def read_dependency(
    factory: Callable[..., Any],
    scope: Scope,
    namespaces: Namespaces,
    requesters: Factories = (),
    *,
    kept: bool = False,
) -> Dependency:
    """Read the signature of a factory and of the factories that it needs.

    Args:
        factory: The user's function or class.
        scope: How long its value is kept.
        namespaces: Local names that annotations may use.
        requesters: The factories that lead to it.
        kept: Whether a snapshot keeps its value.

    Raises:
        Misfit: The factory can never be called.
    """
    try:
        parameters = parameters_of(factory)
        hints = hints_of(factory, parameters, namespaces)
        supplied = supplied_parameters(parameters, hints, scope, namespaces, (*requesters, factory))
        if kept:
            _check_kept(factory, supplied)
    except Misfit as misfit:
        misfit.requesters = misfit.requesters or (*requesters, factory)
        raise
    return Dependency(factory, scope, supplied, kept)


def _check_kept(factory: Callable[..., Any], supplied: Iterable[Parameter]) -> None:
    """Require that a snapshot keeps what a kept value is made of."""
    for parameter in supplied:
        dependency = parameter.dependency
        if dependency is not None and not dependency.kept:
            requester, needed = short_name_of(factory), short_name_of(dependency.factory)
            raise Misfit(
                f"Depends({needed}, scope='cold_start'), which a snapshot does not keep, while it keeps {requester}",
                "dependencies that the snapshot keeps, too",
                f"write Depends({needed}, scope='cold_start', snapshot='keep'), or take it from {requester}",
            )


def _check_scope(needed: str, needed_scope: Scope, scope: Scope, requesters: Factories) -> None:
    if SCOPES.index(needed_scope) > SCOPES.index(scope):
        requester = short_name_of(requesters[-1])
        raise Misfit(
            f"{needed}, which does not live as long as {requester} (scope={scope!r})",
            f"a dependency that lives at least as long as {requester}",
            f"narrow the scope of {requester}: Depends({requester}, scope={needed_scope!r})",
        )
