"""Read events from files, folders and standard input."""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.cli.errors import CommandLineError
from router.local.files import walk
from router.local.streams.saved_output import is_event_of_pipe, lambda_event

__all__ = ["GivenEvent", "read_events", "read_standard_input"]

_STDIN = "-"
_SUFFIXES = (".json", ".jsonl")
_WHITESPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """One event and its source.

    Args:
        name: The file as on the command line; with a line or a position if the file holds several events.
        event: The event as Lambda passes it to the function.
    """

    name: str
    event: Any

    @property
    def size(self) -> int | None:
        """The number of entries; ``None`` if the event has no list of them."""
        if is_event_of_pipe(self.event):
            return len(self.event)
        records = self.event.get("Records") if isinstance(self.event, dict) else None
        return len(records) if isinstance(records, list) else None


def read_events(sources: Sequence[str] | None) -> list[GivenEvent]:
    """Read all events before the first is used, so that a wrong command line runs nothing.

    Args:
        sources: Files, folders, or ``-`` for standard input. Of a folder, hidden folders and folders of packages are
            left out. A file holds one JSON document or several, one after the other, as JSON lines do. A document is an
            event, a record, or a list of these; a list of nothing but records is one event, that of a pipe where only
            a pipe delivers it. Saved output of ``GetRecords`` and ``ReceiveMessage`` is converted into the events that
            Lambda would deliver.

    Raises:
        CommandLineError: A source cannot be read, is not JSON, or holds no event.
    """
    if not sources:
        msg = "found no EVENT, expected files, folders, or - for standard input, such as tests/events"
        raise CommandLineError(msg)
    if sources.count(_STDIN) > 1:
        msg = "found - twice, expected it once: standard input can be read once"
        raise CommandLineError(msg)
    return [given for source in sources for name, data in _contents(source) for given in _events(name, data)]


def _contents(source: str) -> Iterator[tuple[str, bytes]]:
    if source == _STDIN:
        yield "standard input", read_standard_input()
        return
    if not source:  # Path("") is the current folder
        msg = "found an empty EVENT, expected a file, a folder, or - for standard input"
        raise CommandLineError(msg)
    path = Path(source)
    files = _files(path) if path.is_dir() else [path]
    for file in files:
        try:
            yield str(file), file.read_bytes()
        except FileNotFoundError:
            raise CommandLineError(_no_file(path)) from None
        except OSError as error:
            msg = f"cannot read {file}: {error.strerror}"
            raise CommandLineError(msg) from None


def read_standard_input() -> bytes:
    """Read standard input to its end.

    Raises:
        CommandLineError: It is closed or cannot be read.
    """
    if sys.stdin is None:  # closed by the shell: <&-
        msg = "cannot read standard input: it is closed"
        raise CommandLineError(msg)
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        msg = f"cannot read standard input: {error.strerror}"
        raise CommandLineError(msg) from None


def _files(folder: Path) -> list[Path]:
    found = [path for root, folders, names in walk(folder) for path in _events_in(Path(root), folders, names)]
    if not found:
        msg = f"found no event in folder {folder}, expected files *.json or *.jsonl"
        raise CommandLineError(msg)
    return sorted(found)


def _events_in(root: Path, folders: list[str], names: list[str]) -> list[Path]:
    """The event files of a folder; removes hidden folders and those of packages from the folders that follow."""
    folders[:] = [name for name in folders if not name.startswith(".") and not _holds_packages(root / name)]
    return [root / name for name in names if name.endswith(_SUFFIXES)]


def _holds_packages(folder: Path) -> bool:
    # Path.exists raises in a folder that cannot be read, which walk() names.
    return folder.name == "node_modules" or os.path.exists(folder / "pyvenv.cfg")  # noqa: PTH110


def _no_file(path: Path) -> str:
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, beside, n=1)
    hint = f"; did you mean {path.parent / near[0]}?" if near else ""
    return f"found no file or folder {path}, expected one that holds events{hint}"


def _events(name: str, data: bytes) -> list[GivenEvent]:
    documents = list(_documents(name, data))
    found: list[GivenEvent] = []
    for line, document in documents:
        place = f"{name}:{line}" if len(documents) > 1 else name
        events = _events_of(document)
        several = len(events) > 1
        found += [
            GivenEvent(f"{place}[{position}]" if several else place, event) for position, event in enumerate(events)
        ]
    if not found:
        msg = f"found no event in {name}, expected at least one"
        raise CommandLineError(msg)
    return found


def _documents(name: str, data: bytes) -> Iterator[tuple[int, Any]]:
    """The JSON documents of a file, each with the line on which it starts."""
    text = _text(name, data)
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    line, before, start = 1, 0, _skip_whitespace(text, 0)
    while start < len(text):
        line += text.count("\n", before, start)
        document, end = _document(name, decoder, text, start)
        yield line, document
        before, start = start, _skip_whitespace(text, end)


def _document(name: str, decoder: json.JSONDecoder, text: str, start: int) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        msg = (
            f"found no JSON in {name} at line {error.lineno}, column {error.colno} ({error.msg.lower()}), expected an "
            "event; check that the file is complete"
        )
        raise CommandLineError(msg) from None
    except (ValueError, RecursionError) as error:
        msg = f"found JSON in {name} that Lambda never delivers ({error}), expected an event"
        raise CommandLineError(msg) from None


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        msg = f"found bytes in {name} that are not UTF-8 at byte {error.start}, expected JSON in UTF-8"
        raise CommandLineError(msg) from None


def _skip_whitespace(text: str, start: int) -> int:
    while start < len(text) and text[start] in _WHITESPACE:
        start += 1
    return start


def _no_constant(constant: str) -> Any:
    msg = f"it holds {constant}"
    raise ValueError(msg)


def _events_of(document: Any) -> list[Any]:
    if not isinstance(document, list) or is_event_of_pipe(document):
        return [_as_event(document)]
    if document and all(map(_is_record, document)):
        return [_as_event({"Records": document})]
    return [_as_event(entry) for entry in document]


def _as_event(document: Any) -> Any:
    return lambda_event({"Records": [document]} if _is_record(document) else document)


def _is_record(document: Any) -> bool:
    """Whether a document looks like one record; the app takes or refuses anything else as an event."""
    return (
        isinstance(document, dict)
        and "Records" not in document
        and not {"eventSource", "EventSource", "dynamodb"}.isdisjoint(document)
    )
