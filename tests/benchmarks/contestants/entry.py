"""A contestant: what handles a workload's event in one way.

Each contestant takes a workload, and returns the functions that handle its event. Handlers get the same models from each
contestant; they do nothing, or keep the models for a comparison.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.benchmarks.workloads import Workload

__all__ = ["CLIENT", "Client", "Contestant", "Entry", "Seen", "event_loop", "handler", "handler_of"]

Seen = list[tuple[Any, ...]]
"""The label and the arguments of each call of a handler. ``None``: handlers do nothing."""


class Client:
    """Stands for a client of another service, which a function makes once."""


CLIENT = Client()


@dataclass(frozen=True)
class Entry:
    """A contestant, ready.

    Args:
        run: Handles an event, with Lambda's context.
        failures: Does so, and counts the records on which validation failed.
        prepare: What is done with the event before, outside the measured time.
    """

    run: Callable[[Any, Any], Any]
    failures: Callable[[Any, Any], int]
    prepare: Callable[[Any], Any] = lambda event: event


Contestant = Callable[[Workload, Seen | None], Entry]


def handler_of(parameters: Sequence[str], asynchronous: bool, keep: Callable[..., None] | None) -> Any:
    """A handler with such parameters that does nothing, or passes its arguments to ``keep``.

    It is made from source, so that every shape has precisely the handler that a user would write.
    """
    names = ", ".join(parameters)
    body = "pass" if keep is None else f"keep({names})"
    made: dict[str, Any] = {"__name__": __name__, "keep": keep}
    exec(f"{'async ' if asynchronous else ''}def handle({names}): {body}", made)  # noqa: S102 - the source is above
    return made["handle"]


def handler(workload: Workload, seen: Seen | None, label: str) -> Callable[..., Any]:
    """The function that is called with the models of a record, or a list of models, and a client if it needs one."""
    parameters = [*workload.images, *(["client"] if workload.dependency else [])]
    keep = None if seen is None else lambda *arguments: seen.append((label, *arguments))
    made: Callable[..., Any] = handler_of(parameters, workload.handlers == "async", keep)
    return made


@cache
def event_loop() -> asyncio.AbstractEventLoop:
    """The loop that lives as long as the process, as in Lambda."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop
