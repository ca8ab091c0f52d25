"""Parking places: they keep records that cannot be handled, so that the shard moves on and no record is lost.

A parking place keeps each record as delivered, with the item in it: store it where the items themselves may be stored.
"""

from router.context import now
from router.parking.base import BulkParking, MemoryParking, Parked, Parking
from router.parking.jsonl import JsonLinesParking
from router.parking.s3 import S3Parking
from router.parking.sqs import SqsParking

__all__ = ["BulkParking", "JsonLinesParking", "MemoryParking", "Parked", "Parking", "S3Parking", "SqsParking", "now"]
