"""An app, records that are parked, and the table that they are changes of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.builders import Json

APP = """
import os, time
from typing import Literal
from pydantic import BaseModel
from router import Change, Dispatcher, Record, Reject, Routes

class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    pk: str
    total: int

routes = Routes()

def note(route, change):
    file = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    total = change.new.total if change.new else "-"
    line = f"{route} {change.record.event_name} {change.image.pk} {change.record.sequence_number} {total}\\n"
    os.write(file, line.encode())
    os.close(file)

@routes.on(Order)
def audit(change: Change[Order]) -> None:
    note("audit", change)

@routes.on(Order)
def index(change: Change[Order]) -> None:
    if os.path.exists(os.environ["SEEN"] + ".broken-" + change.image.pk):
        raise Reject("broken")
    time.sleep(float(os.environ.get("SECONDS", "0")))
    note("index", change)

app = Dispatcher(routes)
"""


def change(item: str, version: int, number: int, name: str = "MODIFY", table: str = "shop") -> Json:
    """The change of an item to a version of it."""
    images: Json = {}
    if name != "REMOVE":
        images["NewImage"] = image(item, version)
    if name != "INSERT":
        images["OldImage"] = image(item, version - 1)
    return {
        "eventID": f"e{number}",
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/2026-01-01T00:00:00.000",
        "dynamodb": {
            "Keys": {"pk": {"S": item}},
            "SequenceNumber": str(number),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        },
    }


def image(item: str, version: int) -> Json:
    return {"pk": {"S": item}, "EntityType": {"S": "Order"}, "total": {"N": str(version)}}


def parked(record: Json, route: str | None = "redriven_shop.index", **fields: Any) -> Json:
    """The document of a record that was parked."""
    return {
        "id": f"{record['eventID']}-{route}",
        "parkedAt": "2026-01-02T00:00:00+00:00",
        "entity": "Order",
        "route": route,
        "stage": "handler",
        "error": "Reject",
        "reason": "broken",
        "record": record,
        **fields,
    }


def write_lines(path: Path, documents: list[Json]) -> None:
    path.write_text("".join(f"{json.dumps(document)}\n" for document in documents), encoding="utf-8")


def make_table(client: Any, name: str, items: dict[str, int], **options: Any) -> None:
    """A table that holds a version of each item."""
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **options,
    )
    for item, version in items.items():
        client.put_item(TableName=name, Item=image(item, version))
