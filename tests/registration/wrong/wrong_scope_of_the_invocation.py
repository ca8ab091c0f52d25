from typing import Annotated

from pydantic import BaseModel

from router import Batch, Depends, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_size(batch: Batch) -> int:
    return batch.size


@routes.on_insert(Order)
def place(change: Insert[Order], size: Annotated[int, Depends(get_size, scope="cold_start")]) -> None:
    print(size)
