"""Text output: lines wrapped to the terminal, unwrapped in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from router.cli.json_output import ErrorDocument, RecordDocument

__all__ = ["STATUS_STYLES", "Page", "Part", "error_text", "printable", "record_text"]

Part = str | tuple[str, str]
"""A text, or a text with one of rich's styles."""

STATUS_STYLES = {
    "done": "green",
    "skipped": "dim",
    "unrouted": "dim",
    "parked": "yellow",
    "failed": "bold red",
    "deferred": "red",
}
"""The style of each outcome's status."""

_GAP = "  "
_HANGING = 4
_PIPE_WIDTH = 100_000  # columns: in a pipe each row is one line for the next program


class Page:
    """Writes to the standard output of the time it is made; a later redirection of ``sys.stdout`` has no effect."""

    def __init__(self) -> None:
        fitted = sys.stdout.isatty() or "COLUMNS" in os.environ
        self._console = Console(
            file=sys.stdout, width=None if fitted else _PIPE_WIDTH, highlight=False, markup=False, emoji=False
        )

    def line(self, *parts: Part, indent: int = 0) -> None:
        """Print a line; a line that is too long is wrapped at the same indent.

        Args:
            parts: Texts, or texts with one of rich's styles.
            indent: In columns.
        """
        self._wrapped(Text.assemble(*map(_styled, parts)), indent)

    def whole(self, text: str, indent: int = 0) -> None:
        """Print a line without wrapping it, so that it can be copied."""
        self._print(Text(printable(text)), indent)

    def rows(self, rows: Sequence[Sequence[Part]], indent: int = 0) -> None:
        """Print rows in columns, or, if they are too wide, each row's cells one after the other, wrapped.

        Args:
            rows: Cells, each a part as in a line.
            indent: In columns.
        """
        cells = [[Text.assemble(_styled(cell)) for cell in row] for row in rows]
        widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
        if indent + sum(widths) + len(_GAP) * (len(widths) - 1) <= self._console.width:
            for texts in cells:
                self._print(_aligned(texts, widths), indent)
            return
        for texts in cells:
            self._flow([text for text in texts if text], indent)

    def _flow(self, texts: Sequence[Text], indent: int) -> None:
        line, at = texts[0], indent
        for text in texts[1:]:
            if at + line.cell_len + len(_GAP) + text.cell_len <= self._console.width:
                line = Text(_GAP).join([line, text])
            else:
                self._wrapped(line, at)
                line, at = text, indent + _HANGING
        self._wrapped(line, at)

    def _wrapped(self, text: Text, indent: int) -> None:
        for line in text.wrap(self._console, max(self._console.width - indent, 1)) or [text]:
            self._print(line, indent)

    def _print(self, line: Text, indent: int) -> None:
        line.rstrip()
        self._console.print(Text.assemble(" " * indent if line else "", line), soft_wrap=True)

    def flush(self) -> None:
        """Flush, so that later output of handlers follows it."""
        self._console.file.flush()


def _styled(part: Part) -> tuple[str, str]:
    text, style = (part, "") if isinstance(part, str) else part
    return printable(text), style


def _aligned(texts: Sequence[Text], widths: Sequence[int]) -> Text:
    return Text(_GAP).join(
        Text.assemble(text, " " * (width - text.cell_len)) for text, width in zip(texts, widths, strict=True)
    )


def printable(text: str) -> str:
    """Escape control characters, which a terminal would act on."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def record_text(record: RecordDocument) -> list[Part]:
    """A record on one line: position, event, entity, sequence number or event ID."""
    event = record["event"] or record["event_name"] or "?"
    entity = f"{record['entity']}, read from {record['read_from']}" if record["entity"] else "no entity"
    number = record["sequence_number"]
    identity = f"sequence number {number}" if number else f"event ID {record['event_id']}"
    return [f"{record['position']} ", (f"{event:<6} ", "cyan"), (entity, "bold"), (f"  {identity}", "dim")]


def error_text(error: ErrorDocument) -> str:
    """An error on one line: its reason or its faults, else the last line of code in its traceback."""
    reason = error.get("reason") or "; ".join(error.get("faults", ()))
    if reason:
        return f"{error['error']}: {reason}"
    at = error.get("at")
    return f"{error['error']} at {at[-1]}" if at else error["error"]
