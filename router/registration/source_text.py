"""Write annotations, parameters and handlers as Python source, for messages and route listings."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from router.change import Change
from router.naming import code_of, kind_of, short_name_of

__all__ = ["describe", "show", "show_parameter", "written_arguments"]


def describe(annotation: Any) -> str:
    """Write an annotation as a person would."""
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is Ellipsis:
        return "..."
    origin, arguments = get_origin(annotation), written_arguments(annotation)
    if origin in (Union, types.UnionType):
        return " | ".join(map(describe, arguments))
    if origin is Annotated:
        return f"Annotated[{', '.join((describe(arguments[0]), *map(_extra, annotation.__metadata__)))}]"
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if isinstance(annotation, list):
        return f"[{', '.join(map(describe, annotation))}]"
    name = getattr(annotation if isinstance(annotation, TypeVar) else origin or annotation, "__name__", None)
    name = name or getattr(annotation, "__forward_arg__", None) or str(annotation)
    return f"{name}[{', '.join(map(describe, arguments))}]" if arguments else name


def _extra(extra: Any) -> str:
    """What stands in ``Annotated`` beside the type: values of any kind, of which only names are shown."""
    if callable(extra):
        return short_name_of(extra)
    return repr(extra) if type(extra).__module__.partition(".")[0] == "router" else "..."


def written_arguments(annotation: Any) -> tuple[Any, ...]:
    """The type arguments that somebody wrote: one left out stands among them as its default or its type variable."""
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if len(arguments) == 2 and isinstance(origin, type) and issubclass(origin, Change):
        left_out = arguments[1] == arguments[0] or arguments[1] in getattr(origin, "__parameters__", ())
        return arguments[:1] if left_out else arguments
    return arguments


def show(handler: Any) -> str:
    """Write a handler as the line that defines it."""
    if not callable(handler) or isinstance(handler, type):
        return f"class {handler.__name__}" if isinstance(handler, type) else kind_of(handler)
    kind = "async def" if inspect.iscoroutinefunction(code_of(handler)) else "def"
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):
        return f"{kind} {short_name_of(handler)}(...)"
    returns = signature.return_annotation
    arrow = "" if returns is signature.empty else f" -> {_annotation(returns)}"
    return f"{kind} {short_name_of(handler)}({', '.join(_parameters(signature))}){arrow}"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    """The parameters as they are written, with the ``/`` and the ``*`` between them."""
    parameters = list(signature.parameters.values())
    for previous, parameter, following in zip([None, *parameters], parameters, [*parameters[1:], None], strict=False):
        starred = previous is not None and previous.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            yield "*"
        yield show_parameter(parameter)
        last = following is None or following.kind is not parameter.POSITIONAL_ONLY
        if parameter.kind is parameter.POSITIONAL_ONLY and last:
            yield "/"


def show_parameter(parameter: inspect.Parameter) -> str:
    """Write a parameter; what its default is, is told by dots, for it may hold anything."""
    stars = "*" * (parameter.kind is parameter.VAR_POSITIONAL) + "**" * (parameter.kind is parameter.VAR_KEYWORD)
    typed = "" if parameter.annotation is parameter.empty else f": {_annotation(parameter.annotation)}"
    default = "" if parameter.default is parameter.empty else " = ..." if typed else "=..."
    return f"{stars}{parameter.name}{typed}{default}"


def _annotation(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else describe(annotation)
