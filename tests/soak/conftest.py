"""What a real soak needs: DynamoDB Local, and the function's package."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.conftest import VERSION, shared_artifact
from tests.local.conftest import installation

__all__ = ["installation", "package"]


@pytest.fixture(scope="session")
def package(real: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked package, for the Python that runs the tests."""
    return shared_artifact(VERSION, tmp_path_factory)
