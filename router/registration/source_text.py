"""Write annotations, parameters, handlers and decorators as Python source, for messages and route listings."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from router.change import Change
from router.naming import code_of, kind_of, short_name_of, signature_of, written_value

__all__ = ["describe", "is_type", "show", "show_decorator", "show_parameter", "written_arguments"]


def describe(annotation: Any) -> str:
    """Write an annotation as in source code, without the values inside ``Annotated``."""
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is Ellipsis:
        return "..."
    origin, arguments = get_origin(annotation), written_arguments(annotation)
    if origin in (Union, types.UnionType):
        return " | ".join(map(describe, arguments))
    if origin is Annotated:
        return f"Annotated[{', '.join((describe(arguments[0]), *map(_metadata, annotation.__metadata__)))}]"
    if origin is Literal:
        return f"Literal[{', '.join(map(written_value, arguments))}]"
    if isinstance(annotation, list):
        return f"[{', '.join(map(describe, annotation))}]"
    name = getattr(annotation if isinstance(annotation, TypeVar) else origin or annotation, "__name__", None)
    name = name or getattr(annotation, "__forward_arg__", None) or str(annotation)
    return f"{name}[{', '.join(map(describe, arguments))}]" if arguments else name


def written_arguments(annotation: Any) -> tuple[Any, ...]:
    """Return the type arguments in the source: ``(Order,)`` for ``Change[Order]``, to which Python adds a default."""
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if len(arguments) == 2 and isinstance(origin, type) and issubclass(origin, Change):
        is_default = arguments[1] == arguments[0] or arguments[1] in getattr(origin, "__parameters__", ())
        return arguments[:1] if is_default else arguments
    return arguments


def _metadata(value: Any) -> str:
    """Write a value inside ``Annotated``: names of callables and values of this package; others may be secret."""
    if callable(value):
        return short_name_of(value)
    return repr(value) if type(value).__module__.partition(".")[0] == "router" else "..."


def is_type(value: Any) -> bool:
    """Whether a value is a class, a union, a generic alias or a type alias."""
    return isinstance(value, type | types.UnionType) or hasattr(value, "__origin__") or hasattr(value, "__value__")


def show(handler: Any) -> str:
    """Write the line that defines a handler."""
    if isinstance(handler, type):
        return f"class {handler.__name__}"
    if not callable(handler):
        return kind_of(handler)
    kind = "async def" if inspect.iscoroutinefunction(code_of(handler)) else "def"
    try:
        signature = signature_of(handler)
    except (TypeError, ValueError):
        return f"{kind} {short_name_of(handler)}(...)"
    returns = signature.return_annotation
    arrow = "" if returns is signature.empty else f" -> {_annotation(returns)}"
    return f"{kind} {short_name_of(handler)}({', '.join(_parameters(signature))}){arrow}"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    """Write the parameters, and the ``/`` and the ``*`` between them."""
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
    """Write a parameter; its default, which may be secret, becomes ``...``."""
    stars = "*" * (parameter.kind is parameter.VAR_POSITIONAL) + "**" * (parameter.kind is parameter.VAR_KEYWORD)
    typed = "" if parameter.annotation is parameter.empty else f": {_annotation(parameter.annotation)}"
    default = "" if parameter.default is parameter.empty else " = ..." if typed else "=..."
    return f"{stars}{parameter.name}{typed}{default}"


def _annotation(annotation: Any) -> str:
    if isinstance(annotation, ForwardRef):  # from Python 3.14 on, a name that is not defined yet
        return annotation.__forward_arg__
    return annotation if isinstance(annotation, str) else describe(annotation)


def show_decorator(decorator: str, model: Any, terms: tuple[Any, ...], options: Mapping[str, Any]) -> str:
    """Write a decorator with its arguments: ``on_modify(Order, changed('status'))``."""
    shown = [_argument(model), *map(_argument, terms)]
    shown += [f"{name}={_argument(value)}" for name, value in options.items() if value is not None]
    return f"{decorator}({', '.join(shown)})"


def _argument(value: Any) -> str:
    if is_type(value):
        return describe(value)
    if isinstance(value, BaseModel):
        return f"{type(value).__name__}(...)"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_argument(key)}: {_argument(inner)}' for key, inner in value.items())}}}"
    return value.__name__ if inspect.isroutine(value) else repr(value)
