"""A small project for every test of the pytest plugin."""

from __future__ import annotations

import pytest

from tests.testing.project import APP, INI


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with the app ``shop:app``."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    monkeypatch.delenv("LOG_ERROR_TEXT", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini(INI)
    pytester.makepyfile(shop=APP)
    return pytester
