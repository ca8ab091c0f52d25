import enum

from pydantic import BaseModel

from router import Dispatcher, Insert, Routes


class Kind(enum.Enum):
    PURCHASE = "Purchase"
    CUSTOMER = "Customer"


class Order(BaseModel):
    order_id: str
    EntityType: Kind = Kind.PURCHASE


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
