from datetime import datetime

from pydantic import BaseModel, ConfigDict

from router import Insert, Routes


class Order(BaseModel):
    model_config = ConfigDict(strict=True)

    order_id: str
    at: datetime


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.at)
