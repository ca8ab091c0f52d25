"""Parked records, as a dispatcher hands them to a parking place."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from router import Parked
from tests.builders import Json, insert


def parked(number: int = 1, **values: Any) -> Parked:
    return parked_record(insert(number, **values))


def parked_record(record: Json, **fields: Any) -> Parked:
    place = Parked(
        record=record,
        entity="Order",
        route="handlers.orders.place",
        stage="handler",
        error="Reject",
        reason="never",
        parked_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    return replace(place, **fields)
