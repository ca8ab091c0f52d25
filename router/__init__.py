"""Route the records of DynamoDB Streams, by entity, to typed handlers inside one Lambda function."""

from typing import TYPE_CHECKING

from router.garbage_collection import raise_thresholds

raise_thresholds()

from router import discriminators
from router.app import Dispatcher
from router.change import Change, Diff, Insert, Modify, Remove
from router.conditions import all_of, any_of, became, changed, not_, where
from router.context import Deadline, LambdaContext
from router.depends import Depends
from router.errors import (
    DecodeError,
    MalformedRecordError,
    ParkingError,
    PartialFailure,
    RegistrationError,
    Reject,
    RouterError,
    Unfinished,
    UnknownEventError,
    UnroutedError,
)
from router.event import Event
from router.late_names import late_names
from router.loops import stamp
from router.observability.metrics import Metrics
from router.outcomes import Outcome, Report
from router.parking import MemoryParking, Parked, Parking
from router.policies import Drop, Park, Retry
from router.record import Batch, Record
from router.routes import Route, Routes
from router.window import Window

if TYPE_CHECKING:
    from router.completed import DynamoDBCompleted
    from router.observability.tracing import Tracing
    from router.parking import JsonLinesParking, S3Parking, SqsParking
else:
    # A cold start imports the modules of these names only if the app uses them.
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "DynamoDBCompleted": "router.completed.dynamodb",
            "JsonLinesParking": "router.parking.jsonl",
            "S3Parking": "router.parking.s3",
            "SqsParking": "router.parking.sqs",
            "Tracing": "router.observability.tracing",
        },
    )

__version__ = "0.1.0"

__all__ = [
    "Batch",
    "Change",
    "Deadline",
    "DecodeError",
    "Depends",
    "Diff",
    "Dispatcher",
    "Drop",
    "DynamoDBCompleted",
    "Event",
    "Insert",
    "JsonLinesParking",
    "LambdaContext",
    "MalformedRecordError",
    "MemoryParking",
    "Metrics",
    "Modify",
    "Outcome",
    "Park",
    "Parked",
    "Parking",
    "ParkingError",
    "PartialFailure",
    "Record",
    "RegistrationError",
    "Reject",
    "Remove",
    "Report",
    "Retry",
    "Route",
    "RouterError",
    "Routes",
    "S3Parking",
    "SqsParking",
    "Tracing",
    "Unfinished",
    "UnknownEventError",
    "UnroutedError",
    "Window",
    "all_of",
    "any_of",
    "became",
    "changed",
    "discriminators",
    "not_",
    "stamp",
    "where",
]
