"""Parsers: one for each model, from an image on the wire to an instance.

A parser decodes the attributes that its model can read, and lets the model validate them. The instance is that of
decoding and validating the whole image, and so are the places and the kinds of faults in an error, except that
attributes which the model cannot read are not decoded. If a model may read any attribute - a validator takes the whole
input, other attributes are kept or forbidden - the whole image is decoded. No error holds a value or the key of a map.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from router.errors import DecodeError
from router.parsing.copies import copier_of
from router.parsing.core_schema import attributes_of, definitions_of, model_schema
from router.parsing.strict_types import unreadable_parts
from router.parsing.validation_errors import declared_names, without_values
from router.wire.decode import decode_image

if TYPE_CHECKING:
    from router.parsing.codegen import Parse

__all__ = ["IMAGES_BEFORE_CODEGEN", "Parser", "parser_for"]

# Generating and compiling a function takes about the time that it saves in as many images. A cold start, with its
# small first events, does without.
IMAGES_BEFORE_CODEGEN = 100
"""The number of images of a model that are parsed before a function is generated for it."""


def parser_for(model: Any) -> Parser:
    """Return the parser of a model, the same one for each call.

    Args:
        model: A pydantic model, a dataclass, a ``TypedDict``, or any other type that pydantic validates.

    Raises:
        pydantic.errors.PydanticUserError: pydantic does not validate this type.

    Example:
        >>> class Order(BaseModel):
        ...     total: int
        >>> parser_for(Order).parse({"total": {"N": "12"}, "note": {"S": "not read"}})
        Order(total=12)
    """
    try:
        return _cached_parser(model, _parts(model))
    except TypeError:  # an annotation may contain an object without a hash
        return _make_parser(model)


class Parser:
    """Parses images into instances of one type.

    Args:
        model: The type.
        validate: Makes an instance of an image's decoded values, or raises.
        schema: Returns the core schema of the type.
    """

    def __init__(self, model: Any, validate: Callable[[Any], Any], schema: Callable[[], Any]) -> None:
        self.model = model
        self.validate = validate
        self._schema = schema
        self._reads_attributes = _has_fields(model)
        self._names_of: Any = None
        self._shown_names: frozenset[str] = frozenset()
        self.parse: Parse = self._parse
        """Decodes an image, as Lambda delivers it, and validates it. The image is not changed.

        The arguments are the image and, for errors, its name or ``None``. A generated function may replace this one, so
        look it up for each image.

        Raises:
            DecodeError: A part of the image that the model can read is malformed. A ``DecodeError`` that a user's
                validator raises becomes a ``ValueError``.
            Exception: Any other error of the validation, nearly always a ``pydantic.ValidationError``.
        """

    def decode(self, wire: Any, image: str | None = None) -> dict[str, Any]:
        """Decode the attributes of an image that the model can read.

        Raises:
            DecodeError: One of them is malformed.
        """
        return decode_image(wire, image, shown=self._declared)

    def _parse(self, wire: Any, image: str | None = None) -> Any:
        return self._validated(self.validate, self.decode(wire, image))

    def _validated(self, validate: Callable[[Any], Any], values: dict[str, Any]) -> Any:
        try:
            return validate(values)
        except DecodeError as error:  # raised by a user's validator: the image is well formed
            raise ValueError(str(error)) from error
        except ValidationError as error:
            refusal = without_values(error, self._declared(), values if self._reads_attributes else ())
        raise refusal  # outside the except blocks: its traceback does not show the error that was caught

    @cached_property
    def copy(self) -> Callable[[Any], Any]:
        """Copies an instance, without what is nested in it."""
        return copier_of(self.model)

    def prepare(self) -> None:
        """Do now what the first images would do: nothing, where no function is generated."""

    def unreadable_parts(self) -> tuple[str, ...]:
        """The strict parts that can never read what an item holds for them; none while the model is incomplete."""
        return () if _overrides_validation(self.model) else unreadable_parts(self._schema())

    def _declared(self) -> frozenset[str]:
        """The names that may stand in an error; kept until the model is rebuilt."""
        schema = self._schema()
        if self._names_of is not schema:
            self._names_of, self._shown_names = schema, declared_names(schema)
        return self._shown_names

    def __repr__(self) -> str:
        return f"<Parser of {self.model.__qualname__ if isinstance(self.model, type) else self.model}>"


class _ModelParser(Parser):
    """Parses images into a ``BaseModel``, whose schema lists the attributes that it can read.

    After some images a generated function takes over. A user may complete or rebuild a model at any time: it then has
    another validator, and the parser starts anew.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        super().__init__(model, model.model_validate, lambda: model.__pydantic_core_schema__)
        self._validator: Any = None
        self._names: tuple[str, ...] | None = None
        self._images = 0
        self._codegen_done = False

    def decode(self, wire: Any, image: str | None = None) -> dict[str, Any]:
        self._follow_rebuild()
        return decode_image(wire, image, self._names, self._declared)

    def _parse(self, wire: Any, image: str | None = None) -> Any:
        """Parse an image exactly: one of the first, or one that the generated function does not handle."""
        self._follow_rebuild()
        if not self._codegen_done:
            self._images += 1
            if self._images > IMAGES_BEFORE_CODEGEN:
                self._generate()
                return self.parse(wire, image)
        values = decode_image(wire, image, self._names, self._declared)
        # Not model_validate(): the checks of its optional arguments take a quarter of a small model's time.
        return self._validated(self._validator.validate_python, values)

    def prepare(self) -> None:
        self._follow_rebuild()
        if not self._codegen_done:
            self._generate()

    def _generate(self) -> None:
        from router.parsing.codegen import generate_parser  # most cold starts parse fewer images

        self._codegen_done = True
        self.parse = generate_parser(self.model, self._parse) or self._parse

    def _follow_rebuild(self) -> None:
        """Read the schema again if the model has been rebuilt."""
        model: type[BaseModel] = self.model
        if vars(model)["__pydantic_validator__"] is self._validator:
            return
        if not model.__pydantic_complete__:
            model.model_rebuild(raise_errors=False)  # if the model stays incomplete, its validator raises when used
        self._names = readable_attributes(model)
        self.parse, self._images, self._codegen_done = self._parse, 0, False
        self._validator = vars(model)["__pydantic_validator__"]


