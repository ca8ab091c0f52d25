"""The same effects by Powertools' ``BatchProcessor``, as a team would write it: one function for a record.

What is permanently wrong cannot be parked there: it fails until Lambda gives it up, and is in a failure document then.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from tests.soak.database import Database
from tests.soak.faults import Faults

__all__ = ["make_contestant"]


def make_contestant(database: Database, faults: Faults) -> Any:
    """The Lambda handler.

    Args:
        database: Where effects are written.
        faults: What goes wrong.
    """
    from boto3.dynamodb.types import TypeDeserializer

    from tests.soak.app import Counted

    def parse(image: dict[str, Any]) -> Counted:
        deserialize = TypeDeserializer().deserialize
        return Counted.model_validate({name: deserialize(value) for name, value in image.items()})

    def affect(route: str, item: str, number: int) -> None:
        faults.before(route, item, number)
        database.write_handled(route, item, number)
        faults.after(route, item, number)

    def record_handler(record: Any) -> None:
        raw = record.raw_event
        body, event = raw["dynamodb"], raw["eventName"]
        image = parse(body["OldImage"] if event == "REMOVE" else body["NewImage"])
        number = image.number + (event == "REMOVE")
        others = {"INSERT": (), "MODIFY": ("follow",), "REMOVE": ("close",)}
        for route in ("audit", *others[event], "index"):
            affect(route, image.pk, number)

    processor = BatchProcessor(event_type=EventType.DynamoDBStreams)

    def handler(event: Any, context: Any) -> Any:
        return process_partial_response(
            event=event, record_handler=record_handler, processor=processor, context=context
        )

    return handler
