"""The code of the pages runs, prints what the page says, and is well typed; their links lead to files and headings."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.joinpath("docs").glob("*.md"))]

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DURATION = re.compile(r"[\d.]+ ms")
_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page, each with its language."""
    return _FENCE.findall(page.read_text(encoding="utf-8"))


def code(page: Path) -> str:
    """All of a page's Python as one module: a block uses names of the blocks before it."""
    return "\n".join(text for language, text in blocks(page) if language == "python")


WITH_CODE = [page for page in PAGES if code(page)]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_code_runs_and_prints_what_follows_it(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of text after one of code is what the code prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")  # as Lambda sets it
    module = ModuleType("shop")
    monkeypatch.setitem(sys.modules, "shop", module)
    printed = ""
    for language, text in blocks(page):
        if language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(compile(text, f"<{page.name}>", "exec"), module.__dict__)  # noqa: S102 - our own page
            printed = output.getvalue()
        elif language == "text":
            assert printed == text


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
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
        timeout=100,
    )
    assert mypy.returncode == 0, mypy.stdout


def test_the_first_handler_is_short() -> None:
    """The first handler has less than 20 lines, empty ones included."""
    first = next(text for language, text in blocks(ROOT / "README.md") if language == "python")
    assert len(first.splitlines()) < 20


def test_the_first_handler_prints_what_is_shown(tmp_path: Path) -> None:
    """Saved under the name that the page gives it, the first handler prints what the page shows for its command."""
    page = blocks(ROOT / "README.md")
    first = next(text for language, text in page if language == "python")
    command, _, shown = next(text for language, text in page if language == "console").partition("\n")
    tmp_path.joinpath("shop.py").write_text(first, encoding="utf-8")
    tmp_path.joinpath("tests").symlink_to(ROOT / "tests")
    result = subprocess.run(
        ["sh", "-c", command.removeprefix("$ ")],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    assert [_DURATION.sub("0 ms", line.rstrip()) for line in result.stdout.splitlines()] == [
        _DURATION.sub("0 ms", line) for line in shown.splitlines()
    ]
    assert result.returncode == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link leads to a file of this repository, and to a heading if it names one."""
    for target, heading in _LINK.findall(page.read_text(encoding="utf-8")):
        path = page.parent / target if target else page
        assert path.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w-]", "", text.lower().replace(" ", "-")) for text in headings], heading
