"""The wheel and the sdist: one commit makes one pair, and in an empty environment each extra brings what it says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from router import __version__
from router.extras import EXTRAS
from tests.cli.shop import APP, PLACED, event
from tests.cli.test_missing_packages import LINES, TEMPLATE
from tests.deploy.conftest import ROOT
from tests.real import one_worker

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("real")]

WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("ROUTER_", "PYTHON"))}
    return subprocess.run(
        [*map(str, command)], cwd=cwd, env={**variables, **environment}, check=False, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip


def checked(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = run(*command, cwd=cwd, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_dist(clone: Path, **environment: str) -> dict[str, bytes]:
    """What ``make dist`` makes in a new clone, with the packages of this environment."""
    checked("git", "clone", "--quiet", ROOT, clone, cwd=ROOT)
    stamp = f"--old-file={sys.prefix}/.cli-stamp"  # not made again
    checked("make", "--silent", stamp, "dist", f"VENV={sys.prefix}", cwd=clone, **environment)
    return {path.name: path.read_bytes() for path in sorted((clone / "dist").iterdir())}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheel and the sdist of the commit."""
    clone = tmp_path_factory.mktemp("built") / "clone"
    make_dist(clone)
    return clone / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    return next(built.glob("*.tar.gz"))


class TestBuilding:
    def test_a_commit_makes_one_wheel_and_one_sdist(self, built: Path, tmp_path: Path) -> None:
        """Another clone, in another folder, time zone, locale and file mode, gives the same bytes."""
        found = {path.name: path.read_bytes() for path in built.iterdir()}
        assert make_dist(tmp_path / "elsewhere" / "deeper", TZ="Asia/Tokyo", LC_ALL="C", HOME=str(tmp_path)) == found
        assert sorted(found) == [f"entity_router-{__version__}-py3-none-any.whl", f"entity_router-{__version__}.tar.gz"]

    def test_files_have_the_date_of_the_commit(self, sdist: Path) -> None:
        """SOURCE_DATE_EPOCH is the commit's date."""
        committed = int(checked("git", "log", "-1", "--format=%ct", cwd=ROOT))
        with tarfile.open(sdist) as archive:
            assert {member.mtime for member in archive.getmembers()} == {committed}

    def test_the_sdist_builds_the_same_wheel(self, sdist: Path, wheel: Path, tmp_path: Path) -> None:
        """Who builds from the sdist gets the files of the wheel."""
        with tarfile.open(sdist) as archive:
            archive.extractall(tmp_path, filter="data")
        committed = checked("git", "log", "-1", "--format=%ct", cwd=ROOT).strip()
        source = next(path for path in tmp_path.iterdir() if path.is_dir())
        checked(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=source, SOURCE_DATE_EPOCH=committed)
        assert (source / "dist" / wheel.name).read_bytes() == wheel.read_bytes()

    def test_the_metadata_can_be_uploaded(self, wheel: Path, sdist: Path) -> None:
        """Twine accepts metadata and description."""
        checked(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist, cwd=wheel.parent)


class TestContents:
    def test_the_wheel_has_the_package_and_its_entry_points_only(self, wheel: Path) -> None:
        """No example, no test; types are marked."""
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        roots = {name.partition("/")[0] for name in names}
        assert roots == {"router", "entity_router.py", f"entity_router-{__version__}.dist-info"}
        assert "router/py.typed" in names
        assert "router/entry_points.py" not in names

    def test_links_of_the_description_lead_into_the_repository(self, wheel: Path) -> None:
        """The description is read where the files of the repository are not."""
        with zipfile.ZipFile(wheel) as archive:
            metadata = archive.read(f"entity_router-{__version__}.dist-info/METADATA").decode()
        text = str(HeaderParser().parsestr(metadata).get_payload())
        assert "](https://" in text
        assert re.findall(r"\]\((?!https://|#)[^)]*\)", text) == []


def closure(extra: str) -> Iterator[Distribution]:
    """The distributions that a requirement of this distribution with an extra brings, as installed here."""
    seen: set[tuple[str, str]] = set()
    wanted = [Requirement(f"entity-router[{extra}]" if extra else "entity-router")]
    while wanted:
        requirement = wanted.pop()
        found = distribution(requirement.name)
        for chosen in ("", *requirement.extras):
            if (canonicalize_name(requirement.name), chosen) in seen:
                continue
            seen.add((canonicalize_name(requirement.name), chosen))
            needs = map(Requirement, found.requires or ())
            wanted += [each for each in needs if each.marker is None or each.marker.evaluate({"extra": chosen})]
            if chosen == "" and canonicalize_name(requirement.name) != "entity-router":
                yield found


def environment_with(folder: Path, wheel: Path, extra: str) -> Path:
    """An environment that has the wheel and links to what an extra brings, and nothing else."""
    checked(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    site = next(folder.glob("lib/python*/site-packages"))
    for found in closure(extra):
        for top in {path.parts[0] for path in found.files or () if path.parts[0] not in ("..", "__pycache__")}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(found.locate_file(top))).resolve())
    install(folder, "--no-deps", "--no-index", str(wheel))
    return folder / "bin"


