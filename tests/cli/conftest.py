"""A folder with a small app in it, and the command to run there."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from router.cli import main
from tests.cli import tally
from tests.cli.shop import APP, Ended

Run = Callable[..., Ended]
Refused = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with the app ``shop:app``; its modules are removed from ``sys.modules`` afterwards."""
    (tmp_path / "shop.py").write_text(APP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("COLUMNS", "FORCE_COLOR", "LOG_LEVEL", "LOG_ERROR_TEXT", "ROUTER_APP", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    before = dict(sys.modules)
    others = [name for name in before if name.partition(".")[0] in ("app", "handlers", "models")]
    for name in others:
        del sys.modules[name]
    importlib.invalidate_caches()
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
    sys.modules.update({name: before[name] for name in others})


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, on ``shop:app`` by default."""

    def run_command(command: str, *argv: str, app: str = "shop:app") -> Ended:
        capsys.readouterr()
        code = main([command, *argv, "--app", app])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def run_bare(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process without further arguments."""

    def run_command(*argv: str) -> Ended:
        capsys.readouterr()
        code = main(argv)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an app and its template, and an environment without settings of AWS's."""
    (tmp_path / "tallies.py").write_text(tally.APP, encoding="utf-8")
    (tmp_path / "template.yaml").write_text(tally.TEMPLATE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    set_here = [name for name in os.environ if name.startswith("AWS_")]
    for name in (*set_here, "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "LOG_LEVEL", "COLUMNS"):
        monkeypatch.setenv(name, "")  # so that what a command sets is taken back, also where nothing was set
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def refused(project: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a wrong command line in the project: exit code 2 and one line, which is returned."""

    def run(*argv: str) -> str:
        assert main(argv) == 2
        captured = capsys.readouterr()
        assert (captured.out, captured.err.count("\n")) == ("", 1)
        return captured.err

    return run
