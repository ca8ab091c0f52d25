"""Reads what a soak wrote down, and judges it. Shares no code with what it judges: it knows the file, and SQL.

Of every change, every handler that is meant for its event has to have run, unless the change is parked for it, or is in
a failure document. The first effects of an item at a handler come in the order of its changes. A handler may run again
for a record that was delivered again, and no oftener; then the later changes of its item that it had run for run again
too, so that the last effect is never that of an older change.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Findings", "check"]

HANDLERS = {
    "INSERT": ("audit", "index"),
    "MODIFY": ("audit", "follow", "index"),
    "REMOVE": ("audit", "close", "index"),
}
"""The handlers that are meant for each event."""

Key = tuple[str, str, int]
"""A handler, an item and the number of a change."""


@dataclass
class Findings:
    """The checker's judgement; the lists hold a handler, an item and the number of a change.

    Attributes:
        changes: How many changes were written.
        counts: How many documents there are of parked and of discarded records, how often handlers ran, ran again, and
            ran again for another reason than a delivery without a response.
        injected: How often each fault was injected.
        lost: Changes that a handler missed, and that are neither parked nor in a failure document.
        out_of_order: First effects before that of an earlier change of the item.
        doubled: Changes for which a handler ran oftener than they were delivered.
        stale: Changes that ran again after a later one of the item, which did not run again after them.
        invented: Effects of changes that were never written, or of handlers that are not meant for them.
    """

    changes: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    injected: dict[str, int] = field(default_factory=dict)
    lost: list[Key] = field(default_factory=list)
    out_of_order: list[Key] = field(default_factory=list)
    doubled: list[Key] = field(default_factory=list)
    stale: list[Key] = field(default_factory=list)
    invented: list[Key] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """How many of each fault there are; empty if all is well."""
        names = ("lost", "out_of_order", "doubled", "stale", "invented")
        return {name: len(getattr(self, name)) for name in names if getattr(self, name)}


def check(path: Path | str, *, ordered: bool = True) -> Findings:
    """Judge a soak.

    Args:
        path: The file.
        ordered: Whether the source keeps the order of an item's changes.
    """
    with closing(sqlite3.connect(path)) as connection:
        return _Check(connection, ordered=ordered).run()


class _Check:
    def __init__(self, connection: sqlite3.Connection, *, ordered: bool) -> None:
        self._ordered = ordered
        self._select = connection.execute
        self._found = Findings()
        self._settled: set[Key] = set()
        self._effects: Counter[Key] = Counter()
        self._last: dict[tuple[str, str], int] = {}
        self._waiting = self._expected()  # of each handler and item the numbers that are open, the next one last
        self._known = {(*at, number) for at, numbers in self._waiting.items() for number in numbers}
        self._ids = {row[0]: (row[1], row[2]) for row in self._select("SELECT event_id, item, number FROM stream")}

    def _expected(self) -> dict[tuple[str, str], list[int]]:
        expected: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for item, number, event in self._select("SELECT item, number, event FROM changes ORDER BY number DESC"):
            self._found.changes += 1
            for handler in HANDLERS[event]:
                expected[handler, item].append(number)
        return expected

    def run(self) -> Findings:
        rows = self._select("SELECT kind, route, item, number, document FROM log ORDER BY id")
        for kind, route, item, number, document in rows:
            if kind == "handled":
                self._judge_effect((route, item, number))
            else:
                self._judge_document(kind, route, json.loads(document))
        found = self._found
        found.lost = sorted(self._known - self._settled)
        found.doubled = sorted(self._run_too_often())
        found.counts["handlers ran again after an answer"] = self._again_after_an_answer()
        found.stale += sorted(self._stale()) if self._ordered else []
        found.counts["handlers ran"] = self._effects.total()
        found.counts["handlers ran again"] = self._effects.total() - len(self._effects)
        found.injected = self._injected()
        return found

    def _judge_effect(self, key: Key) -> None:
        self._note_passed_over(key)
        self._effects[key] += 1
        if key not in self._known:
            self._found.invented.append(key)
        elif key not in self._settled:
            if self._ordered and self._next(key[:2]) != key[2]:
                self._found.out_of_order.append(key)
            self._settled.add(key)

    def _note_passed_over(self, key: Key) -> None:
        """After a second run of a change its later ones run again, or the effect of the old one stands last."""
        at, number = key[:2], key[2]
        last = self._last.get(at, number)
        self._last[at] = number
        if self._ordered:
            self._found.stale += [(*at, last) for each in range(last + 1, number) if (*at, each) in self._effects]

    def _next(self, at: tuple[str, str]) -> int | None:
        """The number of the first change of an item that a handler has not settled."""
        waiting = self._waiting[at]
        while waiting and (*at, waiting[-1]) in self._settled:
            waiting.pop()
        return waiting[-1] if waiting else None

    def _judge_document(self, kind: str, route: str | None, document: dict[str, object]) -> None:
        handlers = (route,) if route else ("audit", "follow", "close", "index")
        for event_id in _event_ids(document):
            self._found.counts[kind] += 1
            if event_id not in self._ids:
                self._found.invented.append((str(route), event_id, -1))
                continue
            item, number = self._ids[event_id]
            self._settled.update(
                (handler, item, number) for handler in handlers if (handler, item, number) in self._known
            )

    def _by_change(self, column: str) -> dict[tuple[str, int], int]:
        """A column of the deliveries, by item and number."""
        counts = dict(self._select(f"SELECT event_id, {column} FROM deliveries"))
        return {change: counts.get(event_id, 0) for event_id, change in self._ids.items()}

    def _again_after_an_answer(self) -> int:
        """How often a handler ran again other than because a delivery had no response, after which all runs again."""
        unanswered = self._by_change("unanswered")
        return sum(
            max(count - 1 - unanswered.get((item, number), 0), 0) for (_, item, number), count in self._effects.items()
        )

    def _run_too_often(self) -> Iterator[Key]:
        counts = self._by_change("count")
        for (handler, item, number), count in self._effects.items():
            if count > counts.get((item, number), 0):
                yield handler, item, number

    def _stale(self) -> Iterator[Key]:
        latest: dict[tuple[str, str], int] = {}
        for handler, item, number in self._effects:
            latest[handler, item] = max(number, latest.get((handler, item), -1))
        return ((*at, number) for at, number in self._last.items() if number < latest[at])

    def _injected(self) -> dict[str, int]:
        rows = self._select("SELECT name, count FROM counters WHERE name LIKE 'fault: %' ORDER BY name")
        kinds = self._select("SELECT kind, count(*) FROM changes WHERE kind != 'plain' GROUP BY kind")
        return {f"{kind} records": count for kind, count in kinds} | {
            name.removeprefix("fault: "): count for name, count in rows
        }


def _event_ids(document: dict[str, object]) -> list[str]:
    """The records in a parked document, or in the failure document of a bucket."""
    if isinstance(payload := document.get("payload"), str):
        return [str(record.get("eventID")) for record in json.loads(payload)["Records"]]
    record = document.get("record")
    return [str(record.get("eventID"))] if isinstance(record, dict) else ["a document without a record"]
