"""Records and events in the form that Lambda delivers, and models for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic import BaseModel

from router import Change, Dispatcher, Routes

Json = dict[str, Any]

TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
"""The identity that DynamoDB gives as its own when it removes an expired item."""


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    pk: str = ""
    total: int = 0
    status: str = "NEW"


class Customer(BaseModel):
    EntityType: Literal["Customer"] = "Customer"
    pk: str = ""
    name: str = ""


class Context:
    """Lambda's context object, with the attributes that a test sets."""

    def __init__(self, remaining: Any = 60_000, request_id: str = "req-1") -> None:
        self.remaining = remaining
        self.aws_request_id = request_id
        self.function_name = "shop"
        self.invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop"

    def get_remaining_time_in_millis(self) -> Any:
        return self.remaining() if callable(self.remaining) else self.remaining


def item(key: str = "a", entity: str = "Order", **values: Any) -> Json:
    """An image from Python texts and numbers; a dict is an attribute value on the wire."""
    return {"pk": {"S": key}, "EntityType": {"S": entity}, **{name: _wire(value) for name, value in values.items()}}


def _wire(value: Any) -> Any:
    return {"N": str(value)} if isinstance(value, int) else {"S": value} if isinstance(value, str) else value


def record(number: int | str, name: str, key: str = "a", **body: Any) -> Json:
    """A record with all fields that Lambda adds to the images."""
    return {
        "eventID": f"e{number}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000",
        "dynamodb": {
            "Keys": {"pk": {"S": key}},
            "SequenceNumber": str(number),
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **body,
        },
    }


def insert(number: int | str = 100, key: str = "a", entity: str = "Order", **values: Any) -> Json:
    return record(number, "INSERT", key, NewImage=item(key, entity, **values))


def modify(
    number: int | str = 100, key: str = "a", entity: str = "Order", old: Json | None = None, **values: Any
) -> Json:
    before = item(key, entity, **({} if old is None else old))
    return record(number, "MODIFY", key, NewImage=item(key, entity, **values), OldImage=before)


def remove(number: int | str = 100, key: str = "a", entity: str = "Order", **values: Any) -> Json:
    return record(number, "REMOVE", key, OldImage=item(key, entity, **values))


def batch(*records: Any, **fields: Any) -> Json:
    return {"Records": list(records), **fields}


def inserts(*numbers: int | str) -> Json:
    """A batch of inserts, each of an item of its own."""
    return batch(*(insert(number, f"key-{number}") for number in numbers))


def without(record: Json, *names: str) -> Json:
    """A record without some of its fields, at any place."""
    body = {name: value for name, value in record["dynamodb"].items() if name not in names}
    return {name: value for name, value in {**record, "dynamodb": body}.items() if name not in names}


def failures(number: int | str) -> Json:
    """The response that reports one record."""
    return {"batchItemFailures": [{"itemIdentifier": str(number)}]}


SUCCESS: Json = {"batchItemFailures": []}


def dispatcher(handler: Callable[..., Any], **options: Any) -> Dispatcher:
    """A dispatcher with one handler for every event of orders."""
    routes = Routes()
    routes.on(Order)(handler)
    return Dispatcher(routes, **options)


class Handled:
    """A handler of orders that notes the records it finishes, and fails on chosen ones.

    Args:
        fail: The exception to raise, by sequence number.
    """

    def __init__(self, fail: dict[Any, BaseException] | None = None) -> None:
        self.fail = {str(number): error for number, error in (fail or {}).items()}
        self.numbers: list[str] = []

    def __call__(self, change: Change[Order]) -> None:
        number = change.record.sequence_number or ""
        if number in self.fail:
            raise self.fail[number]
        self.numbers.append(number)

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)


def statuses(report: Any) -> list[str]:
    return [outcome.status for outcome in report]
