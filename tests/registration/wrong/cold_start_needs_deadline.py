from typing import Annotated

from pydantic import BaseModel

from router import Change, Deadline, Depends, Routes


class Order(BaseModel):
    total: int


def get_client(deadline: Deadline) -> float:
    return deadline.remaining


routes = Routes()


@routes.on(Order)
def place(change: Change[Order], client: Annotated[float, Depends(get_client, scope="cold_start")]) -> None: ...
