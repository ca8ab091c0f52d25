"""A switch in the environment is on for the values that Powertools takes as true."""

import pytest

from router.observability.switches import is_on


@pytest.mark.parametrize("value", ["1", "y", "yes", "t", "true", "on", "TRUE", "On"])
def test_on(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A value that means yes, in any case, is on."""
    monkeypatch.setenv("SWITCH", value)
    assert is_on("SWITCH")


@pytest.mark.parametrize("value", ["", "0", "no", "false", "off", "maybe"])
def test_off(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Any other value is off."""
    monkeypatch.setenv("SWITCH", value)
    assert not is_on("SWITCH")


def test_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not set is off."""
    monkeypatch.delenv("SWITCH", raising=False)
    assert not is_on("SWITCH")
