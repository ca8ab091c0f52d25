"""Events in files: tests read them, and record missing ones from a stream in memory."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from router.errors import RouterError
from router.local.files import write_text
from router.local.streams.saved_output import is_event_of_pipe, lambda_event
from router.testing.builders import event
from router.testing.stream import Stream

__all__ = ["RecordMode", "RecordedEventError", "RecordedEvents", "Story", "story_stream"]

RecordMode = Literal["none", "once", "all"]
"""Which events to record: none, missing ones, or all."""

Story = Callable[[Stream], object]
"""Writes to a table: puts, updates and deletes."""

_START = datetime(2026, 1, 1, tzinfo=UTC)  # fixed, so that a story that is recorded again gives the same file
_MOST_NAMES = 20


class RecordedEventError(RouterError):
    """A recorded event is missing or cannot be read, or there are no records to record it from."""


class RecordedEvents:
    """Reads events by their names; the fixture ``recorded_event`` is one, and is called as a function.

    Args:
        folder: The folder of the files.
        mode: ``none`` records nothing, ``once`` records missing events, ``all`` replaces existing ones too.
        written: Returns the records of the test's stream so far, which a call without a story records.
        new_stream: Makes the stream for a story; by default a plain one.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     recorded_event = RecordedEvents(Path(folder), "once")
        ...     event = recorded_event("orders/placed", lambda stream: stream.put({"id": "o-1", "total": 5}))
        ...     event == RecordedEvents(Path(folder))("orders/placed")
        True
    """

    def __init__(
        self,
        folder: Path,
        mode: RecordMode = "none",
        written: Callable[[], Sequence[Mapping[str, Any]]] = tuple,
        new_stream: Callable[[], Stream] | None = None,
    ) -> None:
        self.folder = folder
        self.mode = mode
        self._written = written
        self._new_stream = new_stream or story_stream

    def __call__(self, name: str, story: Story | None = None) -> Any:  # of a pipe, a list
        """Read an event, after recording it if the mode says so.

        Args:
            name: The file's name below the folder, with or without ``.json``.
            story: Writes to an empty stream, whose records are recorded; by default the test's own stream is.

        Raises:
            RecordedEventError: The event is missing or cannot be read, or there are no records to record it from.
        """
        __tracebackhide__ = True  # pytest shows the test's own line
        path = self._path(name)
        if self.mode == "all" or (self.mode == "once" and not path.is_file()):
            self._record(path, story)
        if not path.is_file():
            raise RecordedEventError(self._missing(path, story))
        return _read(path)

    def _path(self, name: str) -> Path:
        __tracebackhide__ = True
        path = self.folder / f"{name.removesuffix('.json')}.json"
        if not path.resolve().is_relative_to(self.folder.resolve()):
            msg = f"found the recorded event {name!r}, expected a name below {self.folder}"
            raise RecordedEventError(msg)
        return path

    def _record(self, path: Path, story: Story | None) -> None:
        if story is None:
            records = self._written()
        else:
            stream = self._new_stream()
            story(stream)
            records = stream.records
        if records:
            _write(path, event(*records))

    def _missing(self, path: Path, story: Story | None) -> str:
        names = sorted(each.relative_to(self.folder).as_posix()[:-5] for each in self.folder.rglob("*.json"))
        name = path.relative_to(self.folder).as_posix()[:-5]
        near = difflib.get_close_matches(name, names, n=1)
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        there = f"there are {', '.join(names[:_MOST_NAMES])}{more}" if names else "there is none"
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"found no recorded event {name!r} in {self.folder}: {there}{hint}; {self._remedy(story)}"

    def _remedy(self, story: Story | None) -> str:
        if self.mode == "none":
            return "--record-mode=once records what is missing"
        if story is None:
            return "and nothing to record it from: write to the fixture `stream` first, or give a story"
        return "and the story wrote nothing to record"


def story_stream(**settings: Any) -> Stream:
    """A stream for a story: without a handler, and with a fixed start of its clock.

    Args:
        settings: Arguments of :class:`router.testing.Stream` other than the handler.
    """
    return Stream(lambda _event, _context: None, **{"start": _START, **settings})


def _read(path: Path) -> Any:
    __tracebackhide__ = True
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        where = f"at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "in it"
        msg = f"found no JSON {where} of {path}, expected an event as Lambda delivers it"
        raise RecordedEventError(msg) from None
    if is_event_of_pipe(found):
        return found
    if isinstance(found, list):
        found = event(*found)
    if not isinstance(found, dict):
        msg = (
            f"found a value of type {type(found).__name__} in {path}, expected an event, a record or several in a list"
        )
        raise RecordedEventError(msg)
    is_record = "Records" not in found and ("dynamodb" in found or "eventSource" in found)
    return lambda_event(event(found) if is_record else found)


def _write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # In one step, because tests that run in parallel may record the same event.
    write_text(path, f"{json.dumps(found, indent=2, ensure_ascii=False)}\n")
