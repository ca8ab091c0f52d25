"""``router.entry_points``, installed as ``entity_router``: it runs where a user's file shadows the package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import router
from router import entry_points

COMMAND = "import entity_router, sys; sys.exit(entity_router.main())"
PLUGIN = """
import entity_router, pytest
try:
    print(entity_router.pytest_plugin.__name__)
except pytest.UsageError as error:
    print(error)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project, in whose folder Python is started; the entry points are in another folder."""
    installed, project = tmp_path / "installed", tmp_path / "project"
    installed.mkdir()
    project.mkdir()
    shutil.copyfile(entry_points.__file__, installed / "entity_router.py")
    return project


def python(project: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code as ``python -m`` does, with the current folder first on ``sys.path``."""
    package = Path(router.__file__).parents[1]
    path = f"import sys; sys.path[:0] = ['', {str(project.parent / 'installed')!r}, {str(package)!r}]\n"
    return subprocess.run(
        [sys.executable, "-c", path + code, *arguments],
        cwd=project, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def shadow(project: Path, kind: str) -> Path:
    """Make a module or a package ``router`` of the user's own."""
    file = project / "router.py" if kind == "module" else project / "router" / "__init__.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text("from router import Dispatcher\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("kind", ["module", "package"])
def test_the_command_names_the_file_that_shadows_the_package(project: Path, kind: str) -> None:
    """One line names the user's file, which is not run, and the exit code is 2."""
    file = shadow(project, kind)
    done = python(project, COMMAND, "--version")
    expected = f"router: found {file}, which Python imports as `router` in place of entity-router; rename it\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


@pytest.mark.parametrize("kind", ["module", "package"])
def test_pytest_names_the_file_that_shadows_the_package(project: Path, kind: str) -> None:
    """The plugin's entry point is a usage error of pytest, which it prints as one line."""
    file = shadow(project, kind)
    done = python(project, PLUGIN)
    assert done.stdout == f"found {file}, which Python imports as `router` in place of entity-router; rename it\n"


def test_without_a_shadow_the_command_runs(project: Path) -> None:
    """A folder of data called router shadows nothing."""
    (project / "router").mkdir()
    done = python(project, COMMAND, "--version")
    assert (done.returncode, done.stdout) == (0, f"entity-router {router.__version__}\n")


def test_an_interrupt_during_the_imports_is_quiet(project: Path) -> None:
    """Ctrl-C prints no traceback before the command receives signals itself."""
    package = project / "router"
    package.mkdir()
    (package / "discriminators.py").touch()
    (package / "__init__.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n", encoding="utf-8")
    done = python(project, COMMAND, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_without_a_shadow_the_plugin_is_that_of_the_package(project: Path) -> None:
    """The plugin's module has its own name, for `-p no:router` and for debuggers."""
    assert python(project, PLUGIN).stdout == "router.testing.plugin\n"


def test_another_attribute_is_missing() -> None:
    """The module has no other names."""
    with pytest.raises(AttributeError, match="no attribute 'plugin'"):
        entry_points.plugin  # noqa: B018 - the access is what raises


def test_the_package_runs_as_the_command(tmp_path: Path) -> None:
    """``python -m router`` is the command."""
    done = subprocess.run(
        [sys.executable, "-m", "router", "--version"], cwd=Path(router.__file__).parents[1], check=True, capture_output=True, text=True, timeout=60
    )  # fmt: skip
    assert done.stdout == f"entity-router {router.__version__}\n"
