"""Read the parameters of a callable and their annotations, and take annotations apart."""

from __future__ import annotations

import difflib
import inspect
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from router.change import Change
from router.naming import code_of, name_of
from router.registration.misfit import Misfit

__all__ = ["Namespaces", "caller_namespaces", "hints_of", "is_change", "members_of", "parameters_of", "plain"]

Namespaces = Mapping[str, Mapping[str, Any]]
"""Local names that annotations may use, by the name of the module that defines them."""


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a callable.

    Raises:
        Misfit: Python cannot tell them.
    """
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise Misfit(
            f"{name_of(function)}, whose signature Python cannot tell",
            "a function written in Python",
            "wrap it in a function of your own",
        ) from None


def hints_of(
    function: Callable[..., Any], parameters: Iterable[inspect.Parameter], namespaces: Namespaces
) -> dict[str, Any]:
    """The annotations of parameters, with those that are text evaluated."""
    code = code_of(function)
    module = getattr(code, "__module__", None) or ""
    names = getattr(code, "__globals__", None) or vars(sys.modules.get(module, types))
    local = namespaces.get(module, {})
    return {
        parameter.name: _evaluate(parameter, names, local)
        for parameter in parameters
        if parameter.annotation is not parameter.empty
    }


def _evaluate(parameter: inspect.Parameter, names: dict[str, Any], local: Mapping[str, Any]) -> Any:
    holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return get_type_hints(holder, names, dict(local), include_extras=True)[parameter.name]
    except NameError as error:
        missing = str(error.name)
        near = difflib.get_close_matches(missing, [*names, *local], n=1)
        imported = f"import {missing} in its module, not under 'if TYPE_CHECKING:'"
        raise Misfit(
            f"the annotation of {parameter.name!r}, in which {missing!r} is not defined when the module runs",
            "an annotation that can be evaluated",
            f"write {near[0]}, if that is meant; else {imported}" if near else imported,
        ) from None
    except Exception as error:  # noqa: BLE001 - an annotation is code of the user's
        raise Misfit(
            f"the annotation of {parameter.name!r}, which raises {type(error).__name__} when it is evaluated",
            "an annotation that can be evaluated",
            "correct the annotation",
        ) from None


def caller_namespaces() -> Namespaces:
    """The local names around the code that called into this package, by the name of its module.

    A handler defined inside a function, as tests do, may name a model of that function in an annotation that is text
    (``from __future__ import annotations``), where the handler's own globals do not reach.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - the only way to see them; pydantic does the same for models
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "router":
        frame = frame.f_back
    return {str(frame.f_globals.get("__name__")): dict(frame.f_locals)}


def plain(annotation: Any) -> Any:
    """An annotation without ``Annotated`` and without the name of a type alias."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        else:
            return annotation


def members_of(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, without ``None``, or the annotation alone."""
    annotation = plain(annotation)
    if get_origin(annotation) not in (Union, types.UnionType):
        return (annotation,)
    return tuple(part for member in get_args(annotation) if member is not type(None) for part in members_of(member))


def is_change(annotation: Any) -> bool:
    """Whether an annotation is a change class, bare or with its models."""
    kind = get_origin(annotation) or annotation
    return isinstance(kind, type) and issubclass(kind, Change)
