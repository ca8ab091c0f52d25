"""The function's package, for all tests of this folder.

With ``ROUTER_REAL_ENGINES=1`` it is built, which needs the network. Otherwise the package of an earlier `make build` is
used, if it is for the requested Python.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real import REQUIRED, missing, one_worker

ROOT = Path(__file__).parents[2]
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

# As Lambda calls what `platform.machine` says.
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


def build_artifact(version: str, into: Path, *, root: Path = ROOT) -> Path:
    """Build the package for this machine's processor, as `sam build` does.

    Args:
        version: Of Python, as in ``3.13``.
        into: A folder that is empty or not there yet.
        root: The project.
    """
    settings = [f"ARTIFACTS_DIR={into}", f"RUNTIME=python{version}", f"ARCHITECTURE={_architecture()}"]
    command = ["make", "--silent", "build-Router", f"PYTHON={sys.executable}", *settings]
    built = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return into


def shared_artifact(version: str, folders: pytest.TempPathFactory) -> Path:
    """The unpacked package for a Python, built once for all tests and workers."""
    if REQUIRED:
        run = folders.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else folders.getbasetemp()
        shared = run / f"artifact-{version}"
        with one_worker(f"artifact-{version}"):
            return shared if shared.exists() else build_artifact(version, shared)
    for tree in (ROOT / "build" / _architecture(), ROOT / "build" / f"python{version}"):
        if list(tree.glob(f"pydantic_core/*.cpython-{version.replace('.', '')}-*.so")):
            return tree
    how = f"RUNTIME=python{version} ARCHITECTURE={_architecture()} ARTIFACTS_DIR=build/python{version}"
    return missing(f"no package for Python {version}: make build, or for this Python make build-Router {how}")


@pytest.fixture(scope="session")
def artifact(real: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked package, for the Python that runs the tests."""
    return shared_artifact(VERSION, tmp_path_factory)


@pytest.fixture
def copied(real: None, tmp_path: Path) -> Path:
    """A copy of the sources of the package, for tests that build it, which needs the network."""
    if not REQUIRED:
        missing("a build takes the network: set ROUTER_REAL_ENGINES=1")
    root = tmp_path / "project"
    for name in ("router", "handlers", "models", ".lambda", ".ci"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "template.yaml"):
        shutil.copy(ROOT / name, root / name)
    return root


def _architecture() -> str:
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        pytest.skip("the function's package runs on Linux, on x86_64 or arm64: use a container or another machine")
    return _ARCHITECTURES[platform.machine()]
