"""What a soak writes down: a file of SQLite that survives the processes which write to it.

The order of the rows of ``log`` is the order in which things happened, in all processes. The function's processes and
the harness write with this module; the checker only reads, with SQL of its own.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

__all__ = ["Database"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS changes (item TEXT, number INTEGER, event TEXT, kind TEXT, PRIMARY KEY (item, number));
CREATE TABLE IF NOT EXISTS stream (event_id TEXT PRIMARY KEY, item TEXT, number INTEGER);
CREATE TABLE IF NOT EXISTS deliveries (event_id TEXT PRIMARY KEY, count INTEGER, unanswered INTEGER);
CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, route TEXT, item TEXT, number INTEGER, document TEXT
);
CREATE TABLE IF NOT EXISTS items (item TEXT);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, count INTEGER);
"""
_COUNT = """
INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET count = count + 1 RETURNING count
"""
_BUSY_SECONDS = 60.0


class Database:
    """The file, opened for writing.

    Args:
        path: The file.
    """

    def __init__(self, path: Path | str) -> None:
        self._turn = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # Without a sync for each row: processes are killed, the machine is not.
        self._connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_SCHEMA}")

    def write_changes(self, rows: Iterable[tuple[str, int, str, str]]) -> None:
        """Note changes before they are written to the table: item, number, event and kind."""
        self._many("INSERT INTO changes VALUES (?, ?, ?, ?)", rows)

    def write_stream(self, rows: Iterable[tuple[str, str, int]]) -> None:
        """Note records of the stream: event ID, item and number."""
        self._many("INSERT OR IGNORE INTO stream VALUES (?, ?, ?)", rows)

    def write_deliveries(self, counts: Mapping[str, int], unanswered: Mapping[str, int]) -> None:
        """Note how often each record was delivered, and how often the function gave no response, by its event ID."""
        rows = ((event_id, count, unanswered.get(event_id, 0)) for event_id, count in counts.items())
        self._many("INSERT INTO deliveries VALUES (?, ?, ?)", rows)

    def write_handled(self, route: str, item: str, number: int) -> None:
        """Note the effect of a handler."""
        self._one("INSERT INTO log (kind, route, item, number) VALUES ('handled', ?, ?, ?)", route, item, number)

    def write_document(self, kind: str, route: str | None, document: str) -> None:
        """Note the document of a parked record, or of a discarded batch."""
        self._one("INSERT INTO log (kind, route, document) VALUES (?, ?, ?)", kind, route, document)

    def write_items(self, items: Iterable[Mapping[str, object]]) -> None:
        """Note the items of a table in the end, whose numbers are integers."""
        self._many("INSERT INTO items VALUES (?)", ((json.dumps(item, default=int),) for item in items))

    def count(self, name: str) -> int:
        """Count something, and return how often it has happened, in all processes."""
        with self._turn, closing(self._connection.execute(_COUNT, (name,))) as found:
            return int(found.fetchone()[0])

    def close(self) -> None:
        self._connection.close()

    def _one(self, statement: str, *values: object) -> None:
        with self._turn:
            self._connection.execute(statement, values)

    def _many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._turn:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")
