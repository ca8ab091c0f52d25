"""Parameters that nothing supplies. mypy does not check the arguments of ``Annotated``."""

from typing import Annotated

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from pydantic import BaseModel

from router import Depends, Insert, Routes


class Order(BaseModel):
    order_id: str


def get_bus() -> list[str]:
    return []


routes = Routes()


@routes.on_insert(Order)
def calls_the_factory(
    change: Insert[Order],
    bus: Annotated[list[str], Depends(get_bus())],  # rejected: pyright
) -> None: ...


@routes.on_insert(Order)
def unknown_scope(
    change: Insert[Order],
    bus: Annotated[list[str], Depends(get_bus, scope="session")],  # rejected: pyright
) -> None: ...


@routes.on_insert(Order)
def as_default(
    change: Insert[Order],
    bus: list[str] = Depends(get_bus),  # noqa: B008 - it is the mistake  # rejected: mypy, pyright
) -> None: ...


@routes.on_insert(Order)
def reads_a_field_that_a_powertools_record_lacks(change: Insert[Order], record: DynamoDBRecord) -> None:
    record.sequence_number  # noqa: B018 - it is the mistake  # rejected: mypy, pyright


@routes.on_insert(Order)
def plain(change: Insert[Order], count: int) -> str:
    return change.new.order_id * count


# A decorated function keeps its own signature.
plain(Insert(Order(order_id="1")), "2")  # rejected: mypy, pyright
plain(Insert(Order(order_id="1")))  # rejected: mypy, pyright
