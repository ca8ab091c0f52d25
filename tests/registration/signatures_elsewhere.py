"""A handler and a factory in another module than the one that registers them, with a class named like one there."""

from __future__ import annotations

from pydantic import BaseModel

from router import Insert
from router import Record as Delivered


class Order(BaseModel):
    elsewhere: str


def place(change: Insert[Order]) -> None: ...


def name_of_record(record: Delivered) -> str | None:
    return record.event_name
