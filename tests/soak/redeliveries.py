"""Deliveries after the end of a soak: what was discarded, as a redrive does, then removals and some other records again, in any order."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.soak.faults import drawn

__all__ = ["Redeliveries"]

Json = dict[str, Any]
_SHARE = 0.1
_BATCH = 100


class Redeliveries:
    """Notes records that are delivered, and delivers some of them again.

    Args:
        path: The file of the soak.
        seed: Of the choice.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self._path = path
        self._seed = seed
        self._noted: dict[str, Json] = {}

    def note(self, records: Sequence[Json]) -> None:
        """Note delivered records. Those that are delivered again: all removals, and a share of the others."""
        for record in records:
            if record["eventName"] == "REMOVE" or drawn(self._seed, record["eventID"]) < _SHARE:
                self._noted[record["eventID"]] = record

    def deliver(self, invoke: Callable[[Json], Any]) -> None:
        """Deliver records.

        Args:
            invoke: Invokes the function with an event, and returns its response.

        Raises:
            RuntimeError: The function has not handled all of them.
        """
        again = sorted(self._noted.values(), key=lambda record: str(record["eventID"]))
        random.Random(self._seed).shuffle(again)
        records = [*self._discarded(), *again]
        for start in range(0, len(records), _BATCH):
            response = invoke({"Records": records[start : start + _BATCH]})
            if response != {"batchItemFailures": []}:
                msg = f"found the response {response} to a redelivery without faults"
                raise RuntimeError(msg)

    def _discarded(self) -> list[Json]:
        with closing(sqlite3.connect(self._path)) as connection:
            rows = connection.execute("SELECT document FROM log WHERE kind = 'discarded' ORDER BY id").fetchall()
        return [record for row in rows for record in json.loads(json.loads(row[0])["payload"])["Records"]]
