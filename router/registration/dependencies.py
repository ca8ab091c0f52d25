"""What a function needs beside its first argument, and what supplies it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from router.context import Deadline
from router.depends import SCOPES, Depends, Scope
from router.naming import short_name_of
from router.record import Batch, Record
from router.registration.annotations import Namespaces, hints_of, is_change, members_of, parameters_of, plain
from router.registration.misfit import Misfit
from router.registration.source_text import describe, show_parameter

__all__ = ["Dependency", "Parameter", "kind_of_parameter", "read_dependency", "supplied"]

Kind = Literal["record", "batch", "context", "deadline", "log", "depends"]


# The narrowest scope in which each of these exists.
_LIVES_IN: dict[Kind, Scope] = {
    "record": "record",
    "batch": "invocation",
    "context": "invocation",
    "deadline": "invocation",
    "log": "cold_start",
}

_SUPPLIED = "Record, Batch, LambdaContext, Deadline, a structlog logger, or Annotated[T, Depends(factory)]"


@dataclass(frozen=True, slots=True)
class Dependency:
    """A factory with what it needs in turn."""

    factory: Callable[..., Any]
    scope: Scope
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter after the change, and what supplies it.

    Args:
        name: Its name.
        kind: What supplies it.
        dependency: The dependency, where one does.
        optional: Whether its annotation admits ``None``.
    """

    name: str
    kind: Kind
    dependency: Dependency | None = None
    optional: bool = False


def supplied(
    parameters: Iterable[inspect.Parameter],
    hints: Mapping[str, Any],
    scope: Scope,
    namespaces: Namespaces,
    above: tuple[Callable[..., Any], ...],
) -> tuple[Parameter, ...]:
    """What supplies each of the parameters that are to be given.

    Args:
        parameters: The parameters, without the change.
        hints: Their annotations.
        scope: How long what is called with them lives.
        namespaces: Names that annotations of factories may use beside those of their module.
        above: The dependencies that lead to them.

    Raises:
        Misfit: Nothing supplies one of them.
    """
    found = [_supply(parameter, hints.get(parameter.name), scope, namespaces, above) for parameter in parameters]
    return tuple(parameter for parameter in found if parameter is not None)


def _supply(
    parameter: inspect.Parameter,
    annotation: Any,
    scope: Scope,
    namespaces: Namespaces,
    above: tuple[Callable[..., Any], ...],
) -> Parameter | None:
    """What supplies a parameter; ``None`` where its default, or nothing at all, does."""
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return None
    depends = _depends(annotation)
    kind = "depends" if depends else kind_of_parameter(annotation)
    if kind is None:
        _check_default(parameter, annotation, f" of {short_name_of(above[-1])}" if above else "")
        return None
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise Misfit(
            f"parameter {parameter.name!r}, which is positional-only",
            "parameters after the change that can be given by name",
            f"move the '/' to before {parameter.name!r}, or take it away",
        )
    if depends is not None:
        return Parameter(parameter.name, "depends", _dependency(depends, scope, namespaces, above))
    _check_scope(f"parameter {show_parameter(parameter)}", _LIVES_IN[kind], scope, above)
    return Parameter(parameter.name, kind, optional=type(None) in get_args(plain(annotation)))


def _depends(annotation: Any) -> Depends | None:
    return next((extra for extra in getattr(annotation, "__metadata__", ()) if isinstance(extra, Depends)), None)


def _check_default(parameter: inspect.Parameter, annotation: Any, whose: str) -> None:
    """What nothing supplies has to have a default, and one that means something."""
    typed = "T" if annotation is None else describe(plain(annotation))
    if isinstance(parameter.default, Depends):
        raise Misfit(
            f"parameter {parameter.name!r}{whose} with {parameter.default} as its default",
            "Depends() inside the annotation",
            f"write {parameter.name}: Annotated[{typed}, {parameter.default}]",
        )
    if parameter.default is not parameter.empty:
        return
    if is_change(plain(annotation)):
        raise Misfit(
            f"parameter {show_parameter(parameter)}{whose}, and only the handler is given changes",
            _SUPPLIED,
            "take the Record, or do in the handler what needs the change",
        )
    named = next(
        (short_name_of(extra) for extra in getattr(annotation, "__metadata__", ()) if inspect.isroutine(extra)),
        "factory",
    )
    raise Misfit(
        f"parameter {show_parameter(parameter)}{whose}, which nothing supplies",
        _SUPPLIED,
        f"write {parameter.name}: Annotated[{typed}, Depends({named})], or give it a default",
    )


def kind_of_parameter(annotation: Any) -> Kind | None:
    """What supplies a parameter without a ``Depends``, going by its annotation; ``None`` where nothing does."""
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
    # By name: Powertools' class and a user's own protocol both say what they are, and neither is imported.
    if getattr(kind, "__name__", "") == "LambdaContext":
        return "context"
    module = getattr(kind, "__module__", "") or ""
    return "log" if module.partition(".")[0] == "structlog" else None


def _dependency(
    depends: Depends, scope: Scope, namespaces: Namespaces, above: tuple[Callable[..., Any], ...]
) -> Dependency:
    factory = depends.factory
    if factory in above:
        misfit = Misfit(
            "dependencies that need each other", "factories that end somewhere", "let one of them do without the next"
        )
        misfit.through = (*above, factory)
        raise misfit
    _check_scope(f"Depends({short_name_of(factory)}, scope={depends.scope!r})", depends.scope, scope, above)
    return read_dependency(factory, depends.scope, namespaces, above)


def read_dependency(
    factory: Callable[..., Any],
    scope: Scope,
    namespaces: Namespaces,
    above: tuple[Callable[..., Any], ...] = (),
) -> Dependency:
    """Read what a factory needs.

    Args:
        factory: The user's function or class.
        scope: How long its value serves.
        namespaces: Names that annotations may use beside those of their module.
        above: The dependencies that lead to it.

    Raises:
        Misfit: It could never be called.
    """
    try:
        parameters = parameters_of(factory)
        hints = hints_of(factory, parameters, namespaces)
        needs = supplied(parameters, hints, scope, namespaces, (*above, factory))
    except Misfit as misfit:
        misfit.through = misfit.through or (*above, factory)
        raise
    return Dependency(factory, scope, needs)


def _check_scope(what: str, lives_in: Scope, scope: Scope, above: tuple[Callable[..., Any], ...]) -> None:
    if SCOPES.index(lives_in) > SCOPES.index(scope):
        needing = short_name_of(above[-1])
        raise Misfit(
            f"{what}, needed by {needing}, which has the scope {scope!r} and outlives it",
            f"what {needing} needs to live as long as it does",
            f"give {needing} the narrower scope: Depends({needing}, scope={lives_in!r})",
        )
