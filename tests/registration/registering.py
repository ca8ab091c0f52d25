"""Register a handler and return what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from router import RegistrationError, Routes
from tests.builders import Order


def kinds(handler: Callable[..., Any]) -> dict[str, str]:
    """Return what supplies each parameter of a handler of inserted orders."""
    routes = Routes()
    routes.on_insert(Order)(handler)
    (route,) = routes
    return {parameter.name: parameter.kind for parameter in route.signature.parameters}


def refusal(register: Callable[[], Any]) -> str:
    """Return the message with which a registration is refused."""
    with pytest.raises(RegistrationError) as raised:
        register()
    return str(raised.value)
