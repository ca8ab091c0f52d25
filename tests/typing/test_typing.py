"""Both type checkers accept every right handler and reject every wrong one, on exactly the marked lines."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = [HERE / "right.py", *sorted(HERE.glob("wrong_*.py"))]
MARK = re.compile(r"# rejected: (?P<checkers>[\w, ]+)$")

Lines = dict[str, set[int]]


def run(*command: str) -> str:
    """Run a type checker and return its output; its exit code says no more than the output."""
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=100, check=False)
    assert done.returncode in (0, 1), done.stderr or done.stdout
    return done.stdout


def by_file(found: list[tuple[str, int]]) -> Lines:
    lines: Lines = {file.name: set() for file in FILES}
    for file, line in found:
        lines[Path(file).name].add(line)
    return lines


@cache
def mypy() -> Lines:
    output = run(sys.executable, "-m", "mypy", "--strict", "--output", "json", *map(str, FILES))
    messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return by_file([(message["file"], message["line"]) for message in messages if message["severity"] == "error"])


@cache
def pyright() -> Lines:
    output = run(sys.executable, "-m", "pyright", "--project", str(HERE), "--outputjson")
    messages = json.loads(output)["generalDiagnostics"]
    return by_file(
        [
            (message["file"], message["range"]["start"]["line"] + 1)
            for message in messages
            if message["severity"] == "error"
        ]
    )


def marked(file: Path, checker: str) -> set[int]:
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    marks = ((number, MARK.search(line)) for number, line in lines)
    return {number for number, mark in marks if mark and checker in mark["checkers"].split(", ")}


@pytest.mark.parametrize("checker", [mypy, pyright], ids=lambda checker: checker.__name__)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_marked_lines_are_the_rejected_ones(file: Path, checker: Callable[[], Lines]) -> None:
    """A checker rejects exactly the lines that are marked for it."""
    rejected, expected = checker()[file.name], marked(file, checker.__name__)
    assert not rejected - expected, "rejected, but not marked"
    assert not expected - rejected, "marked, but accepted"


def test_the_right_file_registers() -> None:
    """The file that the checkers accept registers at run time."""
    right = runpy.run_path(str(HERE / "right.py"))
    assert len(right["app"].routes) == len(right["routes"]) > 0


def test_wrong_files_have_marks() -> None:
    """Every wrong file has marks."""
    assert all(marked(file, "mypy") for file in FILES if file.stem.startswith("wrong"))
