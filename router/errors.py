"""Everything this framework raises, as one tree.

::

    RouterError
    |-- RegistrationError          a route, handler or dispatcher that could never work
    |-- UnknownEventError          the function was given something that is no event of a known source
    |-- MalformedRecordError       a record of a known source without what every such record has
    |-- DecodeError                an attribute value that is no DynamoDB attribute value
    |-- UnroutedError              ``unrouted="fail"`` or ``"park"`` met an entity without a route
    |-- ParkingError               the parking place refused a record
    `-- Reject                     raised by handlers: this record can never work

Messages name attributes and types, never values: what a message holds may end in a log.
"""

from __future__ import annotations

__all__ = [
    "DecodeError",
    "MalformedRecordError",
    "ParkingError",
    "RegistrationError",
    "Reject",
    "RouterError",
    "UnknownEventError",
    "UnroutedError",
]


class RouterError(Exception):
    """The root of every error that the framework raises."""


class RegistrationError(RouterError, TypeError):
    """A route, a handler or a dispatcher that could never work, found while it is registered."""


class UnknownEventError(RouterError, ValueError):
    """The event is none of a known source, so no handler ran and Lambda sees the function fail."""


class MalformedRecordError(RouterError, ValueError):
    """A record lacks what every record of its source has, or failed without an identifier to report it by."""


class DecodeError(RouterError, ValueError):
    """A wire value that no DynamoDB attribute can have.

    Args:
        path: Where the value stands, from the image on: ``"lines[0].total"``; ``""`` is the image itself.
        found: What stands there, as a type or a type tag, never as a value.
        expected: What could stand there.
        image: ``"NewImage"``, ``"OldImage"`` or ``"Keys"``, where it is known.
    """

    def __init__(self, path: str, found: str, expected: str, image: str | None = None) -> None:
        super().__init__(path, found, expected, image)
        self.path = path
        self.found = found
        self.expected = expected
        self.image = image

    def __str__(self) -> str:
        where = self.image or "the image"
        place = f"attribute {self.path!r} of {where}" if self.path else where
        return f"{place}: found {self.found}, expected {self.expected}"


class UnroutedError(RouterError, LookupError):
    """No route takes the entity of a record, and the dispatcher was told not to skip such records."""


class ParkingError(RouterError):
    """The parking place did not take a record, so the record failed; the cause is the place's own error."""


class Reject(RouterError):  # noqa: N818 - a verb on purpose: a handler writes ``raise Reject("why")``
    """Raised by a handler to say that this record can never work, however often it is tried.

    A rejected record is parked where a parking place is configured and reported as failed where none is.

    Example:
        >>> raise Reject("order without lines")
        Traceback (most recent call last):
        router.errors.Reject: order without lines
    """
