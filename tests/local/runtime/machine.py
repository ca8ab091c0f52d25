"""The parts of Lambda that a laptop may lack: Pythons, the runtime client for each, and the emulator."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import files
from pathlib import Path

from tests.real import REQUIRED, missing, one_worker

ROOT = Path(__file__).parents[3]
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"

_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")


@cache
def interpreter(version: str) -> str | None:
    """A Python of this version, if the machine has one."""
    if version == RUNNING:
        return sys.executable
    found = subprocess.run([ROOT / ".ci" / "interpreter", version], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def client_for(version: str, into: Path) -> Path:
    """The runtime client for a Python; without it the test is skipped."""
    if version != RUNNING and not REQUIRED:
        missing(f"no runtime client for Python {version}: ROUTER_REAL_ENGINES=1 fetches it")
    return fetch_client(version, into)


def fetch_client(version: str, into: Path) -> Path:
    """A folder with the runtime client alone, which Lambda has beside the function's package."""
    if version == RUNNING:
        _copy_installed(into)
        return into
    pins = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))
    wanted = [f"{name}=={pins[name]}" for name in _CLIENT]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    choice = ["--only-binary=:all:", "--python-version", version, "--target", str(into)]
    done = subprocess.run([*pip, *choice, *wanted], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return into


def _copy_installed(into: Path) -> None:
    for name in _CLIENT:
        for file in files(name) or ():
            if ".." not in file.parts:
                target = into / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(Path(str(file.locate())).read_bytes())


def emulator() -> Path:
    """AWS's Runtime Interface Emulator from the SAM CLI; without it the test is skipped."""
    architecture = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "none")
    if REQUIRED:
        with one_worker("sam"):
            made = subprocess.run(["make", "--silent", ".venv-sam/.stamp"], cwd=ROOT, capture_output=True, check=False)
        assert made.returncode == 0, made.stderr.decode()
    found = [*(ROOT / ".venv-sam").glob(f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}")]
    if not found or sys.platform != "linux":
        missing("no Runtime Interface Emulator: `make .venv-sam/.stamp` on Linux brings the SAM CLI, which holds it")
    found[0].chmod(0o755)
    return found[0]
