"""What a handler's signature says: which change it takes, and what else it needs.

Read once, while a route is registered, so that a handler which could never be called is an error on its own line of the
user's code, and a call is nothing but a call.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from router.change import Change, Insert, Modify, Remove
from router.errors import RegistrationError
from router.event import Event
from router.record import Record

__all__ = [
    "Batch",
    "ChangeType",
    "Dependency",
    "Depends",
    "Parameter",
    "Scope",
    "Signature",
    "describe",
    "read_signature",
]

Scope = Literal["cold_start", "invocation", "record"]
Kind = Literal["record", "batch", "context", "log", "depends"]

SCOPES: tuple[Scope, ...] = ("cold_start", "invocation", "record")

# The narrowest scope in which each of these exists.
_LIVES_IN: dict[Kind, Scope] = {"record": "record", "batch": "invocation", "context": "invocation", "log": "cold_start"}

_COVERS: dict[type, Event] = {
    Insert: Event.INSERT,
    Modify: Event.MODIFY,
    Remove: Event.REMOVE,
    Change: Event.ANY,
}
_SEQUENCES = (Sequence, Collection, Iterable, list)


class Batch(Sequence[Record]):
    """The records of one invocation, for handlers and dependencies that want to know what they are part of.

    Args:
        records: The records, in the order of the event.
    """

    __slots__ = ("_records",)

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    @property
    def size(self) -> int:
        """How many records the invocation was given."""
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)


@dataclass(frozen=True, slots=True)
class Depends:
    """Says, inside ``Annotated``, what supplies a parameter: ``bus: Annotated[Bus, Depends(get_bus)]``.

    Args:
        factory: Called for the value; plain or async, a function, a class or a generator. What a generator does after
            its ``yield`` is the clean-up at the end of the scope, and sees the handler's exception. A factory declares
            what it needs just as a handler does.
        scope: How long a value serves: ``"record"``, one handler call of one record; ``"invocation"``; or
            ``"cold_start"``, as long as the container lives.

    Raises:
        RegistrationError: The factory cannot be called, or there is no such scope.

    Example:
        >>> def get_bus() -> list[str]: return []
        >>> Depends(get_bus, scope="cold_start").scope
        'cold_start'
    """

    factory: Callable[..., Any]
    scope: Scope = "record"

    def __post_init__(self) -> None:
        if not callable(self.factory):
            msg = f"Depends() found a value of type {type(self.factory).__name__}, expected a function or a class"
            raise RegistrationError(msg)
        if self.scope not in SCOPES:
            msg = f"Depends(scope={self.scope!r}) is none of {', '.join(map(repr, SCOPES))}"
            raise RegistrationError(msg)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A factory with what it needs in turn."""

    factory: Callable[..., Any]
    scope: Scope
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter after the change, and what supplies it."""

    name: str
    kind: Kind
    dependency: Dependency | None = None


@dataclass(frozen=True, slots=True)
class ChangeType:
    """What the first parameter is annotated with.

    Args:
        types: The change classes it accepts.
        new: The model of the new image.
        old: The model of the old image.
        many: Whether it accepts a sequence of changes.
    """

    types: tuple[type, ...]
    new: tuple[Any, ...]
    old: tuple[Any, ...]
    many: bool

    @property
    def events(self) -> Event:
        """The events that it accepts."""
        return functools.reduce(lambda events, kind: events | _COVERS[kind], self.types, Event(0))


@dataclass(frozen=True, slots=True)
class Signature:
    """What a handler takes."""

    change: ChangeType
    parameters: tuple[Parameter, ...]


class Misfit(Exception):  # noqa: N818 - never seen outside: routes turn it into a RegistrationError
    """What does not fit in a signature, and what would."""

    def __init__(self, found: str, expected: str, remedy: str) -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected
        self.remedy = remedy


def read_signature(handler: Callable[..., Any], namespace: Mapping[str, Any]) -> Signature:
    """Read a handler's signature.

    Args:
        handler: The user's function.
        namespace: Names that its annotations may use beside those of its module.

    Raises:
        Misfit: The handler could never be called.
    """
    _check_callable(handler)
    first, *others = _parameters(handler) or [None]
    hints = _hints(handler, namespace)
    if first is None or first.kind in (first.VAR_KEYWORD, first.KEYWORD_ONLY, first.VAR_POSITIONAL):
        raise Misfit(
            "no positional parameter for the change" if first is None else f"{_shown(first)} as the first parameter",
            "the change as the first parameter",
            "declare it first: def handler(change: Change[Model]) -> None",
        )
    if first.name not in hints:
        raise Misfit(
            f"parameter {first.name!r} without an annotation",
            "one that says which change it takes",
            f"annotate it: {first.name}: Change[Model]",
        )
    change = _change_type(first.name, hints[first.name])
    return Signature(change, _supplied(others, hints, "record", namespace, ()))


def _check_callable(handler: Any) -> None:
    if not callable(handler) or isinstance(handler, type):
        found = (
            f"the class {handler.__name__}"
            if isinstance(handler, type)
            else f"a value of type {type(handler).__name__}"
        )
        raise Misfit(found, "a function", "decorate a function, or register an instance whose class defines __call__")
    target = _code_of(handler)
    if inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target):
        raise Misfit(
            "a generator (its body yields)",
            "a function that returns: calling a generator runs none of its body",
            "take the yield out of it; set-up and clean-up belong into a Depends() factory",
        )


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise Misfit(
            "a callable whose signature Python cannot tell", "a Python function", "wrap it into a function of yours"
        ) from None


def _code_of(function: Any) -> Any:
    """The function that holds the code and the annotations of a callable."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if isinstance(function, type):
        return function.__init__
    if not inspect.isroutine(function):
        return type(function).__call__
    return function


