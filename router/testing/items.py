"""Items on the wire: models and Python values as DynamoDB stores them, and their keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import AliasChoices, BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_jsonable_python

from router.discriminators import Discriminator, discriminator_of
from router.errors import RegistrationError
from router.wire.decode import decode_image
from router.wire.encode import to_wire

__all__ = ["Item", "Key", "Rule", "Wire", "entity_image", "key_attributes", "wire_image"]

Item = BaseModel | Mapping[str, Any]
"""An item as a test writes it: a model, or a dict of Python values."""

Wire = dict[str, Any]
"""An image or a key, as in a record."""

Key = str | Sequence[str] | Callable[[Any], Mapping[str, Any]] | None
"""The names of the key attributes, or a function that makes them from an item; ``None`` to guess."""

Rule = str | Discriminator | Callable[[Any], str | None] | None
"""A discriminator, as a Dispatcher takes it; ``None`` for none."""

_KEY_NAMES = (("pk", "sk"), ("PK", "SK"), ("partition_key", "sort_key"), ("partitionKey", "sortKey"))
_ID_NAMES = ("id", "Id", "ID")
_KEY_TYPES = ("S", "N", "B")
_EMPTY = {"S": ""}


def wire_image(item: Item, **attributes: Any) -> Wire:
    """Encode an item as DynamoDB does in a record.

    Numbers lose insignificant zeros and exponents. A model's attributes have the names by which the model reads them. A
    value without a type of DynamoDB's, such as a date, becomes its JSON text; a secret is written in full, as the table
    has it. Empty sets of a model are left out.

    Args:
        item: A model, or a dict of Python values.
        attributes: Python values of more attributes.

    Raises:
        RegistrationError: A value cannot be encoded.
        DecodeError: A number has more digits than DynamoDB keeps.

    Example:
        >>> wire_image({"id": "o-1", "total": 12.50, "tags": {"new"}})
        {'id': {'S': 'o-1'}, 'total': {'N': '12.5'}, 'tags': {'SS': ['new']}}
    """
    values = {**_plain(item), **{name: _plain(value) for name, value in attributes.items()}}
    image = {name: _normal(to_wire(value)) for name, value in values.items()}
    decode_image(image, "NewImage")
    return image


def entity_image(image: Wire, entity: str, discriminator: Rule) -> Wire:
    """An image from which a discriminator reads an entity, written to the first attribute that it reads names from.

    Args:
        image: The item on the wire.
        entity: The entity's name.
        discriminator: The discriminator.

    Raises:
        RegistrationError: The discriminator reads names from parts of keys only, or another one from the item.

    Example:
        >>> entity_image({"id": {"S": "1"}}, "Order", "type")
        {'id': {'S': '1'}, 'type': {'S': 'Order'}}
    """
    rule = discriminator_of(discriminator)
    free = next((name for name in rule.attributes[:1] if image.get(name, _EMPTY) in (_EMPTY, {"NULL": True})), None)
    if rule.read(image) is None and free is not None:
        image = {**image, free: {"S": str.__str__(entity)}}  # plain, as it may be the member of an enum
    found = rule.read(image)
    if found == entity or (rule.folds and found is not None and found.casefold() == entity.casefold()):
        return image
    why = "reads no name from" if found is None else "reads another name from"
    msg = f"found entity=, while {rule!r} {why} the item; leave entity= out, and let the item name its entity"
    raise RegistrationError(msg)


def key_attributes(item: Item, image: Wire, key: Key = None, discriminator: Rule = None) -> Wire:
    """The key of an item.

    Without ``key`` it is guessed: ``pk`` with ``sk`` if the item has it, else ``id``, else the entity's own ID such as
    ``order_id``, else the first attribute whose name ends in ID, else the first of a type that a key can have.

    Args:
        item: The item as the test wrote it.
        image: The item on the wire.
        key: The names of the key attributes.
        discriminator: The discriminator; the attributes that it reads names from are not guessed.

    Raises:
        RegistrationError: The item has no such key.

    Example:
        >>> key_attributes({}, {"pk": {"S": "a"}, "sk": {"S": "b"}, "total": {"N": "1"}})
        {'pk': {'S': 'a'}, 'sk': {'S': 'b'}}
    """
    names = (key,) if isinstance(key, str) else key
    if names is None or callable(names):
        names = _guess(item, image, discriminator) if names is None else tuple(names(item))
    missing = [name for name in names if not image.get(name, {}).keys() & set(_KEY_TYPES)]
    if missing or not names:
        expected = ", ".join(missing) or "an attribute that can be a key"
        msg = (
            f"found an item of {', '.join(image) or 'no attributes'}, expected {expected} to be text, a number or "
            "bytes; give the attributes of the table's key, as key=('pk', 'sk')"
        )
        raise RegistrationError(msg)
    return {name: image[name] for name in names}


def _guess(item: Item, image: Wire, discriminator: Rule) -> tuple[str, ...]:
    for partition, sort in _KEY_NAMES:
        if partition in image:
            return (partition, sort) if sort in image else (partition,)
    naming = () if discriminator is None else discriminator_of(discriminator).attributes
    able = [name for name, value in image.items() if value.keys() & set(_KEY_TYPES) and name not in naming]
    named = (image[name]["S"] for name in naming if "S" in image.get(name, {}))
    entity = type(item).__name__ if isinstance(item, BaseModel) else next(named, "")
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", entity).lower()
    own = (f"{snake}_id", f"{entity[:1].lower()}{entity[1:]}Id")
    called_id = [name for name in able if name.endswith(("_id", "Id", "ID"))]
    return tuple([*(name for name in (*_ID_NAMES, *own) if name in able), *called_id, *able][:1])


def _plain(value: Any) -> Any:
    """Convert models, enums and other objects to values that can be encoded."""
    if isinstance(value, BaseModel):
        return _without_empty_sets(_plain(_read_names(value, _readable_dump(value))))
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, Secret | SecretStr | SecretBytes):
        return _plain(value.get_secret_value())  # its text is asterisks, which no item has
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Set):
        return {_plain(inner) for inner in value}
    if value is None or isinstance(value, str | bytes | bytearray | bool | int | float | Decimal):
        return value
    try:
        return to_jsonable_python(value)
    except PydanticSerializationError:
        return value  # to_wire refuses it


def _readable_dump(model: BaseModel) -> Any:
    """What a model writes, with JSON text where it reads that, as a ``Json`` field does."""
    return _with_json_texts(model.model_dump(by_alias=True), model.model_dump(by_alias=True, round_trip=True))


def _with_json_texts(dumped: Any, round_trip: Any) -> Any:
    if isinstance(dumped, dict) and isinstance(round_trip, dict):  # computed fields are in the first one only
        return {key: _with_json_texts(one, round_trip.get(key, one)) for key, one in dumped.items()}
    if isinstance(dumped, list) and isinstance(round_trip, list):
        return [_with_json_texts(one, other) for one, other in zip(dumped, round_trip, strict=True)]
    return round_trip


def _read_names(value: Any, dumped: Any) -> Any:
    """Rename the attributes of a dumped model to the names by which the model reads them."""
    if isinstance(value, BaseModel) and isinstance(dumped, Mapping):
        fields = {_written(name, field): (name, field) for name, field in type(value).model_fields.items()}
        renamed = {}
        for written, inner in dumped.items():
            name, field = fields.get(written, (written, None))
            read = written if field is None else _read(name, field)
            renamed[read] = inner if field is None else _read_names(getattr(value, name), inner)
        return renamed
    if isinstance(value, list | tuple) and isinstance(dumped, list | tuple) and len(value) == len(dumped):
        return [_read_names(one, other) for one, other in zip(value, dumped, strict=True)]
    if isinstance(value, Mapping) and isinstance(dumped, Mapping) and len(value) == len(dumped):
        return {key: _read_names(one, dumped[key]) for one, key in zip(value.values(), dumped, strict=True)}
    return dumped


def _written(name: str, field: FieldInfo) -> str:
    return str.__str__(field.serialization_alias or field.alias or name)  # an alias may be the member of an enum


def _read(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
    return str.__str__(first) if isinstance(first, str) else _written(name, field)


def _without_empty_sets(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without_empty_sets(inner) for name, inner in value.items() if inner != set()}


def _normal(value: Wire) -> Wire:
    """The same attribute value with numbers in DynamoDB's form."""
    ((tag, content),) = value.items()
    match tag:
        case "N":
            return {"N": _number(content)}
        case "NS":
            return {"NS": [_number(text) for text in content]}
        case "L":
            return {"L": [_normal(inner) for inner in content]}
        case "M":
            return {"M": {name: _normal(inner) for name, inner in content.items()}}
        case _:
            return value


def _number(text: str) -> str:
    plain = f"{Decimal(text):f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "") else plain
