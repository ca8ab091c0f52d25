"""What is judged: one mapping of a template with its function, its table and its role, and the app that runs there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from router.app import Dispatcher
from router.errors import RouterError
from router.local.cloudformation.intrinsics import StreamOf, Unknown, strange_functions
from router.local.cloudformation.resources import TABLE, MappedStream, Section, Stack, TemplateError
from router.local.lint.handler_lookup import Handler
from router.local.lint.permissions import Permissions, Statement, permissions_of
from router.stream_view import VIEWS, View

__all__ = ["Deployment", "NotKnownError", "mapped_streams"]

T = TypeVar("T")

_DEFAULT_TIMEOUT = 3.0  # seconds
_POSITIONS = ("TRIM_HORIZON", "LATEST")  # which a queue's mapping does not have


class NotKnownError(RouterError):
    """A rule needs what neither the template nor the app tells.

    Args:
        place: Where it would be said.
        what: What is not known, with the reason: ``"BatchSize is !ImportValue"``.
    """

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
        self.what = what


@dataclass(frozen=True)
class Deployment:
    """One mapping, and what belongs to it.

    Args:
        stack: The template.
        mapped: The mapping.
        handler: What the template calls the handler, and what is there.
        given_app: The app, or ``None`` where the handler leads to none.
        per_record: Seconds that a record may take, for what is judged by time.
    """

    stack: Stack
    mapped: MappedStream
    handler: Handler
    given_app: Dispatcher | None
    per_record: float

    @property
    def app(self) -> Dispatcher:
        """The app.

        Raises:
            NotKnownError: There is none.
        """
        if self.given_app is None:
            raise NotKnownError(self.handler.place, "the app is not there")
        return self.given_app

    @property
    def name(self) -> str:
        """What the mapping is called."""
        return self.mapped.said.name

    def setting(self, name: str, default: T) -> T:
        """A setting of the mapping, by AWS's name.

        Args:
            name: The name.
            default: AWS's default, whose type tells what it may be.

        Raises:
            NotKnownError: Only a deployment knows it, or Lambda would not take such a value.
        """
        return _typed(self.mapped.settings.get(name, default), default, self.place(name), name)

    def place(self, *keys: str) -> str:
        """The line of a setting, or of the mapping where nothing is said."""
        return self.stack.place(self.mapped.said.line_of(*keys))

    @cached_property
    def function(self) -> Section | None:
        """The function, if it is one of the template's."""
        return self.stack.resources.get(self.mapped.function)

    def property_of_function(self, name: str, default: T) -> T:
        """A property of the function, by AWS's name.

        Args:
            name: The name.
            default: AWS's default, whose type tells what it may be.

        Raises:
            NotKnownError: Only a deployment knows it, Lambda would not take it, or the function is another template's.
        """
        if self.function is None:
            raise NotKnownError(self.place("FunctionName"), f"the function is {self.mapped.function}, not a resource")
        value = self.function.values.get(name, default)
        if isinstance(default, float) and isinstance(value, str):
            value = _number(value)
        return _typed(value, default, self.place_of_function(name), name)

    def place_of_function(self, *keys: str) -> str:
        """The line of a property of the function."""
        return self.place() if self.function is None else self.stack.place(self.function.line_of(*keys))

    @property
    def timeout(self) -> float:
        """The function's time-out in seconds."""
        return self.property_of_function("Timeout", _DEFAULT_TIMEOUT)

    @property
    def destination(self) -> str | None:
        """The ARN of the on-failure destination, if there is one.

        Raises:
            NotKnownError: Only a deployment knows it.
        """
        config: dict[str, Any] = self.setting("DestinationConfig", {})
        place = self.place("DestinationConfig", "OnFailure")
        on_failure: dict[str, Any] = _typed(config.get("OnFailure") or {}, {}, place, "OnFailure")
        return _typed(on_failure.get("Destination") or "", "", place, "Destination") or None

    @cached_property
    def table(self) -> Section:
        """The table whose stream is mapped.

        Raises:
            NotKnownError: It is another template's.
        """
        stream = self.mapped.stream
        table = self.stack.resources.get(stream.logical_id) if isinstance(stream, StreamOf) else None
        if table is None or table.type != TABLE:
            written = stream.written if isinstance(stream, Unknown) else "no table of this template"
            raise NotKnownError(self.place(self.mapped.said_as), f"{self.mapped.said_as} is {written}")
        return table

    def place_of_table(self, *keys: str) -> str:
        """The line of a property of the table."""
        return self.stack.place(self.table.line_of(*keys))

    @property
    def view(self) -> View | None:
        """The table's stream view type; ``None`` where there is no stream.

        Raises:
            NotKnownError: Only a deployment knows it.
        """
        place = self.place_of_table("StreamSpecification", "StreamViewType")
        given = self.table.values.get("StreamSpecification") or {}
        stream: dict[str, Any] = _typed(given, {}, place, "StreamSpecification")
        view = _typed(stream.get("StreamViewType") or "", "", place, "StreamViewType")
        return view if view in VIEWS else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the table's key attributes.

        Raises:
            NotKnownError: Only a deployment knows them.
        """
        schema: list[Any] = _typed(
            self.table.values.get("KeySchema") or [], [], self.place_of_table("KeySchema"), "KeySchema"
        )
        return tuple(str(key.get("AttributeName")) for key in schema if isinstance(key, Mapping))

    def statement_allowing(self, actions: Sequence[str], arns: Sequence[str]) -> tuple[Statement | None, list[str]]:
        """What of the function's role allows any of some actions on any of some resources, and which of them.

        Raises:
            NotKnownError: No policy that can be read here does, but others may.
        """
        allowed = {action: self._permissions.allowing(action, arn) for action in actions for arn in arns}
        allowing = {action: statement for action, statement in allowed.items() if statement is not None}
        if not allowing and not self._permissions.complete:
            place = self.place_of_function("Role" if self.function and "Role" in self.function.values else "Policies")
            raise NotKnownError(place, "the policies of the role are not all in this template")
        return next(iter(allowing.values()), None), list(allowing)

    @cached_property
    def _permissions(self) -> Permissions:
        if self.function is None:
            raise NotKnownError(self.place("FunctionName"), f"the function is {self.mapped.function}, not a resource")
        return permissions_of(self.stack, self.function)


def mapped_streams(stack: Stack, name: str | None) -> list[MappedStream]:
    """The mappings of the function that a user means, each over a table's stream as far as can be told.

    Args:
        stack: The template.
        name: The function's logical ID; may be left out where there is only one.

    Raises:
        TemplateError: There is none, none of that name, or more than one; or a function that CloudFormation lacks.
    """
    for tag, line in strange_functions(stack.template):
        msg = f"{stack.place(line)}: found {tag}, expected a function of CloudFormation"
        raise TemplateError(msg)
    found = [each for each in stack.mappings() if _of_a_table(each)]
    names = list(dict.fromkeys(each.function for each in found))
    chosen = [each for each in found if name in (None, each.function)]
    if not names:
        msg = f"found no function under a table's stream in {stack.path}, expected an event of type DynamoDB"
    elif name is None and len(names) > 1:
        msg = f"found the functions {', '.join(names)} under a stream in {stack.path}; say which with --function"
    elif not chosen:
        msg = f"found no function {name!r} under a stream in {stack.path}; there is {', '.join(names)}"
    else:
        return chosen
    raise TemplateError(msg)


def _of_a_table(mapped: MappedStream) -> bool:
    """Whether the source is a table's stream, or may be: of one from elsewhere the starting position tells a little."""
    if mapped.event or isinstance(mapped.stream, StreamOf):
        return True
    if isinstance(mapped.stream, Unknown):
        return mapped.settings.get("StartingPosition") in _POSITIONS and not mapped.stream.written.startswith("!GetAtt")
    return ":dynamodb:" in str(mapped.stream)


def _typed(value: Any, default: T, place: str, name: str) -> T:
    """A value of the type of a default."""
    if isinstance(value, Unknown):
        raise NotKnownError(place, f"{name} is {value.written}")
    kinds = (int, float) if isinstance(default, float) else type(default)
    if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
        raise NotKnownError(place, f"{name} is of another type than it has to be")
    return cast("T", value)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
