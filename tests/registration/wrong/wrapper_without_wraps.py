from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def timed(function: Callable[..., Any]) -> Callable[..., Any]:
    def timing(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return timing


@routes.on_insert(Order)
@timed
def place(change: Insert[Order]) -> None:
    print(change.new.status)
