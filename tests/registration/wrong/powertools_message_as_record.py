from aws_lambda_powertools.utilities.data_classes import SQSRecord
from pydantic import BaseModel

from router import Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order], record: SQSRecord) -> None: ...
