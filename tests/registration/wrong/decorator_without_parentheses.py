from pydantic import BaseModel

from router import Insert, Routes

routes = Routes()


class Order(BaseModel):
    status: str


@routes.on_insert
def place(change: Insert[Order]) -> None:
    print(change.new.status)
