"""Parking places: they keep records that cannot be handled, so that the shard moves on and no record is lost.

A parking place keeps each record as delivered, with the item in it: store it where the items themselves may be stored.
"""

from typing import TYPE_CHECKING

from router.context import now
from router.late_names import late_names
from router.parking.base import BulkParking, MemoryParking, Parked, Parking

if TYPE_CHECKING:
    from router.parking.jsonl import JsonLinesParking
    from router.parking.s3 import S3Parking
    from router.parking.sqs import SqsParking
else:
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "JsonLinesParking": "router.parking.jsonl",
            "S3Parking": "router.parking.s3",
            "SqsParking": "router.parking.sqs",
        },
    )

__all__ = ["BulkParking", "JsonLinesParking", "MemoryParking", "Parked", "Parking", "S3Parking", "SqsParking", "now"]
