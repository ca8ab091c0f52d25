"""Where existing items go: to an app in this process, or to a deployed function."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from router.app import Dispatcher
from router.local.deployed_function import DeployedFunction, FunctionError
from router.outcomes import Outcome

__all__ = ["AppTarget", "FunctionTarget", "Sent", "Target"]


class Sent(NamedTuple):
    """The result of one invocation.

    Args:
        outcomes: The outcomes, by status; several of an item with several routes.
        failed: The event IDs of the items that failed, each with its reason.
        deferred: The event IDs of those that did not start.
    """

    outcomes: Counter[str]
    failed: Mapping[str, str]
    deferred: frozenset[str]


class Target(Protocol):
    """Handles items. Threads send at the same time."""

    def send(self, wires: Sequence[Mapping[str, Any]]) -> Sent:
        """Handle items in one invocation.

        Raises:
            FunctionError: The invocation failed as a whole.
            FunctionNotInvokedError: No invocation is possible.
        """
        ...

    def slices(self, wires: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Cut items into events that are not too large."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class AppTarget:
    """An app in this process, with its own parking place. It runs in one thread, as in one container.

    Args:
        app: The app.
        context: Makes the context of an invocation.
    """

    def __init__(self, app: Dispatcher, context: Callable[[], Any]) -> None:
        self._app = app
        self._context = context
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="app")

    def send(self, wires: Sequence[Mapping[str, Any]]) -> Sent:
        """Handle items in one invocation; see :class:`Target`."""
        return self._thread.submit(self._dispatch, wires).result()

    def _dispatch(self, wires: Sequence[Mapping[str, Any]]) -> Sent:
        try:
            report = self._app.dispatch({"Records": [*wires]}, self._context())
        except (Exception, SystemExit) as error:  # a function error, as in Lambda
            msg = f"found {type(error).__name__}, raised by the app for a whole event"
            raise FunctionError(msg) from error
        reasons = {str(each.record.event_id): _reason(each) for each in report if each.status == "failed"}
        return _sent(report.response, reasons)

    def slices(self, wires: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
        """All at once: they are in memory already."""
        yield wires

    def close(self) -> None:
        """Clean up the app."""
        self._thread.submit(self._app.close).result()
        self._thread.shutdown()


class FunctionTarget:
    """A deployed function.

    Args:
        function: The function.
    """

    def __init__(self, function: DeployedFunction) -> None:
        self._function = function

    def send(self, wires: Sequence[Mapping[str, Any]]) -> Sent:
        """Handle items in one invocation; see :class:`Target`."""
        response = self._function.invoke({"Records": [*wires]})
        try:
            return _sent(response, {})
        except (KeyError, TypeError, AttributeError):
            found = ", ".join(map(repr, sorted(response))) or "nothing"
            msg = (
                f"found {found} in the response of {self._function.name}, expected batchItemFailures and outcomes; it "
                "may run an earlier version of this package"
            )
            raise FunctionError(msg) from None

    def slices(self, wires: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Cut items into events that Lambda takes."""
        part: list[Mapping[str, Any]] = []
        size = 0
        for wire in wires:
            bytes_more = len(json.dumps(wire)) + 2
            if part and size + bytes_more > self._function.largest_event:
                yield part
                part, size = [], 0
            part.append(wire)
            size += bytes_more
        if part:
            yield part

    def close(self) -> None:
        """Close the connections."""
        self._function.close()


def _sent(response: Mapping[str, Any], reasons: Mapping[str, str]) -> Sent:
    undone = [each["itemIdentifier"] for each in response["batchItemFailures"]]
    deferred = frozenset(response["deferred"])
    failed = {each: reasons.get(each, "see the function's log") for each in undone if each not in deferred}
    return Sent(Counter(response["outcomes"]), failed, deferred)


def _reason(outcome: Outcome) -> str:
    """Where an item failed and with what type of error: its text may hold values of the item."""
    route = "no route" if outcome.route is None else outcome.route.name
    return f"{route}: {outcome.stage or 'unrouted'}: {type(outcome.error).__name__}"
