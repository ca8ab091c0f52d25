"""What structlog calls to make a line of JSON of an event, and to write it.

structlog has the same. To import it takes 5 ms of a cold start, most of it for what we do not use.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

__all__ = ["Lines", "add_level_and_time", "as_json"]

_encode: Final = json.JSONEncoder(default=str).encode  # json.dumps with a default makes an encoder for each line
_writing: Final = threading.Lock()


def add_level_and_time(_: object, level: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the level of an event, and the time in UTC."""
    fields["level"] = level
    fields["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return fields


def as_json(_: object, _level: str, fields: Mapping[str, Any]) -> str:
    """Make the line of an event."""
    return _encode(fields)


class Lines:
    """Writes each line, of any level, to a stream.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def info(self, line: str) -> None:
        """Write a line at once."""
        with _writing:  # for lanes
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = warning = error = critical = notset = info
