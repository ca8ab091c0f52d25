"""The code blocks of the pages, and how each is checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(ROOT.joinpath("docs").rglob("*.md")),
]

# Formats that a parser reads whole.
DATA = ("json", "toml", "yaml")

_NOTE = re.compile(r"<!-- (not run|runs until the next block has run)(?:: (.+?))? -->")
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A code block of a page. ``why_not_run`` is the reason that the page gives in a comment before it."""

    line: int
    language: str
    title: str
    text: str
    why_not_run: str
    in_background: bool

    @property
    def is_file(self) -> bool:
        """Whether the block is a file of the page's project, which its commands read."""
        return bool(self.title) and self.title != "shop.py"

    @property
    def is_code(self) -> bool:
        """Whether the block is a part of the page's module."""
        return self.language == "python" and not self.is_file and not self.why_not_run


def blocks(page: Path) -> list[Block]:
    """The code blocks of a page, fenced or indented, each with the comment before it."""
    return list(_blocks(page.read_text(encoding="utf-8")))


def _blocks(text: str) -> Iterator[Block]:
    note = ""
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "html_block":
            note = token.content
        elif token.type in ("fence", "code_block"):
            language, _, options = token.info.partition(" ")
            title = _TITLE.search(options)
            kind, why = found.groups() if (found := _NOTE.search(note)) else ("", "")
            yield Block(
                line=token.map[0] + 1 if token.map else 0,
                language=language,
                title=title[1] if title else "",
                text=token.content,
                why_not_run=(why or "") if kind == "not run" else "",
                in_background=kind.startswith("runs until"),
            )
            note = ""
        elif token.nesting >= 0:
            note = ""


def unchecked(page: Path) -> list[str]:
    """The blocks of a page that no test runs, compares or parses, and that give no reason for it."""
    found = []
    after_code = False
    has_commands = any(block.language == "console" and not block.why_not_run for block in blocks(page))
    for block in blocks(page):
        checked = (
            block.is_code
            or (block.language in ("console", *DATA) and not block.is_file)
            or (block.is_file and has_commands)
            or (block.language == "text" and after_code)
        )
        if not checked and not block.why_not_run:
            found.append(
                f"{page.relative_to(ROOT)}:{block.line}: no test runs this block of {block.language or 'no language'}"
            )
        after_code = block.is_code
    return found