@lru_cache(maxsize=4_096)  # more than one application has models; bounded for processes that create models as they run
def _cached_parser(model: Any, _parts: tuple[Any, ...]) -> Parser:
    # The parts belong to the key: A | B equals B | A, and pydantic prefers the first that fits.
    return _make_parser(model)


def _parts(model: Any) -> tuple[Any, ...]:
    """The arguments of a type in their order, and theirs; each with its type, because ``1`` equals ``True``."""
    return tuple((type(part), part, _parts(part)) for part in get_args(model))


def _make_parser(model: Any) -> Parser:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        adapter: TypeAdapter[Any] = TypeAdapter(model)
        return Parser(model, adapter.validate_python, lambda: adapter.core_schema)
    if _overrides_validation(model):
        # It may do anything with the values.
        return Parser(model, model.model_validate, lambda: model.__pydantic_core_schema__)
    return _ModelParser(model)


def _has_fields(model: Any) -> bool:
    """Whether a type reads the attributes of an item: one that reads the item as a map has keys instead."""
    # Not issubclass(model, RootModel): importing it takes tens of modules.
    return isinstance(model, type) and issubclass(model, BaseModel) and not model.__pydantic_root_model__


def _overrides_validation(model: Any) -> bool:
    pydantics = getattr_static(BaseModel, "model_validate")
    return getattr_static(model, "model_validate", pydantics) is not pydantics


def readable_attributes(model: type[BaseModel]) -> tuple[str, ...] | None:
    """The attributes that a model may read; ``None`` if it may read any, or is not complete.

    Args:
        model: The model.
    """
    if not model.__pydantic_complete__:
        return None
    schema = model.__pydantic_core_schema__
    found = model_schema(schema, definitions_of(schema))
    return None if found is None or found.forbids_others else attributes_of(found)
