"""Policies: decide what a failure becomes. They act on nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from router.errors import ParkingError, RegistrationError, Unfinished, UnknownEventError, UnroutedError
from router.naming import kind_of
from router.value_classes import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["RETRY", "Drop", "OnError", "Park", "Policy", "Retry", "decide"]


@dataclass(frozen=True, repr=False)
class Retry:
    """Report the record as failed, so that Lambda delivers it again.

    A retry cannot help a permanent failure: an image that cannot be decoded or validated, or a ``Reject``. Only a
    mapping that names the exception's type retries one.

    Args:
        park_after: The age, in seconds or as a timedelta, from which the record is parked instead. Without it one
            record can block its shard for the 24 hours that a stream keeps it.

    Raises:
        RegistrationError: The age is not a positive number of seconds.

    Example:
        >>> Retry(park_after=timedelta(hours=1))
        Retry(park_after=3600.0)
    """

    park_after: float | timedelta | None = None

    def __post_init__(self) -> None:
        age = self.park_after
        if isinstance(age, timedelta):
            age = age.total_seconds()
            object.__setattr__(self, "park_after", age)
        if age is None:
            return
        if isinstance(age, bool) or not isinstance(age, int | float) or not age > 0:
            found = age if isinstance(age, int | float) else kind_of(age)
            msg = f"Retry(park_after=) found {found}, expected seconds above zero or a timedelta"
            raise RegistrationError(msg)

    def __repr__(self) -> str:
        return "Retry()" if self.park_after is None else f"Retry(park_after={self.park_after})"


@dataclass(frozen=True)
class Park:
    """Put the record into the parking place and count it as done.

    Example:
        >>> Park()
        Park()
    """


@dataclass(frozen=True)
class Drop:
    """Discard the record with a warning in the log. No default drops a record.

    Example:
        >>> Drop()
        Drop()
    """


_POLICIES = (Retry, Park, Drop)
RETRY = Retry()
_PARK = Park()

Policy = Retry | Park | Drop
OnError = Policy | Mapping[type[Exception], Policy]


def decide(
    error: Exception,
    *,
    permanent: bool,
    levels: Iterable[OnError | None],
    age: Callable[[], float | None],
    can_park: bool,
) -> Policy:
    """Decide what a failure becomes.

    Args:
        error: The exception.
        permanent: Whether a retry cannot help.
        levels: The policies of the route and of the dispatcher, in this order. The first that covers the error decides;
            in a mapping, the entry of the error's nearest base class.
        age: Returns the seconds since the change, or ``None`` if they are unknown.
        can_park: Whether there is a parking place.
    """
    for level in levels:
        if level is not None and (chosen := _covering(level, error, permanent)) is not None:
            return _PARK if isinstance(chosen, Retry) and _is_old(chosen, age) else chosen
    return _PARK if permanent and can_park else RETRY


def _covering(level: OnError, error: Exception, permanent: bool) -> Policy | None:
    if isinstance(level, _POLICIES):
        return None if permanent and isinstance(level, Retry) else level
    return next((level[base] for base in type(error).__mro__ if base in level), None)


def _is_old(policy: Retry, age: Callable[[], float | None]) -> bool:
    """Whether a record has the age from which it is parked."""
    if policy.park_after is None or (seconds := age()) is None:
        return False
    return seconds >= policy.park_after  # type: ignore[operator]  # __post_init__ converts a timedelta to seconds


def policies_of(level: OnError | None) -> tuple[Policy, ...]:
    """Return every policy that a level can choose."""
    if isinstance(level, Mapping):
        return tuple(level.values())
    return () if level is None else (level,)


def parks(policy: Policy) -> bool:
    """Whether a policy can park a record."""
    return isinstance(policy, Park) or (isinstance(policy, Retry) and policy.park_after is not None)


_NEVER_DECIDED: dict[type[Exception], str] = {
    Unfinished: "another error: a record whose handler has not finished comes again",
    UnroutedError: "unrouted= of the Dispatcher for records without a route",
    UnknownEventError: "errors of records: it ends the invocation, before there is one",
    ParkingError: "errors of records: a record that cannot be parked is reported",
}


def check_on_error(value: object) -> None:
    """Require a policy, a mapping of exception types to policies, or ``None``.

    Raises:
        RegistrationError: The message says what was found and what to write instead.
    """
    if isinstance(value, Mapping):
        for kind, policy in value.items():
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                msg = f"on_error found {kind_of(kind)} as a key, expected exception types: {{TimeoutError: Retry()}}"
                raise RegistrationError(msg)
            if kind in _NEVER_DECIDED:
                msg = (
                    f"on_error found {kind.__name__} as a key, which no policy decides, expected {_NEVER_DECIDED[kind]}"
                )
                raise RegistrationError(msg)
            _check_policy(policy, f" for {kind.__name__}")
    elif value is not None:
        _check_policy(value, "")


def _check_policy(value: object, where: str) -> None:
    if isinstance(value, Retry | Park | Drop):
        return
    hint = f"; write {value.__name__}()" if value in (Retry, Park, Drop) and isinstance(value, type) else ""
    msg = f"on_error found {kind_of(value)}{where}, expected Retry(), Park() or Drop(){hint}"
    raise RegistrationError(msg)
