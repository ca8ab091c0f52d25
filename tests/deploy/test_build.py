"""The function's package: its content, and that it runs without anything else."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.conftest import ROOT, VERSION, build_artifact

RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
import handlers
outside = [m.__file__ for m in sys.modules.values() if "site-packages" in (getattr(m, "__file__", None) or "")]
event = json.load(open(sys.argv[2], encoding="utf-8"))
print(json.dumps({"response": handlers.app(event, None), "outside": outside}))
"""


def run(artifact: Path, event: str, empty: Path) -> dict[str, object]:
    """Run the package on an event in a process that has only the standard library besides."""
    command = [sys.executable, "-I", "-S", "-B", "-c", RUN, str(artifact), str(ROOT / "tests" / "events" / event)]
    environment = {"SHOP_IN_MEMORY": "1", "LOG_LEVEL": "CRITICAL"}
    done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def pins(name: str) -> dict[str, frozenset[str]]:
    """Each pinned version with its hashes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {
        found[1]: frozenset(re.findall(r"--hash=(\S+)", found[2]))
        for found in re.finditer(r"^(\S+==[^\s\\]+)(.*(?:\n +--hash=.*)+)", text, re.MULTILINE)
    }


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """`.lambda/package.py`, which is no module of a package."""
    spec = importlib.util.spec_from_file_location("package", ROOT / ".lambda" / "package.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["package"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


class TestThePackage:
    def test_it_handles_events_with_nothing_beside_it(self, artifact: Path, tmp_path: Path) -> None:
        """The package handles events in an isolated process without site-packages."""
        unpacked = shutil.copytree(artifact, tmp_path / "unpacked")
        (tmp_path / "empty").mkdir()
        result = run(unpacked, "order-lifecycle.json", tmp_path / "empty")
        assert result == {"response": {"batchItemFailures": []}, "outside": []}

    def test_it_reports_a_record_that_fails(self, artifact: Path, tmp_path: Path) -> None:
        """The package reports a record that fails, like the sources."""
        response = run(artifact, "poison.json", tmp_path)["response"]
        assert isinstance(response, dict)
        assert len(response["batchItemFailures"]) == 1

    def test_it_holds_the_application_and_the_router(self, artifact: Path) -> None:
        """The package contains every file of handlers/ and models/."""
        for folder in ("handlers", "models"):
            assert {each.name for each in (ROOT / folder).glob("*.py")} == {
                each.name for each in (artifact / folder).glob("*.py")
            }
        assert (artifact / "router" / "app.py").is_file()

    @pytest.mark.parametrize(
        "left_out",
        [
            "router/cli",
            "router/local",
            "router/testing",
            "tests",
            "boto3",
            "botocore",
            "typer",
            "rich",
            "pytest",
            "bin",
        ],
    )
    def test_it_leaves_out(self, artifact: Path, left_out: str) -> None:
        """The package contains no tools, no tests and nothing that Lambda's runtime has."""
        assert not (artifact / left_out).exists()

    def test_it_holds_what_is_pinned_and_nothing_else(self, artifact: Path) -> None:
        """The package contains each pinned distribution at its version, and no other."""
        found = {
            path.name.removesuffix(".dist-info").replace("-", "==").replace("_", "-")
            for path in artifact.glob("*.dist-info")
        }
        assert found == set(pins(".lambda/packages.txt"))

    def test_it_holds_bytecode_of_its_python(self, artifact: Path) -> None:
        """The package contains bytecode, because Lambda cannot write any."""
        tag = f"cpython-{VERSION.replace('.', '')}"
        sources = list(artifact.rglob("*.py"))
        assert [
            each for each in sources if not (each.parent / "__pycache__" / f"{each.stem}.{tag}.pyc").is_file()
        ] == []

    def test_it_names_no_path_of_the_machine_that_built_it(self, artifact: Path) -> None:
        """Bytecode names the source's path in Lambda."""
        code = (artifact / "router" / "__pycache__" / f"app.cpython-{VERSION.replace('.', '')}.pyc").read_bytes()
        assert b"/var/task/router/app.py" in code
        places = (str(ROOT).encode(), str(artifact).encode())
        assert not [each for each in artifact.rglob("*.pyc") if any(place in each.read_bytes() for place in places)]


