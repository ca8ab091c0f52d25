"""Places for records that cannot be handled, so that their shard moves on and nothing is lost.

A parking place keeps the record as it was delivered, which holds the item: choose it as you choose where data may lie.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.outcomes import Stage

__all__ = ["JsonLinesParking", "MemoryParking", "Parked", "Parking"]


@dataclass(frozen=True, slots=True, repr=False)
class Parked:
    """One record at one route, put aside.

    Args:
        record: The record as delivered; in an event of its own it can be delivered again.
        entity: What the discriminator read.
        route: The name of the route, or ``None`` where none was reached.
        stage: Where it went wrong, or ``None`` for a record without a route.
        error: The type of the error.
        reason: The error's text where the framework or ``Reject`` wrote it; else empty, for it may quote the item.
        parked_at: When it was parked, in UTC.
    """

    record: dict[str, Any]
    entity: str | None
    route: str | None
    stage: Stage | None
    error: str
    reason: str
    parked_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """As it is written to JSON."""
        return {
            "parkedAt": self.parked_at.isoformat(),
            "entity": self.entity,
            "route": self.route,
            "stage": self.stage,
            "error": self.error,
            "reason": self.reason,
            "record": self.record,
        }

    def __repr__(self) -> str:
        return f"<Parked {self.entity!r} at {self.stage}: {self.error}>"


class Parking(Protocol):
    """Keeps records that a policy puts aside."""

    def park(self, parked: Parked) -> None:
        """Keep a record, durably, before returning.

        Handlers may run beside each other, so this may be called from several threads at once. Whatever it raises
        makes the record a failed one, which Lambda delivers again.
        """
        ...


class MemoryParking:
    """Keeps parked records in a list, for tests and for trying things out.

    Example:
        >>> place = MemoryParking()
        >>> len(place)
        0
    """

    def __init__(self) -> None:
        self.parked: list[Parked] = []

    def park(self, parked: Parked) -> None:
        """Keep a record until the process ends."""
        self.parked.append(parked)

    def __iter__(self) -> Iterator[Parked]:
        return iter(self.parked)

    def __len__(self) -> int:
        return len(self.parked)


class JsonLinesParking:
    """Appends parked records to a file, one JSON document a line.

    Args:
        path: The file. It and its folder are made when the first record is parked.

    Example:
        >>> place = JsonLinesParking("parked.jsonl")
        >>> place.path.name
        'parked.jsonl'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()

    def park(self, parked: Parked) -> None:
        """Append a record and see it onto the disk.

        Raises:
            OSError: The file cannot be written.
            TypeError: The record holds what JSON does not.
            ValueError: The record holds a number that JSON does not have.
        """
        line = json.dumps(parked.to_dict(), allow_nan=False).encode() + b"\n"
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+", buffering=0) as file:
                if not _ends_whole(file):
                    # What a crash cut off stays a line of its own instead of spoiling this one.
                    line = b"\n" + line
                _write_all(file, line)
                os.fsync(file.fileno())


def _ends_whole(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _write_all(file: Any, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def now() -> datetime:
    """The time of parking."""
    return datetime.now(UTC)
