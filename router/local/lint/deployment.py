"""What the rules check: one event source mapping with its function, table, role and app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from router.app import Dispatcher
from router.errors import RouterError
from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.mapping_source import MappingSource, source_of
from router.local.cloudformation.mappings import DeclaredMapping, keys_of, source_text
from router.local.cloudformation.resources import SIMPLE_TABLE, TABLES, Declaration, TemplateFile
from router.local.lint.handler_lookup import DeclaredHandler
from router.local.lint.permissions import Permissions, Statement, permissions_of
from router.stream_view import VIEWS, View

__all__ = ["Deployment", "NotKnownError"]

T = TypeVar("T")

_DEFAULT_TIMEOUT = 3.0  # seconds: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html


class NotKnownError(RouterError):
    """A rule needs a value that neither the template nor the app determines.

    Args:
        place: The file and line that would declare it.
        what: The value and the reason: ``"BatchSize is !ImportValue"``.
    """

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
        self.what = what


@dataclass(frozen=True)
class Deployment:
    """One mapping, and the resources and the app that belong to it.

    Args:
        template: The template.
        mapping: The mapping.
        handler: The function's handler.
        given_app: The app, or ``None`` if the handler is none.
        per_record: Seconds that a handler may take for a record.
    """

    template: TemplateFile
    mapping: DeclaredMapping
    handler: DeclaredHandler
    given_app: Dispatcher | None
    per_record: float

    @property
    def app(self) -> Dispatcher:
        """The app.

        Raises:
            NotKnownError: There is none.
        """
        if self.given_app is None:
            raise NotKnownError(self.handler.place, "there is no app")
        return self.given_app

    @property
    def source(self) -> MappingSource | None:
        """What the mapping reads."""
        return source_of(self.mapping, self.template)

    def setting(self, name: str, default: T) -> T:
        """A setting of the mapping.

        Args:
            name: AWS's name.
            default: AWS's default, which has the type that the value must have.

        Raises:
            NotKnownError: The value is unknown before deployment, or of a type that Lambda refuses.
        """
        return _typed(self.mapping.settings.get(name, default), default, self.place(name), name)

    def place(self, *keys: str) -> str:
        """The line of a setting, or of the mapping if the setting is not declared."""
        return self.template.place(self.mapping.declaration.line_of(*keys))

    @cached_property
    def function(self) -> Declaration | None:
        """The function, if it is a resource of the template."""
        return self.template.resources.get(self.mapping.function)

    def property_of_function(self, name: str, default: T) -> T:
        """A property of the function.

        Args:
            name: AWS's name.
            default: AWS's default, which has the type that the value must have.

        Raises:
            NotKnownError: The value is unknown before deployment or of a type that Lambda refuses, or the function is
                no resource of the template.
        """
        value = self._known_function.values.get(name, default)
        if isinstance(default, float) and isinstance(value, str):
            value = _number(value)
        return _typed(value, default, self.place_of_function(name), name)

    def place_of_function(self, *keys: str) -> str:
        """The line of a property of the function."""
        return self.place() if self.function is None else self.template.place(self.function.line_of(*keys))

    @property
    def sam_makes_role(self) -> bool:
        """Whether SAM makes the function's role, and adds permissions that the mapping needs."""
        return self.mapping.is_sam_event and self.function is not None and "Role" not in self.function.values

    @property
    def role(self) -> Any:
        """The ARN of the function's role; the intrinsic function that gives it if SAM makes the role.

        Raises:
            NotKnownError: The function is no resource of the template.
        """
        function = self._known_function
        return function.values.get("Role", Unknown(f"!GetAtt {function.name}Role.Arn"))

    @property
    def timeout(self) -> float:
        """The function's time-out in seconds."""
        return self.property_of_function("Timeout", _DEFAULT_TIMEOUT)

    @property
    def destination(self) -> str | None:
        """The ARN of the on-failure destination, if there is one.

        Raises:
            NotKnownError: It is unknown before deployment.
        """
        config: dict[str, Any] = self.setting("DestinationConfig", {})
        place = self.place("DestinationConfig", "OnFailure")
        on_failure: dict[str, Any] = _typed(config.get("OnFailure") or {}, {}, place, "OnFailure")
        return _typed(on_failure.get("Destination") or "", "", place, "Destination") or None

    @cached_property
    def table(self) -> Declaration:
        """The table whose stream the mapping reads.

        Raises:
            NotKnownError: It is no resource of the template.
        """
        stream, name = self.mapping.stream, self.mapping.stream_property
        table = self.template.table_of(stream)
        if table is None:
            raise NotKnownError(self.place(name), f"{name} is {source_text(stream)}")
        return table

    def place_of_table(self, *keys: str) -> str:
        """The line of a property of the table."""
        return self.template.place(self.table.line_of(*keys))

    def table_named(self, name: str) -> Declaration | None:
        """The table of the template that has a name or an ARN, if there is one."""
        return self.template.named(name, *TABLES, SIMPLE_TABLE)

    @property
    def view(self) -> View | None:
        """The table's stream view type; ``None`` without a stream.

        Raises:
            NotKnownError: It is unknown before deployment.
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
            NotKnownError: The template does not determine them.
        """
        keys = keys_of(self.template, self.mapping)
        if keys is None:
            raise NotKnownError(self.place_of_table("KeySchema"), "KeySchema names no key attributes")
        return keys

    def statement_allowing(self, actions: Sequence[str], arns: Sequence[str]) -> tuple[Statement | None, list[str]]:
        """A statement of the role that allows one of some actions on one of some resources, and the allowed actions.

        Args:
            actions: The actions.
            arns: The resources.

        Raises:
            NotKnownError: No statement of the template allows any, but the role has policies that it does not
                determine.
        """
        allowed = {action: self.permissions.allowing(action, arn) for action in actions for arn in arns}
        allowing = {action: statement for action, statement in allowed.items() if statement is not None}
        if not allowing and not all(self.permissions.determine(action, arn) for action in actions for arn in arns):
            raise self.unknown_policies
        return next(iter(allowing.values()), None), list(allowing)

    @cached_property
    def permissions(self) -> Permissions:
        """The policies of the function's role.

        Raises:
            NotKnownError: The function is no resource of the template.
        """
        return permissions_of(self.template, self._known_function)

    @property
    def unknown_policies(self) -> NotKnownError:
        """The error of a rule that needs a policy of the role which the template does not determine."""
        place = self.place_of_function("Role" if self.function and "Role" in self.function.values else "Policies")
        return NotKnownError(place, "the policies of the role are not all in this template")

    @property
    def _known_function(self) -> Declaration:
        if self.function is None:
            raise NotKnownError(self.place("FunctionName"), f"the function is {self.mapping.function}, not a resource")
        return self.function


def _typed(value: Any, default: T, place: str, name: str) -> T:
    """The value, if it has the type of the default."""
    if isinstance(value, Unknown):
        raise NotKnownError(place, f"{name} is {value.written}")
    kinds = (int, float) if isinstance(default, float) else type(default)
    if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
        raise NotKnownError(place, f"{name} is of a type that Lambda refuses")
    return cast("T", value)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
