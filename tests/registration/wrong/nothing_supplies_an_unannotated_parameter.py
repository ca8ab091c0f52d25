from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], context) -> None:
    print(context.aws_request_id, change.new.status)
