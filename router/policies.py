"""What a failure becomes: deciding only, acting is done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from router.errors import RegistrationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Drop", "OnError", "Park", "Policy", "Retry", "decide"]


@dataclass(frozen=True, slots=True, repr=False)
class Retry:
    """Report the record as failed, so that Lambda delivers it again.

    As a bare policy it leaves permanent failures (what cannot be decoded or validated, and ``Reject``) to go their own
    way, since another try cannot help them; a mapping that names their type retries even those.

    Args:
        park_after: Park the record instead once it is this old, in seconds or as a timedelta, so that one record
            cannot hold its shard for the day that the stream keeps it.

    Raises:
        RegistrationError: The age is no positive number of seconds.

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
            found = age if isinstance(age, int | float) else f"a value of type {type(age).__name__}"
            msg = f"Retry(park_after=) found {found}, expected seconds above zero or a timedelta"
            raise RegistrationError(msg)

    def __repr__(self) -> str:
        return "Retry()" if self.park_after is None else f"Retry(park_after={self.park_after})"


@dataclass(frozen=True, slots=True)
class Park:
    """Put the record into the parking place and let the stream move on.

    Example:
        >>> Park()
        Park()
    """


@dataclass(frozen=True, slots=True)
class Drop:
    """Let the record go, with a warning in the log. Nothing drops a record but this, where a user writes it.

    Example:
        >>> Drop()
        Drop()
    """


Policy = Retry | Park | Drop
OnError = Policy | Mapping[type[Exception], Policy]


def decide(
    error: Exception, *, permanent: bool, levels: Iterable[OnError | None], age: float | None, can_park: bool
) -> Policy:
    """Decide what a failure becomes.

    Args:
        error: What was raised.
        permanent: Whether another try cannot help.
        levels: Policies, the nearest first: the route's, then the dispatcher's. The first that speaks of this error
            counts; in a mapping the nearest base class of the error does.
        age: Seconds since the record was made, where known.
        can_park: Whether there is a parking place.
    """
    chosen = next((policy for level in levels if (policy := _speaks(level, error, permanent)) is not None), None)
    if chosen is None:
        return Park() if permanent and can_park else Retry()
    if isinstance(chosen, Retry) and chosen.park_after is not None and age is not None:
        # By now a timedelta has become seconds.
        return Park() if age >= chosen.park_after else chosen  # type: ignore[operator]
    return chosen


def _speaks(level: OnError | None, error: Exception, permanent: bool) -> Policy | None:
    if isinstance(level, Mapping):
        return next((level[base] for base in type(error).__mro__ if base in level), None)
    return None if permanent and isinstance(level, Retry) else level


def policies_of(level: OnError | None) -> tuple[Policy, ...]:
    """Every policy that a level could choose."""
    if isinstance(level, Mapping):
        return tuple(level.values())
    return () if level is None else (level,)


def parks(policy: Policy) -> bool:
    """Whether a policy may need a parking place."""
    return isinstance(policy, Park) or (isinstance(policy, Retry) and policy.park_after is not None)


def check_on_error(value: object) -> None:
    """Refuse what is no policy and no mapping of exception types to policies.

    Raises:
        RegistrationError: Says what was found and what to write instead.
    """
    if isinstance(value, Mapping):
        for kind, policy in value.items():
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                msg = f"on_error found {_name(kind)} as a key, expected exception types: {{TimeoutError: Retry()}}"
                raise RegistrationError(msg)
            _check_policy(policy, f" for {kind.__name__}")
    elif value is not None:
        _check_policy(value, "")


def _check_policy(value: object, where: str) -> None:
    if isinstance(value, Retry | Park | Drop):
        return
    hint = f"; write {value.__name__}()" if value in (Retry, Park, Drop) and isinstance(value, type) else ""
    msg = f"on_error found {_name(value)}{where}, expected Retry(), Park() or Drop(){hint}"
    raise RegistrationError(msg)


def _name(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a value of type {type(value).__name__}"
