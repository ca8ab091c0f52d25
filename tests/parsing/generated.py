"""Parse with a generated parser alone: an image that it leaves to the exact parser raises."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel

from router.parsing.codegen import generate_parser
from tests.strategies import Colour, Line, Tree


class NotHandled(Exception):  # noqa: N818 - a signal, and no error of the parser
    """The generated parser leaves the image to the exact one."""


def not_handled(wire: Any, image: str | None = None) -> Any:
    """Stand in for the exact parser."""
    raise NotHandled


def parse(model: type[BaseModel], wire: Any) -> Any:
    """Parse an image with the generated parser of a model."""
    generated = generate_parser(model, not_handled)
    assert generated is not None
    return generated(wire)


class Order(BaseModel):
    """A model with a field of each common kind."""

    kind: Literal["order"]
    id: Annotated[str, AfterValidator(str.lower)]
    total: Decimal
    weight: float
    count: int = 0
    paid: bool = False
    colour: Colour | None = None
    at: datetime | None = None
    lines: list[Line] = []
    parts: Tree | None = None


ORDER: dict[str, Any] = {
    "kind": {"S": "order"},
    "id": {"S": "O-1"},
    "total": {"N": "129.99"},
    "weight": {"N": "7"},
    "count": {"N": "-3"},
    "paid": {"BOOL": True},
    "colour": {"S": "red"},
    "at": {"S": "2026-11-23T07:00:00Z"},
    "lines": {"L": [{"M": {"sku": {"S": "a"}, "count": {"N": "2"}}}]},
    "parts": {"M": {"value": {"N": "1"}, "branches": {"L": [{"M": {"value": {"N": "2"}}}]}}},
    "pk": {"S": "ORDER#1"},
}
