"""The tumbling window of an invocation: what its ``on_window`` handlers are called with, and the state they leave.

The response's state has an entry for each route, under the route's key. Lambda keeps it together with the position from
which it delivers again. A change beyond that position may be in the state already: another route failed for a record
before it. The numbers of such records stand in the state, too, so that no container counts them again. If Lambda
delivers the whole batch again, it hands over the state of before, and the changes are called with again.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from router.errors import PartialFailure, RouterError
from router.outcomes import Outcome
from router.planning.step import Step
from router.record import Record, Records
from router.window import LARGEST_STATE, Window, state_size

__all__ = ["COUNTED", "Windows"]

COUNTED = "router.counted"
"""The entry of a state with the numbers of the records that Lambda delivers again and that the state contains."""


class Windows:
    """The window of an invocation.

    Args:
        event: The event.
        finish: Waits for the result of a handler, where it is asynchronous.
        send: Sends what the handler of a step has left, but for the changes given, which have failed.
    """

    __slots__ = ("_after", "_event", "_finish", "_given", "_send", "failures", "is_final", "keeps_state")

    def __init__(self, event: Any, finish: Callable[[Any], Any], send: Callable[[Step, Collection[Any]], None]) -> None:
        self._event: Mapping[str, Any] = event if isinstance(event, dict) else {}
        self._finish = finish
        self._send = send
        self._given: Any = self._event.get("state")
        self._after: dict[str, Any] = {}
        self.is_final: bool = "window" in self._event and self._event.get("isFinalInvokeForWindow") is True
        """Whether the handlers are called without changes, too."""
        self.keeps_state = not self._event.keys().isdisjoint(("window", "state"))
        """Whether Lambda expects a state in the response."""
        self.failures: list[str] = []
        """What failed in a final invocation, which has no record to report."""

    def positions_counted(self, records: Records) -> dict[str, list[int]]:
        """The positions of the records that the state contains already, by the key of the route."""
        counted = self._counted()
        if not counted:
            return {}
        numbers = [record.sequence_number for record in records]
        return {
            key: [position for position, number in enumerate(numbers) if number in those]
            for key, those in counted.items()
        }

    def call(self, step: Step, changes: Sequence[Any]) -> None:
        """Call a handler with its changes and its state.

        Raises:
            Exception: That of the handler, or of what it has left to be sent.
            RouterError: There is no window, or the state before or after the call cannot be kept.
        """
        window = self._window(step, changes)
        try:
            result = step.call(window)
            if result is not None:
                self._finish(result)
        except PartialFailure as failure:
            self._send(step, failure.failures)
            self._keep(step, window.state)
            raise
        self._send(step, ())
        self._keep(step, window.state)

    def fail(self, step: Step, error: BaseException) -> None:
        """Note a failure in a final invocation, and that the state is that of before."""
        self._after.pop(step.key, None)
        self.failures.append(f"{step.route.name} failed with {type(error).__name__}")

    def state(
        self, outcomes: Iterable[Outcome], records: Records, again: Sequence[Record], keys: Mapping[int, str]
    ) -> Any:
        """The state of the response.

        Args:
            outcomes: The outcomes of the invocation.
            records: The records of the event.
            again: The records that Lambda delivers again.
            keys: The key of each route, by its ``id``.

        Raises:
            RouterError: A handler failed in the final invocation, or the state is too large: Lambda then delivers all
                again with the state of before.
        """
        if self.failures:
            window = self._event.get("window")
            start = window.get("start") if isinstance(window, dict) else None
            msg = f"final invocation of the window from {start}: {'; '.join(self.failures)}; Lambda invokes it again"
            raise RouterError(msg)
        if self._given is not None and not isinstance(self._given, dict):
            return self._given
        done: dict[str, set[str | None]] = {}
        for outcome in outcomes:
            if outcome.status == "done" and outcome.route is not None and outcome.route.state is not None:
                done.setdefault(keys[id(outcome.route)], set()).add(outcome.record.sequence_number)
        # A call of which no change is done has left nothing.
        after = {key: state for key, state in self._after.items() if self.is_final or key in done}
        state = {**(self._given or {}), **after}
        state.pop(COUNTED, None)
        if counted := self._counted_again(done, records, again):
            state[COUNTED] = counted
        if (after or counted) and (size := state_size(state)) > LARGEST_STATE:
            raise _too_large("the response", size)
        return state

    def _counted_again(
        self, done: Mapping[str, set[str | None]], records: Records, again: Sequence[Record]
    ) -> dict[str, list[str]]:
        """The numbers that are counted and come again: of this event, or in the other half of a split batch."""
        before = self._counted()
        if not again and not before:
            return {}
        over = {record.sequence_number for record in records} - {record.sequence_number for record in again}
        counted: dict[str, list[str]] = {}
        for key in {**before, **done}:
            those = (before.get(key, set()) | done.get(key, set())) - over
            if kept := sorted(number for number in those if number is not None):
                counted[key] = kept
        return counted

    def _counted(self) -> dict[str, set[str | None]]:
        counted = self._given.get(COUNTED) if isinstance(self._given, dict) else None
        if not isinstance(counted, dict):
            return {}
        return {
            key: {number for number in numbers if isinstance(number, str)}
            for key, numbers in counted.items()
            if isinstance(numbers, list)
        }

    def _window(self, step: Step, changes: Sequence[Any]) -> Window[Any, Any]:
        times = self._event.get("window")
        if times is None:
            msg = (
                f"{step.route.written} found an event without a window, expected one of an event source mapping of "
                "DynamoDB Streams or Kinesis with TumblingWindowInSeconds: the mapping lacks TumblingWindowInSeconds"
            )
            raise RouterError(msg)
        try:
            start, end = _time(times["start"]), _time(times["end"])
        except (KeyError, TypeError, ValueError):
            msg = "found a window without a start and an end in ISO 8601, expected those that Lambda sends"
            raise RouterError(msg) from None
        shard = self._event.get("shardId")
        return Window(
            changes,
            self._load(step),
            start,
            end,
            is_final=self.is_final,
            is_early=self._event.get("isWindowTerminatedEarly") is True,
            shard_id=shard if isinstance(shard, str) else None,
        )

    def _load(self, step: Step) -> BaseModel:
        model = step.route.state
        assert model is not None  # noqa: S101 - only routes of windows come here
        if self._given is not None and not isinstance(self._given, dict):
            msg = f"found a window's state of type {type(self._given).__name__}, expected an object"
            raise RouterError(msg)
        given = self._given or {}
        if step.key not in given:
            return model()
        return _read(step, model, given[step.key], "the event")

    def _keep(self, step: Step, state: Any) -> None:
        model = step.route.state
        assert model is not None  # noqa: S101 - as above
        if not isinstance(state, model):
            msg = f"{step.route.name} left a state of type {type(state).__name__}, expected {model.__name__}"
            raise RouterError(msg)
        written = state.model_dump(mode="json", by_alias=True, round_trip=True, warnings=False)
        try:
            size = state_size({**(self._given or {}), **self._after, step.key: written})
        except ValueError:
            msg = f"{step.route.name} left a state with a number that is no JSON, expected no NaN and no infinity"
            raise RouterError(msg) from None
        _read(step, model, written, "the handler")
        # The final invocation's state is not kept, so it may be of any size: that of a window that ended early is.
        if size > LARGEST_STATE and not self.is_final:
            raise _too_large(step.route.name, size)
        self._after[step.key] = written


def _read(step: Step, model: type[BaseModel], state: Any, giver: str) -> BaseModel:
    """The state as a model, read from JSON as at the next invocation."""
    try:
        return model.model_validate_json(json.dumps(state))
    except ValidationError as error:
        kinds = sorted({fault["type"] for fault in error.errors(include_input=False, include_url=False)})
        msg = f"{step.route.name}: found a state from {giver} that is no {model.__name__}: {', '.join(kinds)}"
        raise RouterError(msg) from None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _too_large(writer: str, size: int) -> RouterError:
    return RouterError(
        f"{writer} made the state of the window {size} bytes large, expected at most {LARGEST_STATE}: Lambda would end "
        "the window early. The state stays as it was; keep less in it"
    )
