from typing import Annotated

from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_name() -> str:
    return "name"


def get_title() -> str:
    return "title"


@routes.on_insert(Order)
def place(change: Insert[Order], name: Annotated[str, Depends(get_name), Depends(get_title)]) -> None:
    print(name, change.new.status)
