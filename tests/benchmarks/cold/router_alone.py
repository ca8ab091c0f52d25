"""The router with one model and one plain handler; neither metrics nor anything else."""

from pydantic import BaseModel

from router import Change, Dispatcher, Routes

routes = Routes()


class Order(BaseModel):
    order_id: str


@routes.on(Order)
def handle(change: Change[Order]) -> None: ...


app = Dispatcher(routes)
