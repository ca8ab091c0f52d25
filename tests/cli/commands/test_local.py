"""``router local``: fetching an engine."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_local_install_fetches_the_engine(run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """And prints where it is."""
    monkeypatch.setattr("router.cli.commands.local.install", lambda: Path("/cache/DynamoDBLocal.jar"))
    assert run_bare("local", "install") == (0, "/cache/DynamoDBLocal.jar\n", "")


def test_local_knows_nothing_else(run_bare: Run) -> None:
    """Anything else is a wrong command line."""
    assert run_bare("local", "remove").code == 2
