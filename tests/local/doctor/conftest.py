"""AWS on a loopback port: ministack with all its services, and the example's stack in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.doctor.stacks import DeployedStack, Ministack, deploy


@pytest.fixture(scope="session")
def server() -> Iterator[Ministack]:
    """ministack, which runs in a process of its own."""
    with Ministack() as running:
        yield running


@pytest.fixture
def stack(server: Ministack, tmp_path: Path) -> DeployedStack:
    """The example's stack, deployed for one test, with its alarms in state OK."""
    return deploy(server, tmp_path / "template.yaml")
