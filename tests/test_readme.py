"""The code of the pages runs, prints what the page says, and is well typed; their links lead to files and headings."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

from tests.docs.blocks import PAGES, ROOT, Block, blocks, unchecked
from tests.docs.console import run_pages_commands

_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def code(page: Path) -> str:
    """The Python of a page as one module: a block uses names of the blocks before it."""
    return "\n".join(block.text for block in blocks(page) if block.is_code)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


WITH_CODE = [page for page in PAGES if code(page)]
WITH_COMMANDS = [page for page in PAGES if any(b.language == "console" and not b.why_not_run for b in blocks(page))]
DATA = [(page, block) for page in PAGES for block in blocks(page) if block.language in ("json", "toml", "yaml")]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_is_checked(page: Path) -> None:
    """A test runs, compares or parses each block, or the page says why not: ``<!-- not run: why -->`` before it."""
    assert unchecked(page) == []


@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_code_runs_and_prints_what_follows_it(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of text after one of code is what the code prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")  # as Lambda sets it
    module = ModuleType("shop")
    monkeypatch.setitem(sys.modules, "shop", module)
    printed: str | None = None
    for block in blocks(page):
        if block.is_code:
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(compile(block.text, f"<{page.name}>", "exec"), module.__dict__)  # noqa: S102 - our own page
            printed = output.getvalue()
        else:
            if block.language == "text" and printed is not None and not block.why_not_run:
                assert printed == block.text
            printed = None


@pytest.mark.timeout(400)
@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_code_is_well_typed(page: Path, tmp_path: Path) -> None:
    """mypy --strict reports nothing about the code of a page."""
    shop = tmp_path / "shop.py"
    shop.write_text(code(page), encoding="utf-8")
    options = ["--strict", f"--cache-dir={ROOT / '.mypy_cache'}", "--config-file", str(ROOT / "pyproject.toml")]
    mypy = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(shop)],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert mypy.returncode == 0, mypy.stdout


@pytest.mark.timeout(600)  # the tutorial starts twenty programs
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_commands_print_what_is_shown(page: Path, tmp_path: Path) -> None:
    """The commands of a page run in a folder with the example application, or in one with the page's own files."""
    found = blocks(page)
    if not any(block.is_file for block in found):
        for path in ("docs", "handlers", "models", "pyproject.toml", "template.yaml", "tests"):
            tmp_path.joinpath(path).symlink_to(ROOT / path)
    run_pages_commands(found, tmp_path)


@pytest.mark.parametrize(
    ("page", "block"), DATA, ids=lambda value: name(value) if isinstance(value, Path) else f"{value.line}"
)
def test_data_is_well_formed(page: Path, block: Block) -> None:
    """A block of JSON, TOML or YAML, tags of CloudFormation included, is read without an error."""
    readers: dict[str, Callable[[str], object]] = {
        "json": json.loads,
        "toml": tomllib.loads,
        "yaml": YAML().load,
    }
    assert readers[block.language](block.text)


def test_the_first_handler_is_short() -> None:
    """The first handler has less than 20 lines, empty ones included."""
    first = next(block.text for block in blocks(ROOT / "README.md") if block.is_code)
    assert len(first.splitlines()) < 20


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link leads to a file of this repository, and to a heading if it names one."""
    for target, heading in _LINK.findall(page.read_text(encoding="utf-8")):
        path = page.parent / target if target else page
        assert path.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w-]", "", text.lower().replace(" ", "-")) for text in headings], heading
