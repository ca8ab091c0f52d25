"""Runs the commands of a page in a folder, and compares what they print with what the page shows."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.docs.blocks import Block
from tests.waiting import becomes

# Where `router dev` listens without --port.
_ENDPOINT = "127.0.0.1:8000"

# What differs from run to run: durations, times of the day, sequence numbers, and line ends padded by a table.
_VARYING = (
    (re.compile(r"\b[\d.]+( ?m?s)\b"), r"0\1"),
    (re.compile(r"\b\d\d:\d\d:\d\d(\.\d+)?\b"), "00:00:00"),
    (re.compile(r" --endpoint-url http://127\.0\.0\.1:\d+"), ""),
    (re.compile(r"127\.0\.0\.1:\d+"), _ENDPOINT),
    (re.compile(r"\b\d{21,}\b"), "0"),
    (re.compile(r"-{2,}|={2,}|─{2,}"), "--"),
    (re.compile(r"\d+ rules"), "0 rules"),  # docs/deploy.md has the number
    (re.compile(r" +"), " "),
)


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines that the page shows behind it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        first = 1
        while lines[first - 1].endswith("\\"):
            first += 1
        yield "\n".join(lines[:first]), lines[first:]


def differs(shown: list[str], printed: str) -> str:
    """A message where the output is not the one shown; a line ``...`` stands for any lines."""
    pattern = "\n".join(".*" if line.strip() == "..." else re.escape(_plain(line)) for line in shown).strip()
    output = "\n".join(_plain(line) for line in printed.splitlines()).strip()
    return (
        "" if re.fullmatch(pattern, output, re.DOTALL) else f"shown:\n{os.linesep.join(shown)}\n\nprinted:\n{printed}"
    )


def run_pages_commands(blocks: list[Block], folder: Path) -> None:
    """Write the files and run the commands of a page in its order. ``router dev`` listens on a free port."""
    port = free_port()
    with ExitStack() as background:
        for block in blocks:
            if block.why_not_run:
                continue
            if block.title:
                folder.joinpath(block.title).parent.mkdir(parents=True, exist_ok=True)
                folder.joinpath(block.title).write_text(block.text, encoding="utf-8")
            elif block.language == "console" and block.in_background:
                [(command, shown)] = commands(block.text)
                background.enter_context(_running(command, shown, folder, port))
            elif block.language == "console":
                for command, shown in commands(block.text):
                    if command.startswith("cd "):
                        folder /= command.removeprefix("cd ")
                    else:
                        _run(command.replace(_ENDPOINT, f"127.0.0.1:{port}"), shown, folder, port)
                background.close()


def free_port() -> int:
    """A port of this machine on which no program listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _run(command: str, shown: list[str], folder: Path, port: int) -> None:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=_environment() | {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    if shown:
        assert not (message := differs(shown, done.stdout)), f"$ {command}\n{message}"
    else:
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"


@contextmanager
def _running(command: str, shown: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a command until the next block has run and all shown lines are printed, then press Ctrl-C.

    The lines shown up to the first empty one are printed before the next block runs.
    """
    output = folder / ".output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command} --port {port}"],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = shown[: shown.index("")] if "" in shown else shown
    lines = [line for line in shown if line]
    try:
        assert becomes(lambda: _begins(started, output)), f"$ {command}\n{output.read_text(encoding='utf-8')}"
        yield
        assert becomes(lambda: _begins(lines, output)), f"$ {command}\n{output.read_text(encoding='utf-8')}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        output.unlink()


def _begins(shown: list[str], output: Path) -> bool:
    return not differs([*shown, "..."], output.read_text(encoding="utf-8") + "\n...")


def _plain(line: str) -> str:
    for pattern, replacement in _VARYING:
        line = pattern.sub(replacement, line)
    return line.strip()


def _environment() -> dict[str, str]:
    """As in a terminal of 160 columns with the virtual environment of the tests activated."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LOG_", "ROUTER_", "PYTEST_", "COV"))
    }
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "160"}
