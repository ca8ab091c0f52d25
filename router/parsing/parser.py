"""From images on the wire to instances of the user's models: one reader for each model.

A reader decodes the attributes that its model can read, and lets the model validate them. The outcome is that of
validating the whole image decoded, the same instance or the same refusal; only, an attribute that nothing reads is not
even looked at. Where it is not certain what a model reads - a validator may see all of the input, or other attributes
may be kept or forbidden - the whole image is decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import getattr_static
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from router.errors import DecodeError
from router.parsing.codegen import Parse, generate_parser
from router.parsing.core_schema import attributes_of, definitions_of, model_schema
from router.wire.decode import decode_image

__all__ = ["IMAGES_BEFORE_CODEGEN", "Parser", "parser_for"]

# Python compiles what is written for a model in about the time that it saves in as many images. A cold start, whose
# first events are small, does without.
IMAGES_BEFORE_CODEGEN = 100
"""How many images of a model are read before it is worth while to write a function for it."""


def parser_for(model: Any) -> Parser:
    """The reader of a model.

    Args:
        model: A pydantic model, a dataclass, a ``TypedDict``, or any other type that pydantic validates.

    Raises:
        pydantic.errors.PydanticUserError: It is no such type.

    Example:
        >>> class Order(BaseModel):
        ...     total: int
        >>> parser_for(Order).parse({"total": {"N": "12"}, "note": {"S": "not read"}})
        Order(total=12)
    """
    try:
        return _cached_parser(model, repr(model))
    except TypeError:  # an annotation may hold what has no hash
        return _make_parser(model)


class Parser:
    """Reads images into instances of one type.

    Args:
        model: What an image becomes.
        validate: Makes that of an image's Python values, or raises whatever the validation raises.
    """

    def __init__(self, model: Any, validate: Callable[[Any], Any]) -> None:
        self.model = model
        self.validate = validate
        self.parse: Parse = self._parse
        """Decodes an image, as Lambda delivers it, and validates it. The image is not changed.

        It is called with the image and, for errors, with the image's name or ``None``. It may be replaced by a faster
        one, so it has to be looked up for each image.

        Raises:
            DecodeError: What the model can read of the image is no attribute value. It means that alone: one that a
                user's code raises while validating comes out as a plain ``ValueError``.
            Exception: What else the validation raises, nearly always a ``pydantic.ValidationError``.
        """

    def decode(self, wire: Any, image: str | None = None) -> dict[str, Any]:
        """Decode what the model can read of an image.

        Raises:
            DecodeError: It is no attribute value.
        """
        return decode_image(wire, image)

    def _parse(self, wire: Any, image: str | None = None) -> Any:
        return _validated(self.validate, self.decode(wire, image))

    def __repr__(self) -> str:
        return f"<Parser of {self.model.__qualname__ if isinstance(self.model, type) else self.model}>"


class _ModelParser(Parser):
    """Reads images into a ``BaseModel``, whose schema tells what it reads.

    After some images it has a function written that reads them faster. A model may be completed or rebuilt at any time.
    It has another validator then, and everything starts anew.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        super().__init__(model, model.model_validate)
        self._validator: Any = None
        self._names: tuple[str, ...] | None = None
        self._images = 0
        self._written = False

    def decode(self, wire: Any, image: str | None = None) -> dict[str, Any]:
        self._keep_up()
        return decode_image(wire, image, self._names)

    def _parse(self, wire: Any, image: str | None = None) -> Any:
        """Parse an image exactly: the first ones, and later those that what is written for the model does not know."""
        self._keep_up()
        if not self._written:
            self._images += 1
            if self._images > IMAGES_BEFORE_CODEGEN:
                self._written = True
                self.parse = (
                    generate_parser(self.model, self._parse) if self._names is not None else None
                ) or self._parse
                return self.parse(wire, image)
        values = decode_image(wire, image, self._names)
        try:
            # Not model_validate: its look at arguments that nobody gave takes a quarter of a small model's time.
            return _validated(self._validator.validate_python, values)
        except ValidationError as refusal:
            if not _shows(refusal, values):
                raise
        return _validated(self.validate, _whole(wire, values))

    def _keep_up(self) -> None:
        """Parse the schema if the model was rebuilt."""
        model: type[BaseModel] = self.model
        if vars(model)["__pydantic_validator__"] is self._validator:
            return
        if not model.__pydantic_complete__:
            model.model_rebuild(raise_errors=False)  # if it is still incomplete, the validator says so when it is used
        self._names = _names_read_by(model)
        self.parse, self._images, self._written = self._parse, 0, False
        self._validator = vars(model)["__pydantic_validator__"]


@cache
def _cached_parser(model: Any, _written: str) -> Parser:
    # As it is written, too: A | B equals B | A, and of two that fit pydantic takes the first.
    return _make_parser(model)


def _make_parser(model: Any) -> Parser:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return Parser(model, TypeAdapter(model).validate_python)
    if getattr_static(model, "model_validate") is not getattr_static(BaseModel, "model_validate"):
        return Parser(model, model.model_validate)  # the user's own, which may do anything with the values
    return _ModelParser(model)


def _validated(validate: Callable[[Any], Any], values: dict[str, Any]) -> Any:
    try:
        return validate(values)
    except DecodeError as error:  # raised by a user's code, and not to be taken for one of ours
        raise ValueError(str(error)) from error


def _shows(refusal: ValidationError, values: dict[str, Any]) -> bool:
    """Whether an error is about the values as a whole, and so shows what there is and what there is not."""
    details = refusal.errors(include_url=False, include_context=False)
    return any(detail["input"] is values for detail in details)


def _whole(wire: Any, values: dict[str, Any]) -> dict[str, Any]:
    """All of an image, or what has been decoded of it if the rest is no attribute value."""
    try:
        return decode_image(wire)
    except DecodeError:
        return values


def _names_read_by(model: type[BaseModel]) -> tuple[str, ...] | None:
    """The attributes that a model may read; ``None`` if it may look at any, or is not complete."""
    if not model.__pydantic_complete__:
        return None
    schema = model.__pydantic_core_schema__
    found = model_schema(schema, definitions_of(schema))
    return None if found is None else attributes_of(found)
