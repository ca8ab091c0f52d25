"""``router.cli``: the entry point, without its extra and as a process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from router.cli import main
from tests.cli.shop import APP, COUPON, PLACED, event, write

ROUTER = Path(sys.executable).with_name("router")

SLEEPY = """
import time
from router import Change, Dispatcher, Routes
from pydantic import BaseModel
class Order(BaseModel): ...
routes = Routes()
@routes.on(Order)
def sleep(change: Change[Order]) -> None:
    print("asleep", flush=True)
    time.sleep(60)
app = Dispatcher(routes)
"""


def _start(*argv: str, stdin: int = subprocess.DEVNULL, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([ROUTER, *argv], stdin=stdin, stdout=pipe, stderr=pipe, text=True, env=env)


def _run(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROUTER, *argv],
        check=False,
        stdin=options.pop("stdin", subprocess.DEVNULL),
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra_one_line_says_what_to_install(package: str) -> None:
    """Without what every command needs, the command names the extra and exits with 2."""
    code = f"import sys; sys.modules[{package!r}] = None; from router.cli import main; sys.exit(main(['routes']))"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (
        2,
        f"router: found no {package} in {sys.prefix}, which this command needs; pip install 'entity-router[cli]'\n",
    )


@pytest.mark.parametrize(
    ("module", "extra"), [("ruamel", "cli"), ("boto3", "cli"), ("ministack", "local"), ("matplotlib", "plot")]
)
def test_a_package_of_an_extra_that_is_missing_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str, extra: str
) -> None:
    """The message has the package, the environment, and the command that installs the extra."""
    missing = ModuleNotFoundError(name=f"{module}.part")
    monkeypatch.setattr("typer.main.get_command", Mock(side_effect=missing))
    assert main(["routes"]) == 2
    assert capsys.readouterr().err == (
        f"router: found no {module} in {sys.prefix}, which this command needs; pip install 'entity-router[{extra}]'\n"
    )


def test_another_module_that_is_missing_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    """No extra installs it, so the traceback is shown."""
    monkeypatch.setattr("typer.main.get_command", Mock(side_effect=ModuleNotFoundError(name="router.moved")))
    with pytest.raises(ModuleNotFoundError):
        main(["routes"])


def test_importing_the_entry_point_imports_no_typer() -> None:
    """``import router.cli`` stays light."""
    code = "import sys, router.cli; print([name for name in ('typer', 'rich') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr


def test_the_command_finds_handlers_app_in_the_current_folder(folder: Path) -> None:
    """The installed command needs no --app where ``handlers`` is a package with an ``app``."""
    package = folder / "handlers"
    package.mkdir()
    (package / "__init__.py").write_text(APP, encoding="utf-8")
    done = _run("routes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "handlers.place" in done.stdout


def test_the_command_reads_standard_input(folder: Path) -> None:
    """``-`` is standard input, here a real one."""
    write("event.json", event(PLACED, COUPON))
    with Path("event.json").open(encoding="utf-8") as stdin:
        done = _run("invoke", "-", "--json", "--app", "shop:app", stdin=stdin)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["source"] == "standard input"
    assert [record["entity"] for record in document["records"]] == ["Order", "Coupon"]


def test_a_wrong_command_line_is_one_line_and_2(folder: Path) -> None:
    """The process ends with 2, one line on standard error and nothing else."""
    done = _run("invoke", "missing.json", "--app", "shop:app")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "router: found no file or folder missing.json, expected one that holds events\n"


def test_an_interrupt_ends_quietly_with_130(folder: Path) -> None:
    """Ctrl-C inside a handler leaves no traceback."""
    (folder / "sleepy.py").write_text(SLEEPY, encoding="utf-8")
    write("event.json", event(PLACED))
    with _start("invoke", "event.json", "--app", "sleepy:app", env={**os.environ, "LOG_LEVEL": "ERROR"}) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "asleep\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
    assert process.returncode == 130


def test_an_interrupt_at_a_question_ends_quietly_with_130(folder: Path) -> None:
    """The command does not complain of an answer that is missing."""
    with _start("init", "shop", stdin=subprocess.PIPE) as process:
        assert process.stderr is not None
        question = "The project's name [shop]:"
        assert process.stderr.read(len(question)) == question
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().strip() == ""
    assert process.returncode == 130


@pytest.mark.parametrize("argv", [("invoke",), ("invoke", "--json"), ("explain",), ("explain", "--json")])
def test_a_broken_pipe_is_quiet(folder: Path, argv: tuple[str, ...]) -> None:
    """``router invoke ... | head`` says nothing of the pipe that closed."""
    write("events.jsonl", *[event(COUPON)] * 2000)
    with _start(*argv, "events.jsonl", "--app", "shop:app", env={**os.environ, "LOG_LEVEL": "ERROR"}) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
