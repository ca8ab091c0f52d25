"""Text for people: lines that fit the terminal, and that stay whole in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from router.cli.json_output import ErrorDocument, RecordDocument

__all__ = ["Page", "Part", "error_text", "printable", "record_text"]

Part = str | tuple[str, str]
"""A text, or a text with one of rich's styles."""

_GAP = "  "
_HANGING = 4
_NO_WIDTH = 100_000  # of a pipe, where every row is one line for the next program


class Page:
    """Standard output as it is now, whatever handlers make of ``sys.stdout`` later."""

    def __init__(self) -> None:
        fitted = sys.stdout.isatty() or "COLUMNS" in os.environ
        self._console = Console(
            file=sys.stdout, width=None if fitted else _NO_WIDTH, highlight=False, markup=False, emoji=False
        )

    def line(self, *parts: Part, indent: int = 0) -> None:
        """Print a line; what the terminal has no room for goes on below, at the same indent.

        Args:
            parts: Texts, or texts with one of rich's styles.
            indent: In columns.
        """
        self._wrapped(Text.assemble(*map(_styled, parts)), indent)

    def whole(self, text: str, indent: int = 0) -> None:
        """Print a line that has to stay one, so that it can be copied."""
        self._print(Text(printable(text)), indent)

    def rows(self, rows: Sequence[Sequence[Part]], indent: int = 0) -> None:
        """Print rows in columns, or, where that is too wide, each with as many cells on a line as there is room for.

        Args:
            rows: Cells, as the parts of a line are.
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
        """Hand everything on, so that what handlers print comes after it."""
        self._console.file.flush()


def _styled(part: Part) -> tuple[str, str]:
    text, style = (part, "") if isinstance(part, str) else part
    return printable(text), style


def _aligned(texts: Sequence[Text], widths: Sequence[int]) -> Text:
    return Text(_GAP).join(
        Text.assemble(text, " " * (width - text.cell_len)) for text, width in zip(texts, widths, strict=True)
    )


def printable(text: str) -> str:
    """A text without characters that a terminal would obey."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def record_text(record: RecordDocument) -> list[Part]:
    """One line about a record: what happened to what, as far as it can be known."""
    what = record["event"] or record["event_name"] or "?"
    entity = f"{record['entity']}, read from {record['read_from']}" if record["entity"] else "no entity"
    number = record["sequence_number"]
    identity = f"sequence number {number}" if number else f"event ID {record['event_id']}"
    return [f"{record['position']} ", (f"{what:<6} ", "cyan"), (entity, "bold"), (f"  {identity}", "dim")]


def error_text(error: ErrorDocument) -> str:
    """An error on one line; of the lines of code that it went through, the last."""
    told = error.get("reason") or "; ".join(error.get("faults", ()))
    if told:
        return f"{error['error']}: {told}"
    at = error.get("at")
    return f"{error['error']} at {at[-1]}" if at else error["error"]
