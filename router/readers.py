"""From images on the wire to instances of the user's models: one reader for each model.

A reader decodes the attributes that its model can read, and lets the model validate them. The outcome is that of
validating the whole image decoded, the same instance or the same refusal; only, an attribute that nothing reads is not
even looked at. Where it is not certain what a model reads - a validator may see all of the input, or other attributes
may be kept or forbidden - the whole image is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from inspect import getattr_static
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from router.decode import decode_image
from router.errors import DecodeError
from router.pointed import Read, point

__all__ = ["Reader", "reader_for"]


def reader_for(model: Any) -> Reader:
    """The reader of a model.

    Args:
        model: A pydantic model, a dataclass, a ``TypedDict``, or any other type that pydantic validates.

    Raises:
        pydantic.errors.PydanticUserError: It is no such type.

    Example:
        >>> class Order(BaseModel):
        ...     total: int
        >>> reader_for(Order).read({"total": {"N": "12"}, "note": {"S": "not read"}})
        Order(total=12)
    """
    try:
        return _kept_reader(model, repr(model))
    except TypeError:  # an annotation may hold what has no hash
        return _new_reader(model)


class Reader:
    """Reads images into instances of one type.

    Args:
        model: What an image becomes.
        validate: Makes that of an image's Python values, or raises whatever the validation raises.
    """

    def __init__(self, model: Any, validate: Callable[[Any], Any]) -> None:
        self.model = model
        self.validate = validate

    def read(self, wire: Any, image: str | None = None) -> Any:
        """Decode an image and validate it.

        Args:
            wire: The image as Lambda delivers it. It is not changed.
            image: ``"NewImage"``, ``"OldImage"`` or ``"Keys"``, for the error.

        Raises:
            DecodeError: What the model can read of the image is no attribute value. It means that alone: one that a
                user's code raises while validating comes out as a plain ``ValueError``.
            Exception: What else the validation raises, nearly always a ``pydantic.ValidationError``.
        """
        return _validated(self.validate, self.decode(wire, image))

    def decode(self, wire: Any, image: str | None = None) -> dict[str, Any]:
        """Decode what the model can read of an image.

        Raises:
            DecodeError: It is no attribute value.
        """
        return decode_image(wire, image)

    def __repr__(self) -> str:
        return f"<Reader of {self.model.__qualname__ if isinstance(self.model, type) else self.model}>"


class _ModelReader(Reader):
    """Reads images into a ``BaseModel``, whose schema tells what it reads.

    A model may be completed or rebuilt at any time. It has another validator then, and the schema is read again.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        super().__init__(model, model.model_validate)
        # A class looks its attributes up through its metaclass, which takes longer than all of this method's own work.
        self._attributes = vars(model)
        self._validator: Any = None
        self._names: tuple[str, ...] | None = None
        self._pointed: Read | None = None

    def read(self, wire: Any, image: str | None = None) -> Any:
        if self._attributes["__pydantic_validator__"] is not self._validator:
            self._read_schema()
        if self._pointed is not None:
            try:
                return self._pointed(wire)
            except Exception:  # noqa: BLE001, S110 - it does not know; what follows does
                pass
        values = decode_image(wire, image, self._names)
        try:
            # Not model_validate: its look at arguments that nobody gave takes a quarter of a small model's time.
            return _validated(self._validator.validate_python, values)
        except ValidationError as refusal:
            if not _shows(refusal, values):
                raise
        return _validated(self.validate, _whole(wire, values))

    def decode(self, wire: Any, image: str | None = None) -> dict[str, Any]:
        if self._attributes["__pydantic_validator__"] is not self._validator:
            self._read_schema()
        return decode_image(wire, image, self._names)

    def _read_schema(self) -> None:
        model: type[BaseModel] = self.model
        if not model.__pydantic_complete__:
            model.model_rebuild(raise_errors=False)  # if it is still incomplete, the validator says so when it is used
        self._names = _names_read_by(model.__pydantic_core_schema__) if model.__pydantic_complete__ else None
        self._pointed = point(model.__pydantic_core_schema__, self._names) if self._names is not None else None
        self._validator = self._attributes["__pydantic_validator__"]


@cache
def _kept_reader(model: Any, _written: str) -> Reader:
    # As it is written, too: A | B equals B | A, and of two that fit pydantic takes the first.
    return _new_reader(model)


def _new_reader(model: Any) -> Reader:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return Reader(model, TypeAdapter(model).validate_python)
    if getattr_static(model, "model_validate") is not getattr_static(BaseModel, "model_validate"):
        return Reader(model, model.model_validate)  # the user's own, which may do anything with the values
    return _ModelReader(model)


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


def _names_read_by(schema: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The attributes that a model may read, by its core schema; ``None`` if it may look at any."""
    schema = _innermost(schema)
    fields = schema.get("schema", {})
    if schema["type"] != "model" or fields.get("type") != "model-fields" or schema.get("custom_init"):
        return None
    extra = schema.get("extra_behavior") or fields.get("extra_behavior")
    config = schema.get("config", {})
    if (extra or config.get("extra_fields_behavior", "ignore")) != "ignore":
        return None
    by_name = bool(config.get("validate_by_name") or config.get("populate_by_name"))
    named = fields["fields"].items()
    return tuple(dict.fromkeys(key for name, field in named for key in _names_of(name, field, by_name)))


def _innermost(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema under those around it that see the finished instance only."""
    definitions: dict[str, Mapping[str, Any]] = {}
    while schema["type"] in ("definitions", "definition-ref", "function-after"):
        definitions.update((definition["ref"], definition) for definition in schema.get("definitions", ()))
        schema = definitions[schema["schema_ref"]] if "schema_ref" in schema else schema["schema"]
    return schema


def _names_of(name: str, field: Mapping[str, Any], by_name: bool) -> Iterator[str]:
    """All aliases of a field, of a path where it starts; its name too where it has none or goes by both."""
    alias = field.get("validation_alias", name)
    if by_name:
        yield name
    if isinstance(alias, str):
        yield alias
    elif isinstance(alias[0], list):
        yield from (choice[0] for choice in alias)
    else:
        yield alias[0]
