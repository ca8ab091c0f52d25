from typing import Any

from pydantic import BaseModel

from router import Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(event: dict[str, Any], context: Any) -> None:
    print(event)
