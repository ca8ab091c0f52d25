from collections.abc import Callable
from typing import Any

from router import Dispatcher


def timed(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return call


app = Dispatcher(middleware=timed)
