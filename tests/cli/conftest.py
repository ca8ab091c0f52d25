"""A folder with a small app in it, and the command to run there."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from router.cli import main
from tests.cli.shop import APP, Ended

Run = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with the app ``shop:app`` in it; what is imported from it is forgotten afterwards."""
    (tmp_path / "shop.py").write_text(APP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("COLUMNS", "FORCE_COLOR", "LOG_LEVEL", "LOG_ERROR_TEXT", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    before = dict(sys.modules)
    for name in [name for name in before if name.partition(".")[0] == "handlers"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
    sys.modules.update({name: before[name] for name in before if name.partition(".")[0] == "handlers"})


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, on ``shop:app`` unless told otherwise."""

    def run_command(command: str, *argv: str, app: str = "shop:app") -> Ended:
        capsys.readouterr()
        code = main([command, *argv, "--app", app])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def run_bare(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process with nothing added."""

    def run_command(*argv: str) -> Ended:
        capsys.readouterr()
        code = main(argv)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run_command
