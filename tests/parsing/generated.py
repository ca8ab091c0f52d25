"""Parse with a generated parser alone: an image that it leaves to the exact parser raises."""

from typing import Any

from pydantic import BaseModel

from router.parsing.codegen import generate_parser


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
