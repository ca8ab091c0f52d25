"""Items, keys and values as a user writes them on the command line: plain JSON, DynamoDB JSON or NAME=VALUE."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from router.cli.errors import CommandLineError
from router.cli.events import read_standard_input
from router.errors import RouterError
from router.wire.decode import decode_value
from router.wire.encode import to_wire
from router.wire.values import DECODERS

__all__ = ["assignment", "item_of", "key_of", "read_item", "shown_key", "value_of"]

Wire = dict[str, Any]
"""Attribute values by name, in DynamoDB JSON."""


def read_item(source: str) -> Wire:
    """An item from JSON text, a file of it, or standard input.

    Args:
        source: The text, the file's name, or ``-``.

    Raises:
        CommandLineError: The file cannot be read, or it holds no item.
    """
    if source == "-":
        return item_of(read_standard_input(), "standard input")
    if source.lstrip().startswith(("{", "[")):
        return item_of(source, "ITEM")
    try:
        return item_of(Path(source).read_bytes(), source)
    except OSError as error:
        msg = f"cannot read {source}: {error.strerror}"
        raise CommandLineError(msg) from None


def item_of(text: str | bytes, source: str) -> Wire:
    """An item from JSON: DynamoDB JSON if each attribute has the form of it, else plain JSON.

    Args:
        text: The JSON.
        source: Its source, for the error.

    Raises:
        CommandLineError: It is no JSON, no object, or holds a value that no attribute can have.

    Example:
        >>> item_of('{"id": "1", "total": 5.5}', "ITEM"), item_of('{"id": {"S": "1"}}', "ITEM")
        ({'id': {'S': '1'}, 'total': {'N': '5.5'}}, {'id': {'S': '1'}})
    """
    try:
        # A float would change the number: DynamoDB keeps decimal ones.
        found = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        msg = f"found no JSON in {source} ({error}), expected an object with the attributes of an item"
        raise CommandLineError(msg) from None
    if not isinstance(found, dict):
        msg = f"found a JSON {type(found).__name__} in {source}, expected an object with the attributes of an item"
        raise CommandLineError(msg)
    if found and all(_has_type_tag(value) for value in found.values()):
        return {name: _checked(name, value, source) for name, value in found.items()}
    return {name: _encoded(name, value, source) for name, value in found.items()}


def key_of(parts: Sequence[str], types: Mapping[str, str]) -> Wire:
    """A key, written as one JSON object or as NAME=VALUE for each attribute, as ``router dev`` prints it.

    Args:
        parts: The arguments.
        types: The types of the key attributes by their names.

    Raises:
        CommandLineError: Attributes are missing, or there are others.

    Example:
        >>> key_of(["pk=ORDER#1", "at=5"], {"pk": "S", "at": "N"})
        {'pk': {'S': 'ORDER#1'}, 'at': {'N': '5'}}
    """
    if len(parts) == 1 and parts[0].lstrip().startswith("{"):
        found = item_of(parts[0], "KEY")
    else:
        written = dict(assignment(part, "KEY") for part in parts)
        found = {name: {types.get(name, "S"): text} for name, text in written.items()}
    if found.keys() != types.keys():
        names = " and ".join(types)
        written_names = ", ".join(found) or "no attribute"
        msg = f"found the key {written_names}, expected {names}, such as {' '.join(f'{name}=...' for name in types)}"
        raise CommandLineError(msg)
    return {name: _checked(name, value, "KEY") for name, value in found.items()}


def value_of(text: str, name: str) -> Wire:
    """The attribute value that a text stands for: JSON or DynamoDB JSON where it is one, else the text itself.

    Args:
        text: The text.
        name: The attribute, for the error.

    Raises:
        CommandLineError: No attribute can have the value.

    Example:
        >>> value_of("SHIPPED", "status"), value_of("5", "total"), value_of('{"SS": ["a"]}', "tags")
        ({'S': 'SHIPPED'}, {'N': '5'}, {'SS': ['a']})
    """
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except ValueError:
        return {"S": text}
    value: Wire = _checked(name, found, "--set") if _has_type_tag(found) else _encoded(name, found, "--set")
    return value


def assignment(text: str, option: str) -> tuple[str, str]:
    """The name and the value of ``NAME=VALUE``.

    Args:
        text: The text.
        option: The option or argument, for the error.

    Raises:
        CommandLineError: There is no name or no equals sign.
    """
    name, equals, value = text.partition("=")
    if not name.strip() or not equals:
        msg = f"found {option} {name or text!r}, expected NAME=VALUE"
        raise CommandLineError(msg)
    return name.strip(), value


def _has_type_tag(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in DECODERS


def _checked(name: str, value: Any, source: str) -> Any:
    try:
        decode_value(value)
    except RouterError as error:
        msg = f"found no DynamoDB JSON in {name} of {source}: {error}"
        raise CommandLineError(msg) from None
    return value


def _encoded(name: str, value: Any, source: str) -> Any:
    try:
        return to_wire(value)
    except (RouterError, ArithmeticError):
        msg = f"found {name} of {source} with a value that no attribute can have, expected JSON or DynamoDB JSON"
        raise CommandLineError(msg) from None


def _no_constant(constant: str) -> Any:
    raise ValueError(constant)


def shown_key(item: Mapping[str, Any], names: Iterable[str]) -> str:
    """A key as ``router dev`` prints it.

    Args:
        item: The item or its key, in DynamoDB JSON.
        names: The names of the key attributes.

    Example:
        >>> shown_key({"pk": {"S": "ORDER#1"}, "total": {"N": "5"}}, ["pk"])
        'pk=ORDER#1'
    """
    return " ".join(f"{name}={decode_value(item[name])}" for name in names)
