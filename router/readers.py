"""From an image on the wire to an instance of the user's model, one reader for each model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from router.decode import decode_image

__all__ = ["Reader", "reader_for"]


class Reader:
    """Reads images into one model.

    Args:
        model: A pydantic model, a dataclass, a ``TypedDict``, or whatever else pydantic validates.
    """

    __slots__ = ("model", "validate")

    def __init__(self, model: Any) -> None:
        self.model = model
        self.validate = _validator(model)

    def read(self, wire: Any, image: str | None = None) -> Any:
        return self.validate(decode_image(wire, image))

    def decode(self, wire: Any, image: str | None = None) -> dict[str, Any]:
        return decode_image(wire, image)


@cache
def reader_for(model: Any) -> Reader:
    return Reader(model)


def _validator(model: Any) -> Callable[[dict[str, Any]], Any]:
    if isinstance(model, type) and issubclass(model, BaseModel):
        return model.model_validate
    return TypeAdapter(model).validate_python
