"""Write figures into ``docs/``, between their markers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["FOLDER", "MarkerError", "spliced", "write"]

FOLDER = Path(__file__).parents[2] / "docs"


class MarkerError(Exception):
    """A page has no markers for a figure, or markers without a figure."""


def write(page: Path, figures: Mapping[str, str]) -> None:
    """Write figures into a page.

    Args:
        page: The file.
        figures: Markdown by the name of its markers.

    Raises:
        MarkerError: A page's markers are not those of the figures.
    """
    page.write_text(spliced(page.read_text(encoding="utf-8"), figures), encoding="utf-8")


def spliced(text: str, figures: Mapping[str, str]) -> str:
    """Return a text with figures between ``<!-- NAME -->`` and ``<!-- /NAME -->``.

    Raises:
        MarkerError: The text's markers are not those of the figures.
    """
    found = re.findall(r"^<!-- /(\S+) -->$", text, re.MULTILINE)
    if sorted(found) != sorted(figures):
        msg = f"found markers {', '.join(found) or 'none'}, expected one pair each of {', '.join(figures)}"
        raise MarkerError(msg)
    for name, figure in figures.items():
        between = re.compile(
            rf"(?<=^<!-- {re.escape(name)} -->\n).*?(?=^<!-- /{re.escape(name)} -->$)", re.MULTILINE | re.DOTALL
        )
        text, count = between.subn(lambda _, figure=figure: f"\n{figure}\n\n", text)  # type: ignore[misc]  # mypy knows no default of a lambda
        if count != 1:
            msg = f"found {count} beginnings of {name}, expected one"
            raise MarkerError(msg)
    return text