class TestPins:
    @pytest.mark.parametrize("name", [".lambda/packages.txt", ".lambda/cli.txt"])
    def test_the_packages_are_pinned_as_in_the_constraints(self, name: str) -> None:
        """Versions and hashes are those with which the tests run."""
        packages, constraints = pins(name), pins("constraints.txt")
        assert len(packages) >= 8
        assert packages.items() <= constraints.items()

    @pytest.mark.parametrize(
        "name", [".lambda/packages.txt", ".lambda/cli.txt", ".lambda/sam.txt", ".lambda/infrastructure.txt"]
    )
    def test_no_registry_is_named(self, name: str) -> None:
        """The lists of packages name no registry."""
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")

    def test_hashes_are_enforced(self, copied: Path, tmp_path: Path) -> None:
        """A wheel with another hash is refused."""
        path = copied / ".lambda" / "packages.txt"
        path.write_text(re.sub(r"(sha256:)\w{8}", r"\g<1>00000000", path.read_text(encoding="utf-8")), encoding="utf-8")
        with pytest.raises(AssertionError, match="DO NOT MATCH THE HASHES"):
            build_artifact(VERSION, tmp_path / "built", root=copied)


class TestBuilding:
    def test_a_commit_makes_one_package(self, copied: Path, tmp_path: Path, tool: ModuleType) -> None:
        """A second build in another folder gives the same zip, byte for byte."""
        first = build_artifact(VERSION, tmp_path / "first", root=copied)
        second = build_artifact(VERSION, tmp_path / "a" / "second", root=copied)
        for tree in (first, second):
            tool.pack(tree)
        digests = {
            hashlib.sha256(tree.with_name(f"{tree.name}.zip").read_bytes()).hexdigest() for tree in (first, second)
        }
        assert len(digests) == 1

    def test_without_a_folder_nothing_is_built(self) -> None:
        """Without a target folder the build stops with an error."""
        done = subprocess.run(
            ["make", "build-Router", "ARTIFACTS_DIR="], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert "say where the package goes: ARTIFACTS_DIR=folder" in done.stderr

    def test_it_is_built_for_the_runtime_of_the_template(self) -> None:
        """The Makefile reads the runtime from the template."""
        (runtime,) = re.findall(
            r"^ *Runtime: (\S+)$", (ROOT / "template.yaml").read_text(encoding="utf-8"), re.MULTILINE
        )
        recipe = subprocess.run(
            ["make", "--dry-run", "build-Router", "ARTIFACTS_DIR=x"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"--python-version {runtime.removeprefix('python')} " in recipe.stdout

    @pytest.mark.parametrize(
        ("architecture", "platform"), [("arm64", "manylinux2014_aarch64"), ("x86_64", "manylinux2014_x86_64")]
    )
    def test_wheels_are_of_the_architecture_that_sam_chose(self, architecture: str, platform: str) -> None:
        """The Makefile that template.yaml names for an architecture selects its wheels."""
        command = ["make", "--dry-run", "-f", f".lambda/{architecture}/Makefile", "build-Router", "ARTIFACTS_DIR=x"]
        recipe = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert f"--platform {platform} " in recipe.stdout


class TestSizes:
    def test_the_table_adds_up(self, tool: ModuleType, tmp_path: Path) -> None:
        """Each package counts with its bytecode and its dist-info, and the zip contains everything."""
        tree = tmp_path / "arm64"
        for name, size in {
            "big/a.py": 3_000_000,
            "big-1.0.dist-info/METADATA": 1_000_000,
            "__pycache__/one.cpython-313.pyc": 500_000,
            "one.py": 500_000,
        }.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes(bytes(size))
        package = tool.pack(tree)
        assert package.unzipped == {"big": 4_000_000, "one": 1_000_000}
        lines = list(tool.report([package]))
        assert lines[1].split()[:3] == ["package", "5.00", "MB"]
        assert [line.split()[:2] for line in lines[2:4]] == [["big", "4.00"], ["one", "1.00"]]
        assert lines[-1].split() == ["of", "it", "bytecode", "0.50", "MB"]

    def test_lambda_may_read_what_is_zipped(self, tool: ModuleType, tmp_path: Path) -> None:
        """Every user may read the files in the zip, because Lambda runs as another user."""
        (tmp_path / "arm64").mkdir()
        (tmp_path / "arm64" / "secret.py").touch(mode=0o600)
        tool.pack(tmp_path / "arm64")
        (entry,) = zipfile.ZipFile(tmp_path / "arm64.zip").infolist()
        assert entry.external_attr >> 16 == 0o100644
