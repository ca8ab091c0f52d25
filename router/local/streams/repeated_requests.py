"""Repeat requests that fail for a time, with growing pauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from router.local.engines.endpoint import EndpointError
from router.local.event_source_mapping import back_off
from router.local.streams.client import StreamLostError
from router.local.streams.poll_faults import error_name, is_local, is_stream_missing, poll_fault

__all__ = ["RepeatedRequests"]

T = TypeVar("T")

_LONGEST_PAUSE = 5.0  # seconds
_LONGEST_SILENCE = 60.0  # seconds after which a service that does not answer at all is given up
_LOCAL_SILENCE = 5.0  # the same for an engine on this machine, between which and this process there is no network


@dataclass
class _Failing:
    since: float
    silent_since: float | None = None  # without any answer
    count: int = 0
    due: float = 0.0


class RepeatedRequests:
    """Runs requests that may fail for a time; a request that has failed pauses before it is sent again.

    Args:
        stream_arn: The stream, for messages.
        clock: Returns the time, in seconds since the epoch.
        patience: Seconds for which one request may fail without an end.
        note: Receives a sentence for each kind of error, once.
    """

    def __init__(
        self, stream_arn: str, clock: Callable[[], float], patience: float, note: Callable[[str], object]
    ) -> None:
        self._stream_arn = stream_arn
        self._clock = clock
        self._patience = patience
        self._note = note
        self._failing: dict[str, _Failing] = {}
        self._noted: set[str] = set()
        self._answered = False

    @property
    def failing(self) -> bool:
        """Whether a request has failed and was not repeated with success."""
        return bool(self._failing)

    def note(self, sentence: str, topic: str) -> None:
        """Give a sentence to the receiver, unless there was one on its topic before."""
        if topic not in self._noted:
            self._noted.add(topic)
            self._note(sentence)

    def run(self, name: str, request: Callable[[], T]) -> T | None:
        """Run a request, unless it pauses; ``None`` if it fails or pauses.

        Args:
            name: The request among others.
            request: Sends it.

        Raises:
            StreamLostError: The stream no longer exists, or the request has failed for too long.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        failing = self._failing.get(name)
        if failing is not None and self._clock() < failing.due:
            return None
        try:
            found = request()
        except (BotoCoreError, ClientError, EndpointError) as error:
            self._fail(name, error)
            return None
        self._failing.pop(name, None)
        self._answered = True
        return found

    def _fail(self, name: str, error: Exception) -> None:
        fault, now = poll_fault(error), self._clock()
        failing = self._failing.setdefault(name, _Failing(now))
        if fault != "unreachable":
            failing.silent_since = None
        elif failing.silent_since is None:
            failing.silent_since = now
        if fault is None or now - failing.since >= self._patience or self._is_silent(failing, now, error):
            raise StreamLostError(self._lost(error)) from error
        failing.count += 1
        failing.due = now + min(back_off(failing.count), _LONGEST_PAUSE)
        what = error_name(error)
        self.note(f"reading waits for the stream: {what}", what)

    def _is_silent(self, failing: _Failing, now: float, error: Exception) -> bool:
        """Whether the service has ended: it never answered, or has not for too long."""
        since, longest = failing.silent_since, _LOCAL_SILENCE if is_local(error) else _LONGEST_SILENCE
        return since is not None and (not self._answered or now - since >= longest)

    def _lost(self, error: Exception) -> str:
        cause = "; the stream or its table was deleted" if is_stream_missing(error) else ""
        return f"the stream {self._stream_arn} cannot be read any more: {error}{cause}"
