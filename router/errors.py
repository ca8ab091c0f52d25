"""The errors that the framework raises, as one tree.

::

    RouterError
    |-- RegistrationError          a route, a handler or a dispatcher that cannot work
    |-- UnknownEventError          the function was invoked with an event of no known source
    |-- MalformedRecordError       a record that lacks a field which every record of its source has
    |-- DecodeError                an attribute value that DynamoDB cannot store
    |-- UnroutedError              an entity without a route, with ``unrouted="fail"`` or ``"park"``
    |-- RecordsGoneError           the stream no longer has the records that a failure document refers to
    |-- RecordsUnreadError         the records that a failure document refers to cannot be read now
    |-- ParkingError               the parking place did not store a record
    |-- Unfinished                 raised by handlers: the time ran out, and the record has to come again
    |-- PartialFailure             raised by on_batch handlers: these changes failed, the others are done
    |-- SharedValueError           a handler changed a nested value that the handlers after it are given
    `-- Reject                     raised by handlers: this record can never succeed

Messages name attributes and types, and never contain item values, because a message may reach a log.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

__all__ = [
    "DecodeError",
    "MalformedRecordError",
    "ParkingError",
    "PartialFailure",
    "RecordsGoneError",
    "RecordsUnreadError",
    "RegistrationError",
    "Reject",
    "RouterError",
    "SharedValueError",
    "Unfinished",
    "UnknownEventError",
    "UnroutedError",
    "any_error",
    "as_exception",
]


def any_error() -> tuple[type[BaseException], ...]:
    """The types of what user code may raise without ending the process: asyncio has an error that is no ``Exception``.

    Without asyncio, whose import takes a sixth of a cold start, nothing can raise its ``CancelledError``.

    Example:
        >>> try:
        ...     raise ValueError
        ... except any_error() as error:
        ...     type(error)
        <class 'ValueError'>
    """
    exceptions = sys.modules.get("asyncio.exceptions")
    return (Exception,) if exceptions is None else (Exception, exceptions.CancelledError)


def as_exception(error: BaseException) -> Exception:
    """Return an error as an ``Exception``: asyncio's ``CancelledError`` as that of ``concurrent.futures``.

    asyncio's own ends the task that it is raised in. A record that fails is no task.
    """
    if isinstance(error, Exception):
        return error
    from concurrent.futures import CancelledError

    cancelled = CancelledError(*error.args)
    cancelled.__cause__ = error
    return cancelled


class RouterError(Exception):
    """The root of every error that the framework raises."""


class RegistrationError(RouterError, TypeError):
    """A route, a handler or a dispatcher that cannot work; raised when it is registered."""


class UnknownEventError(RouterError, ValueError):
    """The event is of no known source. No handler has run, and Lambda sees a failed invocation."""


class MalformedRecordError(RouterError, ValueError):
    """A record lacks a field that every record of its source has, or failed and has no identifier to report."""


class DecodeError(RouterError, ValueError):
    """An attribute value that DynamoDB cannot store.

    Args:
        path: The path of the value in the image: ``"lines[0].total"``; ``""`` for the image itself.
        found: The type or the type tag of the value.
        expected: The types that are possible there.
        image: ``"NewImage"``, ``"OldImage"`` or ``"Keys"``, if it is known.
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
    """The entity of a record has no route, and the dispatcher does not skip such records."""


class RecordsGoneError(RouterError, LookupError):
    """What a document refers to is gone: the records of a failure document, or the object of a parked record."""


class RecordsUnreadError(RouterError):
    """What a document refers to cannot be read now. A retry reads it again."""


class ParkingError(RouterError):
    """The parking place did not store a record, so the record failed. The cause is the error of the place."""


class SharedValueError(RouterError):
    """A handler changed a value inside an item that other handlers of the record are given, too.

    Raised by tools only: ``router.testing``, ``router dev``, ``router replay``.

    Args:
        handler: The name of the route whose handler changed the value.
        other: The name of a route whose handler is given the changed value.
        image: ``"new"`` or ``"old"``.
        attribute: The attribute that contains the value.
    """

    def __init__(self, handler: str, other: str, image: str, attribute: str) -> None:
        super().__init__(handler, other, image, attribute)
        self.handler = handler
        self.other = other
        self.image = image
        self.attribute = attribute

    def __str__(self) -> str:
        item = f"change.{self.image}"
        return (
            f"{self.handler} changed a value inside {self.attribute!r} of {item}, which {self.other} is given too: "
            "handlers of one record share what is nested in an item, so expected it to be read only. "
            f"Change a deep copy instead: {item}.model_copy(deep=True), or copy.deepcopy({item})"
        )


class PartialFailure(RouterError):  # noqa: N818 - named for what happened to the batch, like batchItemFailures
    """Raised by an ``on_batch`` handler when some of its changes failed. The others are done.

    Services that take many entries in one call answer like this: PutEvents, bulk indexing. Each change fails with its
    own error under the policies of the route.

    Args:
        failures: The error of each change that failed; a change is one of those that the handler was called with.

    Raises:
        TypeError: A value is no exception.

    Example:
        >>> from router import Insert
        >>> change = Insert({"pk": "1"})
        >>> str(PartialFailure({change: TimeoutError()}))
        '1 failed: TimeoutError'
    """

    def __init__(self, failures: Mapping[Any, Exception]) -> None:
        for error in failures.values():
            if not isinstance(error, Exception):
                msg = f"found {type(error).__name__} as the error of a change, expected an exception"
                raise TypeError(msg)
        super().__init__(failures)
        self.failures = dict(failures)

    def __str__(self) -> str:
        names = sorted({type(error).__name__ for error in self.failures.values()})
        return f"{len(self.failures)} failed: {', '.join(names)}"

    def __repr__(self) -> str:
        return f"PartialFailure({str(self)!r})"  # errors and changes may quote the item


class Unfinished(RouterError):  # noqa: N818 - as PartialFailure
    """Raised by a handler that has made progress, and not enough before its deadline.

    The record is deferred, as records that the time did not suffice for: it is delivered again, and no policy parks or
    drops it. The handler must go on where it ended.

    Example:
        >>> raise Unfinished("200 children are left")
        Traceback (most recent call last):
        router.errors.Unfinished: 200 children are left
    """


class Reject(RouterError):  # noqa: N818 - a verb on purpose: a handler writes ``raise Reject("why")``
    """Raised by a handler for a record that can never succeed, so that a retry is useless.

    A rejected record is parked if a parking place is configured, and else reported as failed.

    Example:
        >>> raise Reject("order without lines")
        Traceback (most recent call last):
        router.errors.Reject: order without lines
    """
