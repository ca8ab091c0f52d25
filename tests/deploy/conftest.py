"""The function's package, for every test beside this file.

With ``ROUTER_REAL_ENGINES=1`` it is built, which takes the network, and a test that cannot have it fails. Without, what
`make build` left is used; where that does not suit the running Python, a test is skipped and says how to get it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked package, which the Python that runs the tests can run too."""
    if os.environ.get("ROUTER_REAL_ENGINES") == "1":
        return build_artifact(VERSION, tmp_path_factory.mktemp("artifact"))
    for tree in (ROOT / "build" / _architecture(), ROOT / "build" / f"python{VERSION}"):
        if list(tree.glob(f"pydantic_core/*.cpython-{VERSION.replace('.', '')}-*.so")):
            return tree
    how = f"RUNTIME=python{VERSION} ARCHITECTURE={_architecture()} ARTIFACTS_DIR=build/python{VERSION}"
    return pytest.skip(f"no package for Python {VERSION}: make build, or for this Python make build-Router {how}")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what the package is built from, for tests that build, which takes the network."""
    if os.environ.get("ROUTER_REAL_ENGINES") != "1":
        pytest.skip("it builds, and so takes the network: ROUTER_REAL_ENGINES=1 (make build needs it too)")
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
