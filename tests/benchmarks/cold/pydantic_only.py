"""A function that has pydantic and a model, and does nothing."""

from typing import Any

from pydantic import BaseModel


class Item(BaseModel):
    id: str


def app(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"batchItemFailures": []}
