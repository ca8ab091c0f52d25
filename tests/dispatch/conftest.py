"""What a test of lanes waits for."""

import threading
from typing import Any

import pytest

from router.dispatch.delivery import Delivery


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a delivery has noted that no further record starts, which another lane cannot see from outside."""
    event = threading.Event()
    slot: Any = Delivery.__dict__["stopped"]

    def note(delivery: Delivery, value: bool) -> None:
        slot.__set__(delivery, value)
        if value:
            event.set()

    monkeypatch.setattr(Delivery, "stopped", property(slot.__get__, note))
    return event
