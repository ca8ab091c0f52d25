"""A message: pk ``MESSAGE#<id>``, sk ``MESSAGE``. No attribute is required, and no value is refused."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

__all__ = ["Message"]


def _whole_number(value: Any) -> int:
    """The value if it is an integer of 32 bits with a sign, else 0."""
    fits = type(value) is int and -(2**31) <= value < 2**31  # not isinstance: True is an int too
    return value if fits else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


class Message(BaseModel):
    # The entity has the name of the class, so the model needs no Literal, and `entity_type` may be empty.
    id: Annotated[int, BeforeValidator(_whole_number)] = Field(default=0, validation_alias="Id")
    message: Annotated[str, BeforeValidator(_text)] = Field(default="", validation_alias="Message")
    entity_type: Annotated[str, BeforeValidator(_text)] = Field(default="", validation_alias="EntityType")
