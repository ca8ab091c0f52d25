"""Destinations of entries: services that take several in a request, and refuse some of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from router.effects.requests import RefusedForAll, pause
from router.errors import Reject, RouterError

__all__ = ["Destination", "Entry", "Errors", "send_now"]

Errors = Sequence[Exception | None]


class Destination(Protocol):
    """Where entries are sent to."""

    @property
    def key(self) -> Hashable:
        """Equal for destinations that keep one order of an item's entries."""
        ...

    @property
    def client(self) -> Any:
        """What makes the requests. Entries whose destinations have the same one may be in one request."""
        ...

    @property
    def most_entries(self) -> int:
        """The most entries of a request."""
        ...

    @property
    def most_bytes(self) -> int:
        """The largest sum of the sizes of a request's entries."""
        ...

    @property
    def in_order(self) -> bool:
        """Whether the service keeps an order, so that a request has one entry of an item at most."""
        ...

    def send(self, payloads: Sequence[Any]) -> Errors:
        """Send entries in one request, and return the error of each that was refused.

        An error that is no :class:`router.Reject` is of an entry that may be accepted later.

        Raises:
            Reject: No retry of this request can help.
            Exception: The request failed, and was tried again as long as that makes sense.
        """
        ...


class Entry(NamedTuple):
    """An entry.

    Args:
        payload: What is sent.
        size: Its size in bytes.
        item: Entries of one item are in order.
        id: Tells it from others of its handler and record: a second one with the same ID is the same, or an error.
    """

    payload: Any
    size: int
    item: Hashable
    id: str = ""


def send_now(payloads: Sequence[Any], destination: Destination) -> Errors:
    """Send entries in one request, those that may be accepted later again; return the error of each that was not."""
    errors, tries = [*_answers(payloads, destination)], 0
    while left := [place for place, error in enumerate(errors) if error is not None and not isinstance(error, _FINAL)]:
        tries += 1
        if not pause(tries):
            break
        for place, error in zip(left, _answers([payloads[place] for place in left], destination), strict=True):
            errors[place] = error
    return [error.error if isinstance(error, _Raised) else error for error in errors]


class _Raised(Exception):  # noqa: N818 - a mark
    """The error of a whole request, which was tried again already."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


_FINAL: Final = (Reject, _Raised)


def _answers(payloads: Sequence[Any], destination: Destination) -> Errors:
    """The error of each entry of a request. Of one that the service refuses as a whole, each half is sent apart."""
    try:
        answers = destination.send(payloads)
        if len(answers) != len(payloads):
            msg = f"found {len(answers)} answers for {len(payloads)} entries, expected one for each"
            raise RouterError(msg)
    except Reject as error:
        if len(payloads) == 1 or isinstance(error, RefusedForAll):
            return [error] * len(payloads)
        middle = len(payloads) // 2
        return [*_answers(payloads[:middle], destination), *_answers(payloads[middle:], destination)]
    except Exception as error:  # noqa: BLE001 - of botocore, for the policies
        return [_Raised(error)] * len(payloads)
    return answers
