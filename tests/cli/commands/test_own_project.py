"""From an empty folder to a package that answers in Lambda's client, with the wheel that `make dist` builds.

The project's environment has the wheel, and takes the other packages from the environment of the tests: those that the
lock pins. That an empty environment can install each extra is tested with the wheel.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from router.local.runtime import FunctionConfiguration, RuntimeFunction
from tests.real import missing
from tests.waiting import becomes

ROOT = Path(__file__).parents[3]
SAM = ROOT / ".venv-sam" / "bin" / "sam"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


class Shell:
    """Runs commands with an environment's tools first in PATH.

    Args:
        tools: The folder of the tools.
        wheels: A folder of wheels that pip finds beside those of a registry.
    """

    def __init__(self, tools: Path, wheels: Path) -> None:
        self.tools = tools
        path = f"{tools}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "COLUMNS": "160", "PIP_FIND_LINKS": str(wheels), "SAM_CLI_TELEMETRY": "0"}
        left_out = ("ROUTER_APP", "PYTEST_ADDOPTS", "COVERAGE_PROCESS_START", "PYTHONPATH")
        self.environment = {name: value for name, value in os.environ.items() if name not in left_out} | own

    def __call__(self, *command: str | Path, folder: Path) -> str:
        """Run a command; a failure of it is one of the test."""
        program = self.tools / command[0]  # a program of its own, if it has one; else an absolute path
        done = subprocess.run(
            [program, *command[1:]],
            cwd=folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """An environment in which the wheel is installed."""
    if sys.platform != "linux":
        pytest.skip("the function's package runs on Linux: use a container or another machine")
    folder = tmp_path_factory.mktemp("stranger")
    wheels, environment = folder / "wheels", folder / "environment"
    build = ("-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels))  # as `make dist` does
    subprocess.run([sys.executable, *build], cwd=ROOT, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (site,) = environment.glob("lib/*/site-packages")
    # A path in a .pth file comes after the environment's own packages, and .pth files in it are not read: so the wheel
    # is found, and this checkout, which is installed in the other environment, is not.
    (site / "locked.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    pip = (
        "-m",
        "pip",
        "--python",
        str(environment / "bin" / "python"),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    )
    subprocess.run([sys.executable, *pip, *wheels.glob("*.whl")], check=True)
    return Shell(environment / "bin", wheels)


@pytest.fixture(scope="module")
def shop(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, made in an empty folder."""
    empty = tmp_path_factory.mktemp("empty")
    shell("router", "init", "shop", "--entity", "Order", "--yes", folder=empty)
    return empty / "shop"


def test_the_package_is_that_of_the_wheel(shell: Shell, shop: Path) -> None:
    """What is tested here is the installed wheel, and not this checkout."""
    found = shell("python", "-c", "import router; print(router.__file__)", folder=shop)
    assert Path(found).is_relative_to(shell.tools.parent)


def test_its_tests_pass(shell: Shell, shop: Path) -> None:
    """pytest passes at once."""
    assert "2 passed" in shell("python", "-m", "pytest", "-q", folder=shop)


def test_lint_finds_nothing(shell: Shell, shop: Path) -> None:
    """`router lint --strict` has no findings."""
    assert "no findings" in shell("router", "lint", "--strict", folder=shop)


def test_dev_handles_a_record(shell: Shell, shop: Path) -> None:
    """`router dev` runs the handler on an item that `router put` puts."""
    log = shop.parent / "dev.log"
    with log.open("w", encoding="utf-8") as output:
        dev = subprocess.Popen(
            [shell.tools / "router", "dev", "--port", "0"],
            cwd=shop,
            env=shell.environment,
            stdout=output,
            stderr=output,
        )
    try:
        assert becomes(lambda: "put items with" in log.read_text(encoding="utf-8")), log.read_text(encoding="utf-8")
        url = re.findall(r"http://\S+", log.read_text(encoding="utf-8"))[-1]
        item = '{"pk": "Order#1", "sk": "Order#1"}'
        shell("router", "put", "Order", "--json", item, "--endpoint-url", url, folder=shop)
        handled = r"INSERT +Order +.*done +\S*created"
        assert becomes(lambda: re.search(handled, log.read_text(encoding="utf-8")) is not None), log.read_text(
            encoding="utf-8"
        )
    finally:
        dev.terminate()
        dev.wait(30)


def test_the_built_package_answers(shell: Shell, shop: Path, real: None) -> None:
    """`sam build` packages the project with SAM's own builder, and the package answers the recorded event."""
    if not SAM.exists():
        missing("there is no SAM in .venv-sam: make build")
    shell(SAM, "build", folder=shop)
    package = shop / ".aws-sam" / "build" / "Router"
    lines: list[str] = []
    configuration = FunctionConfiguration(handler="handlers.app", root=package, environment={"LOG_LEVEL": "INFO"})
    with RuntimeFunction(configuration, log=lines.append) as function:
        answer = function.invoke((shop / "tests" / "events" / "order.json").read_bytes())
    assert json.loads(answer.payload) == {"batchItemFailures": []}, lines
    logged = [json.loads(line)["event"] for line in lines if line.startswith("{")]
    assert [event for event in logged if event in ("created", "moved", "removed")] == ["created", "moved", "removed"]
    found = shell("python", "-c", "import router; print(router.__file__)", folder=package)
    assert Path(found).is_relative_to(package)