def install(environment: Path, *arguments: str, **variables: str) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile")
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python", "install", *quiet)
    checked(*pip, *arguments, cwd=environment, **variables)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an app, a template, an event and a test."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "shop.py").write_text(APP, encoding="utf-8")
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    (folder / "event.json").write_text(json.dumps(event(PLACED)), encoding="utf-8")
    (folder / "test_shop.py").write_text(
        "from shop import Order\nfrom router.testing.strategies import items\n"
        "def test_order(stream):\n    stream.put(Order(order_id='1', status='NEW'))\n    stream.run()\n"
        "    assert stream.outcomes and items(Order)\n",
        encoding="utf-8",
    )
    return folder


class TestExtras:
    def test_without_an_extra_a_function_runs(self, wheel: Path, project: Path, tmp_path: Path) -> None:
        """The distribution alone handles an event, and its command names the extra."""
        python = environment_with(tmp_path / "venv", wheel, "") / "python"
        code = "import json, shop; print(shop.app(json.load(open('event.json'))))"
        assert checked(python, "-c", code, cwd=project).endswith("{'batchItemFailures': []}\n")
        done = run(python.with_name("router"), "routes", cwd=project)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.endswith("pip install 'entity-router[cli]'\n")

    def test_cli_brings_every_command_without_an_engine(self, wheel: Path, project: Path, tmp_path: Path) -> None:
        """Each command runs, or refuses its input; none misses a package."""
        command = environment_with(tmp_path / "venv", wheel, "cli") / "router"
        ended = {name: run(command, *line.split(), cwd=project) for name, line in LINES.items() if name[:3] != "dev"}
        missing = {name for name, done in ended.items() if "entity-router[" in done.stderr}
        assert missing == {"event --random", "simulate --plot"}
        assert not any("Traceback" in done.stderr for done in ended.values())
        assert {ended[name].returncode for name in ("routes", "invoke", "explain", "replay", "filters")} == {0}

    def test_local_brings_dev(self, wheel: Path, project: Path, tmp_path: Path) -> None:
        """`router dev` starts its engine and runs the app until it is interrupted."""
        command = environment_with(tmp_path / "venv", wheel, "local") / "router"
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": project}
        with subprocess.Popen([command, "dev", "--port", "0", "--runtime"], **options) as dev:  # type: ignore[call-overload]  # options are of several types
            lines = []
            assert dev.stdout is not None
            for line in dev.stdout:
                lines.append(line)
                if "Ctrl-C ends dev" in line:
                    dev.send_signal(signal.SIGINT)
        assert "Ctrl-C ends dev" in "".join(lines)
        assert dev.returncode == 130, "".join(lines)

    def test_testing_brings_the_plugin_and_the_strategies(self, wheel: Path, project: Path, tmp_path: Path) -> None:
        """pytest runs a test with the fixture `stream`."""
        python = environment_with(tmp_path / "venv", wheel, "testing") / "python"
        assert "1 passed" in checked(
            python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shop.py", cwd=project
        )

    def test_plot_brings_pictures(self, wheel: Path, project: Path, tmp_path: Path) -> None:
        """`router simulate --plot` draws one."""
        command = environment_with(tmp_path / "venv", wheel, "cli,plot") / "router"
        checked(command, "simulate", "--duration", "60", "--plot", tmp_path / "plot.svg", cwd=project)
        assert (tmp_path / "plot.svg").stat().st_size > 0

    def test_tracing_brings_the_sdk(self, wheel: Path, project: Path, tmp_path: Path) -> None:
        """Tracing() accepts the environment."""
        python = environment_with(tmp_path / "venv", wheel, "tracing") / "python"
        assert checked(python, "-c", "import router; print(router.Tracing())", cwd=project) == "Tracing()\n"

    def test_dev_brings_every_package(self) -> None:
        """It has what each other extra has."""
        names = {found.name for found in closure("dev")}
        assert {found.name for extra in set(EXTRAS.values()) for found in closure(extra)} <= names

    def test_pip_resolves_an_extra_in_an_empty_environment(self, wheel: Path, project: Path, tmp_path: Path) -> None:
        """`pip install 'entity-router[cli]'` alone makes the command work."""
        pins = re.sub(r" \\\n(    --hash=\S+(?: \\)?\n)+", "\n", (ROOT / "constraints.txt").read_text(encoding="utf-8"))
        (tmp_path / "pins.txt").write_text(pins, encoding="utf-8")
        checked(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=ROOT)
        with one_worker("pip"):
            install(tmp_path / "venv", f"{wheel}[cli]", "--constraint", str(tmp_path / "pins.txt"))
        assert "shop.place" in checked(tmp_path / "venv" / "bin" / "router", "routes", cwd=project)


def test_the_workflow_has_every_python_of_ci() -> None:
    """The workflow runs .ci/run, on each Python that it asks for."""
    text = WORKFLOW.read_text(encoding="utf-8")
    loop = re.search(r"for version in (.*);", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert loop is not None
    assert "run: .ci/run" in text
    assert set(re.findall(r"3\.\d\d", text)) == set(loop[1].split())