def _hints(function: Callable[..., Any], namespace: Mapping[str, Any]) -> dict[str, Any]:
    target = _code_of(function)
    try:
        return get_type_hints(target, localns=dict(namespace), include_extras=True)
    except NameError as error:
        raise Misfit(
            f"an annotation that names {error.name!r}, which its module does not define when it runs",
            "annotations that can be evaluated",
            f"import {error.name} outside of 'if TYPE_CHECKING:'",
        ) from None
    except (TypeError, SyntaxError, AttributeError) as error:
        raise Misfit(
            f"annotations that cannot be evaluated ({type(error).__name__})",
            "annotations that are types",
            "write the annotations as types",
        ) from None


def _change_type(name: str, annotation: Any) -> ChangeType:
    many = False
    if get_origin(_plain(annotation)) in _SEQUENCES:
        many = True
        annotation = get_args(_plain(annotation))[0]
    members = [member for member in _members(annotation) if member is not type(None)]
    kinds = [get_origin(member) or member for member in members]
    if not members or not all(isinstance(kind, type) and kind in _COVERS for kind in kinds):
        raise Misfit(
            f"parameter {name!r} annotated {describe(annotation)}",
            "the change as the first parameter",
            f"annotate it as a change: {name}: Change[{describe(annotation)}]",
        )
    new, old = zip(*(_models(kind, get_args(member)) for kind, member in zip(kinds, members, strict=True)), strict=True)
    return ChangeType(tuple(kinds), new, old, many)


