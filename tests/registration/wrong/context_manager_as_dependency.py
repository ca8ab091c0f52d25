from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


@contextmanager
def open_session() -> Iterator[list[str]]:
    yield []


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], session: Annotated[list[str], Depends(open_session)]) -> None:
    session.append(change.new.order_id)
