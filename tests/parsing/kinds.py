"""Compare what a generated parser makes of one field with what pydantic makes of its decoded value."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, create_model

from router.parsing.codegen import generate_parser
from tests.parsing.comparing import exactly, outcome, portrait

__all__ = ["are_handled", "is_handled", "model_of"]


def model_of(kind: Any, **config: Any) -> type[BaseModel]:
    """A model with one field."""
    return create_model("Holding", __config__=cast("ConfigDict", config), held=(kind, ...))


def is_handled(kind: Any, wire: Any, **config: Any) -> bool:
    """Whether a generated parser converts an attribute value; if so, compare the result with the exact one."""
    (handled,) = are_handled(kind, [wire], **config)
    return handled


def are_handled(kind: Any, wires: Iterable[Any], **config: Any) -> list[bool]:
    """Whether a generated parser converts each of some attribute values; compare each result with the exact one.

    Args:
        kind: The type of the field.
        wires: The attribute values.
        config: The settings of the model.
    """
    model = model_of(kind, **config)
    generated = generate_parser(model, lambda _wire, _image=None: None)
    assert generated is not None
    images = [{"held": wire} for wire in wires]
    found = [generated(image) for image in images]
    for image, instance in zip(images, found, strict=True):
        assert instance is None or portrait(instance) == outcome(partial(exactly, model, image))
    return [instance is not None for instance in found]