def _models(kind: type, arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    """The models of the new and of the old image; a bare class leaves both open."""
    new = arguments[0] if arguments else Any
    old = arguments[1] if len(arguments) > 1 else new
    return (Any, new) if kind is Remove else (new, Any) if kind is Insert else (new, old)


def _plain(annotation: Any) -> Any:
    """Without ``Annotated`` and without the name of a type alias."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        else:
            return annotation


def _members(annotation: Any) -> tuple[Any, ...]:
    annotation = _plain(annotation)
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _supplied(
    parameters: Iterable[inspect.Parameter],
    hints: Mapping[str, Any],
    scope: Scope,
    namespace: Mapping[str, Any],
    above: tuple[Callable[..., Any], ...],
) -> tuple[Parameter, ...]:
    found = [_supply(parameter, hints.get(parameter.name), scope, namespace, above) for parameter in parameters]
    return tuple(parameter for parameter in found if parameter is not None)


def _supply(
    parameter: inspect.Parameter,
    annotation: Any,
    scope: Scope,
    namespace: Mapping[str, Any],
    above: tuple[Callable[..., Any], ...],
) -> Parameter | None:
    """What supplies a parameter; ``None`` where its default, or nothing at all, does."""
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return None
    depends = next((extra for extra in getattr(annotation, "__metadata__", ()) if isinstance(extra, Depends)), None)
    kind = "depends" if depends else _kind(annotation)
    if kind is None:
        if parameter.default is not parameter.empty:
            return None
        raise Misfit(
            f"parameter {_shown(parameter)}, which nothing can supply",
            "Record, Batch, LambdaContext, a structlog logger, or Annotated[T, Depends(factory)]",
            f"write {parameter.name}: Annotated[{_type_hint(annotation)}, Depends(factory)], or give it a default",
        )
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise Misfit(
            f"parameter {parameter.name!r} is positional-only",
            "parameters after the change that can be given by name",
            "move the '/' to directly after the change",
        )
    if depends is not None:
        return Parameter(parameter.name, "depends", _dependency(depends, scope, namespace, above))
    _check_scope(f"parameter {parameter.name!r}: {describe(annotation)}", _LIVES_IN[kind], scope)
    return Parameter(parameter.name, kind)


def _kind(annotation: Any) -> Kind | None:
    members = [member for member in _members(annotation) if member is not type(None)]
    if len(members) != 1:
        return None
    kind = members[0]
    if kind is Record:
        return "record"
    if kind is Batch:
        return "batch"
    # By name: Powertools' class and a user's own protocol both say what they are, and importing neither costs a cold start.
    if getattr(kind, "__name__", "") == "LambdaContext":
        return "context"
    module = getattr(kind, "__module__", "") or ""
    return "log" if module.partition(".")[0] == "structlog" else None


def _dependency(
    depends: Depends, scope: Scope, namespace: Mapping[str, Any], above: tuple[Callable[..., Any], ...]
) -> Dependency:
    factory = depends.factory
    if factory in above:
        names = " -> ".join(name_of(link) for link in (*above[above.index(factory) :], factory))
        raise Misfit(f"dependencies that need each other: {names}", "factories that end somewhere", "break the circle")
    _check_scope(f"{name_of(factory)} of scope {depends.scope!r}", depends.scope, scope)
    return read_dependency(factory, depends.scope, namespace, above)


def read_dependency(
    factory: Callable[..., Any],
    scope: Scope,
    namespace: Mapping[str, Any],
    above: tuple[Callable[..., Any], ...] = (),
) -> Dependency:
    """Read what a factory needs.

    Raises:
        Misfit: It could never be called.
    """
    try:
        parameters = _parameters(factory)
        hints = _hints(factory, namespace) if parameters else {}
        needs = _supplied(parameters, hints, scope, namespace, (*above, factory))
    except Misfit as misfit:
        if not above or factory is not above[-1]:
            misfit.found = f"dependency {name_of(factory)}: {misfit.found}"
        raise
    return Dependency(factory, scope, needs)


def _check_scope(what: str, lives_in: Scope, scope: Scope) -> None:
    if SCOPES.index(lives_in) > SCOPES.index(scope):
        raise Misfit(
            f"{what} is needed by something of scope {scope!r}, which outlives it",
            f"what a dependency of scope {scope!r} needs to live as long as it does",
            f"give the outer dependency the scope {lives_in!r}",
        )


def describe(annotation: Any) -> str:
    """Write an annotation as a person would."""
    if annotation is None or annotation is type(None):
        return "None"
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return " | ".join(map(describe, arguments))
    if origin is Annotated:
        return describe(arguments[0])
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if isinstance(annotation, TypeVar):
        return annotation.__name__
    name = getattr(origin or annotation, "__name__", None) or str(annotation)
    # Since 3.13 a left-out type argument stands among the arguments as its default; nobody wrote it.
    if len(arguments) == 2 and origin in _COVERS and arguments[0] == arguments[1]:
        arguments = arguments[:1]
    return f"{name}[{', '.join(map(describe, arguments))}]" if arguments else name


def show(handler: Any) -> str:
    """Write a handler as the line that defines it."""
    if not callable(handler) or isinstance(handler, type):
        return f"class {handler.__name__}" if isinstance(handler, type) else f"a value of type {type(handler).__name__}"
    try:
        shown = ", ".join(_parameter_lines(inspect.signature(handler)))
    except (TypeError, ValueError):
        shown = "..."
    kind = "async def" if inspect.iscoroutinefunction(_code_of(handler)) else "def"
    return f"{kind} {name_of(handler).rpartition('.')[2]}({shown})"


def _parameter_lines(signature: inspect.Signature) -> list[str]:
    lines: list[str] = []
    previous: Any = None
    for parameter in signature.parameters.values():
        if previous == parameter.POSITIONAL_ONLY != parameter.kind:
            lines.append("/")
        if parameter.kind is parameter.KEYWORD_ONLY and previous not in (
            parameter.KEYWORD_ONLY,
            parameter.VAR_POSITIONAL,
        ):
            lines.append("*")
        lines.append(_shown(parameter))
        previous = parameter.kind
    return lines


def _shown(parameter: inspect.Parameter) -> str:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    # A default may hold anything, so it is told, not shown.
    default = "" if parameter.default is parameter.empty else " = ..."
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return f"{stars}{parameter.name}{default}"
    written = annotation if isinstance(annotation, str) else _annotation(annotation)
    return f"{stars}{parameter.name}: {written}{default}"


def _annotation(annotation: Any) -> str:
    depends = next((extra for extra in getattr(annotation, "__metadata__", ()) if isinstance(extra, Depends)), None)
    if depends is None:
        return describe(annotation)
    return f"Annotated[{describe(annotation)}, Depends({name_of(depends.factory).rpartition('.')[2]})]"


def _type_hint(annotation: Any) -> str:
    return "T" if annotation is None else describe(annotation)


def name_of(function: Any) -> str:
    """The module and the qualified name of a callable."""
    while isinstance(function, functools.partial):
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}".replace("<locals>.", "")


def place_of(handler: Any) -> str | None:
    """The file and the line of a callable, where Python knows them."""
    code = getattr(_code_of(handler), "__code__", None) if callable(handler) else None
    return f"{code.co_filename}:{code.co_firstlineno}" if code else None


def caller_namespace() -> dict[str, Any]:
    """The local names around the code that called into this package.

    A handler defined inside a function, as tests do, may name a model of that function in an annotation that is text
    (``from __future__ import annotations``), where the handler's own globals do not reach.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - the only way to see them; pydantic does the same for models
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "router":
        frame = frame.f_back
    return dict(frame.f_locals)
