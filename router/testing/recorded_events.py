"""Events in files: read by tests, and recorded from a stream in memory where they are missing."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from router.errors import RouterError
from router.local.files import write_text
from router.local.streams.saved_output import lambda_event
from router.testing.builders import event
from router.testing.stream import Stream

__all__ = ["RecordMode", "RecordedEventError", "RecordedEvents", "Story", "story_stream"]

RecordMode = Literal["none", "once", "all"]
"""What is recorded: nothing, what is missing, or everything anew."""

Story = Callable[[Stream], object]
"""What happens in a table: puts, updates and deletes."""

_START = datetime(2026, 1, 1, tzinfo=UTC)  # so that recording a story again changes nothing that the story did not
_MOST_NAMES = 20


class RecordedEventError(RouterError):
    """There is no such recorded event, it cannot be read, or there is nothing to record it from."""


class RecordedEvents:
    """Reads events by their names; in the fixture ``recorded_event`` this is called as a function.

    Args:
        folder: Where the files are.
        mode: ``none`` writes nothing, ``once`` records what is missing, ``all`` also what is there.
        written: What the test has written to its stream so far: what is recorded where a call names no story.
        new_stream: Makes the stream that a story is played on; a plain one unless it is given.

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

    def __call__(self, name: str, story: Story | None = None) -> dict[str, Any]:
        """Read an event, after recording it if the mode says so.

        Args:
            name: The file's name below the folder, with or without ``.json``.
            story: What to play on an empty stream to record it; without one, what the test has written to its stream.

        Raises:
            RecordedEventError: It is not there, cannot be read, or there is nothing to record it from.
        """
        __tracebackhide__ = True  # a test that asks for what is not there is shown its own line
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
    """A stream to play a story on: nothing handles its records, and its clock starts at the same time always.

    Args:
        settings: What :class:`router.testing.Stream` takes beside the handler.
    """
    return Stream(lambda _event, _context: None, **{"start": _START, **settings})


def _read(path: Path) -> dict[str, Any]:
    __tracebackhide__ = True
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        where = f"at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "in it"
        msg = f"found no JSON {where} of {path}, expected an event as Lambda delivers it"
        raise RecordedEventError(msg) from None
    if isinstance(found, list):
        found = event(*found)
    if not isinstance(found, dict):
        msg = (
            f"found a value of type {type(found).__name__} in {path}, expected an event, a record or several in a list"
        )
        raise RecordedEventError(msg)
    delivered: dict[str, Any] = lambda_event(event(found) if "dynamodb" in found else found)
    return delivered


def _write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # In one step, because tests that run in parallel may record the same event.
    write_text(path, f"{json.dumps(found, indent=2, ensure_ascii=False)}\n")
