"""Read the parameters of a callable and evaluate their annotations."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from router.change import Change
from router.errors import RegistrationError
from router.naming import code_of, name_of, signature_of
from router.registration.misfit import Misfit

__all__ = [
    "Namespaces",
    "caller_namespaces",
    "caller_place",
    "hints_of",
    "is_change",
    "members_of",
    "parameters_of",
    "unwrap",
]

Namespaces = Mapping[str, Mapping[str, Any]]
"""Local names that annotations may use, by the name of the module that defines them."""


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a callable.

    Raises:
        Misfit: Python cannot read its signature.
    """
    try:
        return list(signature_of(function).parameters.values())
    except (TypeError, ValueError):
        raise Misfit(
            f"{name_of(function)}, whose signature Python cannot read",
            "a function written in Python",
            "wrap it in a function of your own",
        ) from None


def hints_of(
    function: Callable[..., Any], parameters: Iterable[inspect.Parameter], namespaces: Namespaces
) -> dict[str, Any]:
    """Return the annotations of parameters; those that are strings are evaluated.

    Raises:
        Misfit: An annotation cannot be evaluated.
    """
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
        import difflib

        missing = str(error.name)
        near = difflib.get_close_matches(missing, [*names, *local], n=1)
        imported = f"import {missing} in the module that names it, outside 'if TYPE_CHECKING:'"
        raise Misfit(
            f"the annotation of {parameter.name!r}; it names {missing!r}, which is not defined at run time",
            "an annotation that can be evaluated",
            f"write {near[0]}, or {imported}" if near else imported,
        ) from None
    except RegistrationError:
        raise  # of a Depends() in it, which Python 3.14 evaluates no earlier
    except Exception as error:  # noqa: BLE001 - an annotation is the user's code
        raise Misfit(
            f"the annotation of {parameter.name!r}; its evaluation raises {type(error).__name__}",
            "an annotation that can be evaluated",
            "correct the annotation",
        ) from None


def caller_namespaces() -> Namespaces:
    """Return the local names of the code that called into this package.

    A test may define a model and a handler inside a function. With ``from __future__ import annotations`` the handler's
    annotations are strings, and the handler's own globals do not hold that model.
    """
    frame = _caller()
    return {str(frame.f_globals.get("__name__")): dict(frame.f_locals)}


def caller_place() -> str:
    """Return the file and line of the code that called into this package."""
    frame = _caller()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _caller() -> types.FrameType:
    frame = sys._getframe(1)  # noqa: SLF001 - no other API reads a caller's locals; pydantic uses it for models too
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "router":
        frame = frame.f_back
    return frame


def unwrap(annotation: Any) -> Any:
    """Return the type inside ``Annotated`` and behind type aliases."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        else:
            return annotation


def members_of(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union without ``None``, or the annotation itself as the only one."""
    annotation = unwrap(annotation)
    if get_origin(annotation) not in (Union, types.UnionType):
        return (annotation,)
    return tuple(part for member in get_args(annotation) if member is not type(None) for part in members_of(member))


def is_change(annotation: Any) -> bool:
    """Whether an annotation is a change class, with or without its models."""
    kind = get_origin(annotation) or annotation
    return isinstance(kind, type) and issubclass(kind, Change)
