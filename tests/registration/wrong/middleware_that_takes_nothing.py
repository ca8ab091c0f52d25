from pydantic import BaseModel

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    total: int


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None: ...


def timed() -> None: ...


app = Dispatcher(routes, middleware=[timed])
