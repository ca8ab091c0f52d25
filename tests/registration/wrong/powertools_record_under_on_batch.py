from collections.abc import Sequence

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from pydantic import BaseModel

from router import Change, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


@routes.on_batch(Order)
def place(changes: Sequence[Change[Order]], record: DynamoDBRecord) -> None: ...
