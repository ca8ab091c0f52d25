"""Compares the tables of a soak of effects with what its changes give, each once and in order.

Shares no code with what it judges: it knows the file, SQL, and what the handlers of ``effects.py`` are for. A change has
no effect at a handler where it is parked, and has all effects otherwise: what was discarded is delivered again in the end.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["EffectFindings", "check_effects"]

Key = tuple[str, str]
Refused = set[tuple[str, str, int]]
"""The handlers, items and numbers of changes that are parked."""

Items = dict[Key, dict[str, Any]]

HANDLERS = ("show", "tally", "touch", "clear", "add_up", "tell")
_OURS = ("pk", "sk", "router", "expires_at")
"""With what the attributes start that are a key's or of the framework."""


@dataclass
class EffectFindings:
    """The judgement.

    Attributes:
        changes: How many changes were written.
        compared: How many items of the tables could be compared.
        wrong: The keys of items that are missing, that should not be there, or that are different.
        injected: How often each fault was injected.
    """

    changes: int = 0
    compared: int = 0
    wrong: list[Key] = field(default_factory=list)
    injected: dict[str, int] = field(default_factory=dict)

    @property
    def faults(self) -> dict[str, int]:
        """How many items are wrong; empty if all is well."""
        return {"wrong": len(self.wrong)} if self.wrong else {}


def check_effects(path: Path | str, *, ordered: bool = True, events: bool = False) -> EffectFindings:
    """Judge a soak.

    Args:
        path: The file.
        ordered: Whether the source keeps the order of an item's changes. Where it does not, and for items of which
            records were discarded, children may be left that were written after the removal of their parent, and events
            have no order.
        events: Whether the changes were published.
    """
    with closing(sqlite3.connect(path)) as connection:
        changes = connection.execute("SELECT item, number, event FROM changes ORDER BY number").fetchall()
        stream = {row[0]: row[1:] for row in connection.execute("SELECT event_id, item, number FROM stream")}
        documents = connection.execute("SELECT route, document FROM log WHERE document IS NOT NULL").fetchall()
        items = [json.loads(row[0]) for row in connection.execute("SELECT item FROM items")]
        injected = connection.execute("SELECT name, count FROM counters WHERE name LIKE 'fault: %' ORDER BY name")
        faults = {name.removeprefix("fault: "): count for name, count in injected}
    refused: Refused = set()
    late: set[str] = set() if ordered else {item for item, _, _ in changes}
    for route, document in documents:
        body = json.loads(document)
        if "payload" in body:
            late |= {stream[record["eventID"]][0] for record in json.loads(body["payload"])["Records"]}
        else:
            refused |= {(handler, *stream[body["record"]["eventID"]]) for handler in ([route] if route else HANDLERS)}
    expected = _Expected(refused)
    for change in changes:
        expected.add(*change)
    for change in {change[0]: change for change in changes}.values():
        expected.end(*change)
    if not events:
        expected.items = {key: item for key, item in expected.items.items() if key[1] != "EVENTS"}
    return _compared(expected, {(item["pk"], item["sk"]): item for item in items}, late, len(changes), faults)


class _Expected:
    """What the table has after changes.

    Args:
        refused: What has no effect.

    Attributes:
        items: The items, without their keys.
        left: The keys of notes that may be left: their item may have been there again when its removal was handled.
    """

    def __init__(self, refused: Refused) -> None:
        self.items: Items = {}
        self.left: set[Key] = set()
        self._refused = refused
        self._born: dict[str, int] = {}

    def add(self, item: str, number: int, event: str) -> None:
        """Add the next change of an item."""
        if event == "INSERT":
            self._born[item] = number
        for handler in HANDLERS:
            if (handler, item, number) not in self._refused:
                getattr(self, f"_{handler}")(item, number, event)
        if event == "REMOVE":
            notes = {*self._children(item, "NOTE#")}
            self.left |= notes
            for key in notes:
                del self.items[key]

    def end(self, item: str, number: int, event: str) -> None:
        """Say that a change is the last one of an item."""
        if event == "REMOVE" and ("clear", item, number) not in self._refused:
            self.left = {key for key in self.left if key[0] != item}

    def _children(self, item: str, start: str) -> list[Key]:
        return [key for key in self.items if key[0] == item and key[1].startswith(start)]

    def _show(self, item: str, number: int, event: str) -> None:
        self.items.pop((item, "VIEW"), None)
        if event != "REMOVE":
            self.items[item, "VIEW"] = {"number": number}

    def _tally(self, item: str, number: int, event: str) -> None:
        self.items.setdefault((item, "COUNT"), {"changes": 0})["changes"] += 1
        if event != "REMOVE" and number % 2 == 0:
            self.items[item, f"LINE#{self._born[item]:06}#{number:06}"] = {}
            self.items[item, f"NOTE#{number:06}"] = {}

    def _touch(self, item: str, number: int, event: str) -> None:
        if event == "MODIFY" and number % 3 == 0:
            for key in self._children(item, "NOTE#"):
                self.items[key] = {"seen": number}

    def _clear(self, item: str, number: int, event: str) -> None:
        if event == "REMOVE":
            for key in self._children(item, f"LINE#{self._born[item]:06}#"):
                del self.items[key]

    def _tell(self, item: str, number: int, event: str) -> None:
        self.items.setdefault((item, "EVENTS"), {"numbers": []})["numbers"].append(number)

    def _add_up(self, item: str, number: int, event: str) -> None:
        total = self.items.setdefault((f"TOTAL#{item[-1]}", "TOTAL"), {"items": 0, "sum": 0})
        items, added = {"INSERT": (1, number), "MODIFY": (0, 1), "REMOVE": (-1, 1 - number)}[event]
        total["items"] += items
        total["sum"] += added


def _compared(
    expected: _Expected, items: dict[Key, dict[str, Any]], late: set[str], changes: int, faults: dict[str, int]
) -> EffectFindings:
    found = {
        key: {name: value for name, value in item.items() if not name.startswith(_OURS)}
        for key, item in items.items()
        if "routerGone" not in item and key[1] != "ITEM" and key not in expected.left
    }
    for item in late:
        if (numbers := found.get((item, "EVENTS"))) is not None:
            numbers["numbers"].sort()
    keys = [
        key
        for key in found.keys() | expected.items.keys()
        if not (key[0] in late and key[1].startswith(("LINE#", "NOTE#")))
    ]
    wrong = sorted(key for key in keys if not _equal(key, found.get(key), expected.items.get(key)))
    return EffectFindings(changes, len(keys), wrong, faults)


def _equal(key: Key, found: dict[str, Any] | None, expected: dict[str, Any] | None) -> bool:
    if key[1].startswith("NOTE#") and found and not expected and expected is not None:
        # A note that was made after the last update may have that of an older change, which was delivered again.
        return bool(found["seen"] < int(key[1][5:]))
    return found == expected
