"""Handlers, records and dispatchers that the tests of `router.dispatch` share."""

from collections.abc import Callable
from typing import Any

from router import (
    Dispatcher,
    Routes,
)
from tests.builders import (
    Order,
)


def two_routes(first: Callable[..., Any], second: Callable[..., Any], **options: Any) -> Dispatcher:
    routes = Routes()
    routes.on(Order)(first)
    routes.on(Order)(second)
    return Dispatcher(routes, **options)
