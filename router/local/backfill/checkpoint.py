"""What a backfill has done, on the disk: the position in each part, and the items that failed.

The positions are in a file that is replaced in one step; the failed items are appended to a second one before the
positions go beyond them. So after an end at any moment, even by SIGKILL, the next run goes on and misses no item. The
items since the last position on the disk run again.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from router.context import current_clock
from router.local.backfill.existing_items import BackfillError, Position
from router.local.files import write_text

__all__ = ["Checkpoint", "FailedItem", "forget"]

_SECONDS_BETWEEN_WRITES = 0.5
_OWN = 0o600  # keys of items are data


class FailedItem(NamedTuple):
    """An item that failed.

    Args:
        part: Its part.
        position: Its position there.
        reason: The error, without values of the item.
    """

    part: str
    position: Position
    reason: str


class Checkpoint:
    """The state of a backfill. Threads may use one at the same time.

    Args:
        path: The file of positions; the failed items are beside it, in ``.failed.jsonl``.
        identity: What is backfilled.

    Raises:
        BackfillError: The file is of another backfill or cannot be read, or another process uses it.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self.failures_path = _failures_path(path)
        self._identity = dict(identity)
        self._lock = threading.Lock()
        self._written_at = 0.0
        self._positions: dict[str, Position] = {}
        self._finished: set[str] = set()
        self.items = 0
        self.outcomes: Counter[str] = Counter()
        self._file = _locked(self.failures_path)
        try:
            self._load()
            self._failures = self._load_failures()
        except BaseException:
            self._file.close()
            raise

    def _load(self) -> None:
        if not self.path.exists():
            return
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            identity = found["of"]
            self._positions, self._finished = found["positions"], set(found["finished"])
            self.items, self.outcomes = found["items"], Counter(found["outcomes"])
        except (OSError, ValueError, KeyError, TypeError):
            msg = f"found {self.path}, which is no checkpoint of a backfill; --checkpoint names another file"
            raise BackfillError(msg) from None
        if identity != self._identity:
            differing = [
                name for name in {**identity, **self._identity} if identity.get(name) != self._identity.get(name)
            ]
            msg = (
                f"found {self.path} of a backfill with another {' and '.join(differing)}, expected this one's; "
                "--restart begins it again, --checkpoint names another file"
            )
            raise BackfillError(msg)

    def _load_failures(self) -> dict[str, FailedItem]:
        """The failed items by their places; a line without a reason is of one that was sent again."""
        self._file.seek(0)
        whole, _, _ = self._file.read().rpartition(b"\n")
        # A line without its end is of a process that ended within the write; its part goes on before that item.
        self._file.truncate(len(whole) + 1 if whole else 0)
        found: dict[str, FailedItem] = {}
        for line in whole.splitlines():
            part, position, reason = json.loads(line)
            failed = FailedItem(part, position, reason or "")
            found.pop(_place(failed), None)
            if reason is not None:
                found[_place(failed)] = failed
        return found

    @property
    def failures(self) -> list[FailedItem]:
        """The items that failed and were not sent again with success."""
        return [*self._failures.values()]

    def position(self, part: str) -> Position | None:
        """The position behind which a part goes on; ``None`` at its beginning."""
        return self._positions.get(part)

    def is_finished(self, part: str) -> bool:
        """Whether all items of a part were sent."""
        return part in self._finished

    def advance(
        self, part: str, position: Position, items: int, outcomes: Mapping[str, int], failed: Sequence[FailedItem]
    ) -> None:
        """Note that the items of a part up to a position were sent.

        Args:
            part: The part.
            position: The position.
            items: How many items.
            outcomes: Their outcomes.
            failed: Those of them that failed.
        """
        with self._lock:
            if failed:
                self._append(failed)
                self._failures.update({_place(each): each for each in failed})
            self._positions[part] = position
            self.items += items
            self.outcomes.update(outcomes)
            self._write_if_due()

    def finish(self, part: str) -> None:
        """Note that a part has no more items."""
        with self._lock:
            self._finished.add(part)
            self._positions.pop(part, None)
            self._write_if_due()

    def settle(self, again: Sequence[FailedItem], failed: Sequence[FailedItem], outcomes: Mapping[str, int]) -> None:
        """Note that items that had failed were sent again.

        Args:
            again: The items.
            failed: Those of them that failed again.
            outcomes: Their outcomes.
        """
        with self._lock:
            self._append([*((each.part, each.position, None) for each in again), *failed])
            for each in again:
                self._failures.pop(_place(each), None)
            self._failures.update({_place(each): each for each in failed})
            self.outcomes.update(outcomes)
            self._write_if_due()

    def write(self) -> None:
        """Write the positions now."""
        with self._lock:
            self._write()

    def close(self) -> None:
        """Write the positions and close the files; an empty file of failed items is removed."""
        with self._lock:
            self._write()
            if not self._failures:
                self.failures_path.unlink(missing_ok=True)
            self._file.close()

    def _append(self, lines: Iterable[Sequence[Any]]) -> None:
        self._file.write("".join(json.dumps([*line]) + "\n" for line in lines).encode())
        self._file.flush()
        os.fsync(self._file.fileno())

    def _write_if_due(self) -> None:
        if current_clock().time() - self._written_at >= _SECONDS_BETWEEN_WRITES:
            self._write()

    def _write(self) -> None:
        document = {
            "version": 1,
            "of": self._identity,
            "positions": self._positions,
            "finished": sorted(self._finished),
            "items": self.items,
            "outcomes": self.outcomes,
        }
        write_text(self.path, json.dumps(document) + "\n", mode=_OWN)
        self._written_at = current_clock().time()


def forget(path: Path) -> None:
    """Remove the files of a checkpoint."""
    path.unlink(missing_ok=True)
    _failures_path(path).unlink(missing_ok=True)


def _failures_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.failed.jsonl")


def _place(failed: FailedItem) -> str:
    return json.dumps([failed.part, failed.position])


def _locked(path: Path) -> Any:
    """Open a file that one process at a time may use."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "ab+", opener=lambda name, flags: os.open(name, flags, _OWN))  # noqa: SIM115 - see close
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise BackfillError(msg) from None
    try:
        import fcntl  # not on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        msg = f"found another router backfill at work, which uses {path}, expected one at a time"
        raise BackfillError(msg) from None
    except (ImportError, OSError):  # a file system without locks
        pass
    return file
