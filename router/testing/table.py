"""A table in memory: its items, and the change of each write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from router.errors import RegistrationError
from router.testing.items import Item, Key, Rule, Wire, key_attributes, wire_image
from router.wire.compare import same

__all__ = ["Table", "Write"]


class Write(NamedTuple):
    """A write that changes an item.

    Args:
        keys: The item's key on the wire.
        images: ``NewImage`` if the item exists after it, ``OldImage`` if it existed before.
    """

    keys: Wire
    images: dict[str, Wire]


class Table:
    """Items on the wire, by their keys. A write that changes nothing is ``None``: it makes no record.

    Args:
        key: The names of the key attributes, a function that makes them, or ``None`` to guess.
        discriminator: The app's discriminator; the attributes that it reads names from are not guessed as the key.
    """

    def __init__(self, key: Key, discriminator: Rule) -> None:
        self._key = key
        self._discriminator = discriminator
        self._items: dict[str, Wire] = {}

    def put(self, item: Item, attributes: Mapping[str, Any]) -> Write | None:
        """Put an item; it replaces the item with the same key."""
        image = self._image(item, attributes)
        return self._replace(self._keys(item, image), image)

    def update(self, item: Item, attributes: Mapping[str, Any]) -> Write | None:
        """Set attributes of an item that is given whole or by its key; a missing item is created."""
        keys = self._find(item, {})
        changed = wire_image({}, **attributes)
        if any(not same(keys[name], changed.get(name, keys[name])) for name in keys):
            msg = f"found another value for the key attributes {', '.join(keys)}, expected an item to keep its key"
            raise RegistrationError(msg)
        return self._replace(keys, {**self._items.get(_identity(keys), keys), **changed})

    def delete(self, item: Item, attributes: Mapping[str, Any]) -> Write | None:
        """Delete an item that is given whole or by its key."""
        return self._replace(self._find(item, attributes), None)

    def _image(self, item: Item, attributes: Mapping[str, Any]) -> Wire:
        made = self._key(item) if callable(self._key) else {}
        return wire_image(item, **{**made, **attributes})

    def _keys(self, item: Item, image: Wire) -> Wire:
        return key_attributes(item, image, self._key, self._discriminator)

    def _find(self, item: Item, attributes: Mapping[str, Any]) -> Wire:
        if callable(self._key) and isinstance(item, Mapping):
            # The argument may be the key of a record, from which the function cannot make a key.
            keys = wire_image(item, **attributes)
            if _identity(keys) in self._items:
                return keys
        return self._keys(item, self._image(item, attributes))

    def _replace(self, keys: Wire, image: Wire | None) -> Write | None:
        identity = _identity(keys)
        old = self._items.pop(identity, None)
        if image is not None:
            self._items[identity] = image
        if old is image or (old is not None and image is not None and same({"M": old}, {"M": image})):
            return None
        images = {name: each for name, each in (("NewImage", image), ("OldImage", old)) if each is not None}
        return Write(keys, images)


def _identity(keys: Wire) -> str:
    return json.dumps(keys, sort_keys=True)
