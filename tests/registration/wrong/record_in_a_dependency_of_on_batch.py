from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel

from router import Change, Depends, Record, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_name(record: Record) -> str:
    return record.event_name


@routes.on_batch(Order)
def index(changes: Sequence[Change[Order]], name: Annotated[str, Depends(get_name)]) -> None:
    print(len(changes), name)
