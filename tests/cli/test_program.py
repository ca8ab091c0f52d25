"""``router.cli.program``: help, versions, and how command lines end."""

import errno
import io
import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from router.cli import program
from tests.cli.conftest import Run


def test_router_alone_shows_the_help(run_bare: Run) -> None:
    """No command is a question, not a mistake."""
    ended = run_bare()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == run_bare("--help").out


COMMANDS = [
    "init",
    "add",
    "routes",
    "invoke",
    "explain",
    "event",
    "record",
    "replay",
    "dev",
    "put",
    "update",
    "delete",
    "expire",
    "filters",
    "template",
    "lint",
    "doctor",
    "local",
    "parked",
    "redrive",
    "backfill",
    "simulate",
]


def test_the_help_names_every_command(run_bare: Run) -> None:
    """The help has a line for each command."""
    out = run_bare("-h").out
    assert [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines()] == COMMANDS


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "local"])
def test_the_help_of_a_command_fits_80_columns(run_bare: Run, command: str) -> None:
    """No line of the help is too long for a terminal."""
    ended = run_bare(command, "--help")
    assert ended.code == 0
    assert ended.out.startswith(f"Usage: router {command} [OPTIONS]")
    assert max(map(len, ended.out.splitlines())) <= 80


def test_version(run_bare: Run) -> None:
    """--version tells the distribution and its version."""
    assert run_bare("--version").out == f"entity-router {version('entity-router')}\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["rutes"], "no such command 'rutes'. Did you mean 'routes'? see 'router --help'"),
        (["routes", "--jsn"], "no such option: --jsn (Possible options: --json); see 'router routes --help'"),
        (["-x"], "no such option: -x; see 'router --help'"),
        (["routes", "more"], "got unexpected extra argument(s) (more); see 'router routes --help'"),
        (["invoke", "--app"], "option '--app' requires an argument; see 'router invoke --help'"),
    ],
)
def test_a_wrong_command_line_is_one_line(run_bare: Run, argv: list[str], message: str) -> None:
    """typer's message is one line with the nearest name."""
    assert run_bare(*argv) == (2, "", f"router: {message}\n")


@pytest.mark.parametrize("seconds", ["soon", "-1"])
def test_a_timeout_that_is_none_is_one_line(run_bare: Run, seconds: str) -> None:
    """--timeout takes seconds, 0 or more."""
    ended = run_bare("invoke", "--timeout", seconds, "event.json")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith("router: invalid value for '--timeout'")


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, typer.Abort])
def test_an_interrupt_is_130(run_bare: Run, monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]) -> None:
    """An interrupted command prints nothing."""

    def interrupted(_program: object) -> None:
        raise interrupt

    monkeypatch.setattr(typer.main, "get_command", interrupted)
    assert run_bare("routes") == (130, "", "")


def test_a_path_that_cannot_be_accessed_is_one_line(run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a command has no message of its own; pathlib raises before it says whether a file exists."""

    def denied(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", denied)
    ended = run_bare("invoke", "locked/event.json", "--app", "shop:app")
    assert ended == (2, "", "router: cannot access locked/event.json: Permission denied\n")


def test_a_path_that_is_too_long_is_one_line(run_bare: Run) -> None:
    """As a shell makes it of a text that is no path."""
    ended = run_bare("invoke", "x" * 300, "--app", "shop:app")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.endswith("File name too long\n")


def test_a_value_that_is_none_of_several_is_one_line(run_bare: Run) -> None:
    """The values are named, without the words of the library that compared them."""
    message = "router: invalid value for '--engine': 'nope' is not one of 'embedded', 'dynamodb-local'; see 'router dev --help'\n"
    assert run_bare("dev", "--engine", "nope") == (2, "", message)


def test_a_pipe_that_breaks_at_the_last_flush_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buffered output is dropped without an error message."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", encoding="utf-8") as broken:  # noqa: PTH123 - it is a descriptor, not a path
        monkeypatch.setattr(sys, "stdout", broken)
        assert program.run(["--version"]) == 1


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With the system's reason, and exit code 1."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert program.run(["--version"]) == 1
    assert capsys.readouterr().err == "router: cannot write standard output: No space left on device\n"


def test_a_closed_standard_output_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a shell closes it with ``>&-``; no command runs."""
    monkeypatch.setattr(sys, "stdout", None)
    assert program.run(["routes"]) == 1
    assert capsys.readouterr().err == "router: cannot write standard output: it is closed\n"


def test_without_standard_error_nothing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error message does not get into the result."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    monkeypatch.setattr(sys, "stderr", None)
    assert program.run(["no-such-command"]) == 2
    sys.stderr.close()
    assert written.getvalue() == ""


def test_a_terminal_that_lacks_a_character_gets_its_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name of an entity ends a run on a stream that cannot encode it."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    program.run(["--version"])
    stream.write("é")
    stream.flush()
    assert written.getvalue().endswith(b"\\xe9")


def test_a_stream_that_encodes_nothing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output may be replaced by something that holds text."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    assert program.run(["--version"]) == 0
    assert stream.getvalue().startswith("entity-router ")


class TestSettings:
    @pytest.mark.parametrize("options", [(), ("--app", "other:app")])
    def test_the_variable_names_the_app(
        self, run_bare: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
    ) -> None:
        """``ROUTER_APP`` comes after ``--app`` and before the project's settings."""
        monkeypatch.setenv("ROUTER_APP", "nothing:app")
        (folder / "pyproject.toml").write_text("[tool.router]\napp = 'shop:app'\n")
        ended = run_bare("routes", *options)
        named = options[-1] if options else "nothing:app"
        assert (ended.code, named.partition(":")[0] in ended.err) == (2, True)

    def test_the_project_names_the_app(self, run_bare: Run, folder: Path) -> None:
        """``[tool.router] app`` in pyproject.toml."""
        (folder / "pyproject.toml").write_text("[tool.router]\napp = 'shop:app'\n")
        ended = run_bare("routes")
        assert (ended.code, "shop" in ended.out) == (0, True)

    @pytest.mark.parametrize("command", ["lint", "template --check", "simulate", "dev", "routes"])
    def test_the_project_names_the_template(self, run_bare: Run, folder: Path, command: str) -> None:
        """``[tool.router] template`` in pyproject.toml, for every command that reads one."""
        (folder / "pyproject.toml").write_text("[tool.router]\ntemplate = 'deploy.yaml'\n")
        ended = run_bare(*command.split())
        assert (ended.code, "deploy.yaml" in ended.err) == (2, True)

    def test_wrong_settings_are_one_line(self, run_bare: Run, folder: Path) -> None:
        """Exit code 2, as for a wrong command line."""
        (folder / "pyproject.toml").write_text("[tool.router]\napps = 'shop:app'\n")
        ended = run_bare("routes")
        assert (ended.code, ended.err.count("\n"), "did you mean 'app'?" in ended.err) == (2, 1, True)
