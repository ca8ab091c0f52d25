"""The shop behind the fixtures of the pytest plugin."""

from __future__ import annotations

import pytest

from router import Dispatcher
from tests.handlers.shop import Shop


@pytest.fixture
def shop(app: Dispatcher) -> Shop:
    """The app with all resources in memory, on which the records of `stream` act."""
    shop = Shop()
    app.overrides.update(shop.overrides)
    return shop
