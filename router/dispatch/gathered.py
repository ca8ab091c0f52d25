"""The changes that wait for the call of an ``on_batch`` or ``on_window`` handler."""

from __future__ import annotations

from typing import Any, NamedTuple

from router.outcomes import Outcome
from router.planning.step import Step

__all__ = ["Entry", "Gathered"]


class Entry(NamedTuple):
    """A change that waits for the call of its ``on_batch`` handler, with the position and the outcome of its record."""

    position: int
    change: Any
    outcome: Outcome


class Gathered:
    """The changes for the call of one ``on_batch`` handler."""

    __slots__ = ("entries", "step")

    def __init__(self, step: Step) -> None:
        self.step = step
        self.entries: list[Entry] = []
