"""The lines of a data file of a table's export to S3, in DynamoDB JSON.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

from router.sources.backfilled_item import backfilled_item
from router.sources.change import NotAChangeError

__all__ = ["ExportedLine", "exported_item", "exported_lines"]


class ExportedLine(NamedTuple):
    """A line of a file, with its number, from 1 on."""

    number: int
    text: bytes


def exported_lines(stream: IO[bytes], after: int = 0) -> Iterator[ExportedLine]:
    """The lines behind a line, of a compressed file; only one is in memory at a time.

    Args:
        stream: The file, as it is stored.
        after: The number of the line.
    """
    with gzip.GzipFile(fileobj=stream) as file:
        for number, text in enumerate(file, 1):
            if number > after and text.strip():
                yield ExportedLine(number, text)


def exported_item(line: ExportedLine, table: str, keys: Sequence[str]) -> dict[str, Any]:
    """The item of a line in the form of a change.

    Args:
        line: The line, of a full or an incremental export.
        table: The table's name.
        keys: The names of its key attributes; an incremental export has the keys in each line.

    Raises:
        NotAChangeError: The line is no item of an export.
    """
    found = _object_in(line)
    if isinstance(item := found.get("Item"), dict):
        missing = [name for name in keys if name not in item]
        if missing or not keys:
            msg = f"an item without its key {', '.join(map(repr, missing)) or 'attributes'} in line {line.number}"
            raise NotAChangeError(msg)
        made = backfilled_item(table, {name: item[name] for name in keys}, {"NewImage": item})
    elif isinstance(found.get("Keys"), dict) and found["Keys"]:
        images = {name: found[name] for name in ("NewImage", "OldImage") if found.get(name) is not None}
        made = backfilled_item(table, found["Keys"], images, _seconds_of(found.get("Metadata")))
    else:
        msg = f"neither Item nor Keys in line {line.number}"
        raise NotAChangeError(msg)
    return made | {"line": line.number}


def _object_in(line: ExportedLine) -> dict[str, Any]:
    try:
        found = json.loads(line.text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        msg = f"no JSON object in line {line.number}"
        raise NotAChangeError(msg)
    return found


def _seconds_of(metadata: Any) -> float | None:
    """The time of the last write, which is a number of microseconds in DynamoDB JSON."""
    try:
        return int(metadata["WriteTimestampMicros"]["N"]) / 1_000_000
    except (KeyError, TypeError, ValueError):
        return None
