"""The options of the decorators: their types, and checks of their names and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, NoReturn, Required

from typing_extensions import TypedDict, TypeVar

from router.errors import RegistrationError
from router.event import Event
from router.naming import kind_of
from router.policies import OnError, check_on_error

__all__ = [
    "Cause",
    "Entity",
    "KeysOptions",
    "OldOptions",
    "RemoveKeysOptions",
    "RemoveOptions",
    "RouteOptions",
    "WindowKeysOptions",
    "WindowOptions",
    "check_options",
    "events_of_cause",
    "refuse",
]

Cause = Literal["ttl", "user"]
Entity = str | Sequence[str]
Old = TypeVar("Old")
State = TypeVar("State")


class CommonOptions(TypedDict, total=False):
    """Options of every decorator of a model."""

    entity: Entity | None
    on_error: OnError | None


class RouteOptions(CommonOptions, total=False):
    """Options of every decorator whose routes a backfill can reach: it has no windows."""

    backfill: bool


class OldOptions(RouteOptions, Generic[Old]):
    """Options of a decorator with a model of its own for old images."""

    old: Required[type[Old]]


class RemoveOptions(RouteOptions, total=False):
    """Options of ``on_remove``."""

    cause: Cause | None


class CommonKeysOptions(TypedDict, total=False):
    """Options of every decorator without a model, which cannot name the entity."""

    entity: Required[Entity]
    on_error: OnError | None


class KeysOptions(CommonKeysOptions, total=False):
    """Options of such a decorator whose routes a backfill can reach."""

    backfill: bool


class WindowOptions(CommonOptions, Generic[State]):
    """Options of ``on_window``."""

    state: Required[type[State]]


class WindowKeysOptions(CommonKeysOptions, Generic[State]):
    """Options of ``on_window`` without a model."""

    state: Required[type[State]]


class RemoveKeysOptions(KeysOptions, total=False):
    """Options of ``on_remove`` without a model."""

    cause: Cause | None


_OPTIONS: dict[str, tuple[str, ...]] = {
    "on_insert": tuple(RouteOptions.__annotations__),
    "on_modify": tuple(OldOptions.__annotations__),
    "on_remove": tuple(RemoveOptions.__annotations__),
    "on": tuple(OldOptions.__annotations__),
    "on_batch": tuple(OldOptions.__annotations__),
    "on_window": tuple(WindowOptions.__annotations__),
}
_CAUSES: dict[str | None, Event] = {None: Event.REMOVE, "user": Event.DELETE, "ttl": Event.EXPIRE}


def refuse(written: str, found: str, expected: str) -> NoReturn:
    """Raise the error of a decorator with a wrong argument."""
    msg = f"{written}: found {found}, expected {expected}"
    raise RegistrationError(msg)


def check_options(written: str, decorator: str, options: Mapping[str, Any]) -> None:
    """Refuse options that the decorator does not have, and wrong values of ``entity``, ``on_error`` and ``backfill``.

    Args:
        written: The decorator as source text, for messages.
        decorator: The decorator's name.
        options: The keyword arguments.

    Raises:
        RegistrationError: The message names the option.
    """
    known = _OPTIONS[decorator]
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        listed = ", ".join(f"{name}=" for name in known)
        refuse(written, f"the unknown option {unknown}=", f"{listed}{_hint(unknown, known)}")
    try:
        check_on_error(options.get("on_error"))
    except RegistrationError as error:
        msg = f"{written}: {error}"
        raise RegistrationError(msg) from None
    _check_entity(written, options.get("entity"))
    backfill = options.get("backfill", True)
    if not isinstance(backfill, bool):
        refuse(written, f"{kind_of(backfill)} as backfill=", "backfill=False, or no backfill= to take existing items")


def _hint(unknown: str, known: Sequence[str]) -> str:
    owners = [decorator for decorator, options in _OPTIONS.items() if unknown in options]
    if owners:
        return f"; {unknown}= is an option of {', '.join(owners)}"
    import difflib

    near = difflib.get_close_matches(unknown, known, n=1)
    return f"; did you mean {near[0]}=?" if near else ""


def _check_entity(written: str, entity: Any) -> None:
    if entity is None:
        return
    names = [entity] if isinstance(entity, str) else entity
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) and name for name in names):
        found = "an empty string" if entity == "" else kind_of(entity)
        refuse(written, f"{found} as entity=", "one name or several: entity='Order' or entity=('Order', 'OrderV1')")


def events_of_cause(written: str, cause: Any) -> Event:
    """Return the removals that ``cause=`` selects."""
    if cause is not None and not isinstance(cause, str):
        refuse(written, f"{kind_of(cause)} as cause=", "cause='ttl', cause='user', or no cause= for both")
    if cause not in _CAUSES:
        refuse(written, f"cause={cause!r}", "cause='ttl', cause='user', or no cause= for both")
    return _CAUSES[cause]
