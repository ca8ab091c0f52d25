"""A table in memory: what its items are, and what each write changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from router.errors import RegistrationError
from router.testing.items import Item, Key, Wire, key_attributes, wire_image
from router.wire.compare import same

__all__ = ["Table", "Write"]


class Write(NamedTuple):
    """A write that changed something.

    Args:
        keys: The item's key on the wire.
        images: ``NewImage`` if the item is there now, ``OldImage`` if it was there before.
    """

    keys: Wire
    images: dict[str, Wire]


class Table:
    """Items on the wire, by their keys. A write that changes nothing is ``None``: it leaves no record in the stream.

    Args:
        key: The names of the key attributes, a function that makes them, or ``None`` for a guess.
        discriminator: The attribute that a model without it gets its class name in.
    """

    def __init__(self, key: Key, discriminator: str | None) -> None:
        self._key = key
        self._discriminator = discriminator
        self._items: dict[str, Wire] = {}

    def put(self, item: Item, attributes: Mapping[str, Any]) -> Write | None:
        """Put an item in the place of what has its key."""
        image = self._image(item, attributes)
        return self._replace(self._keys(item, image), image)

    def update(self, item: Item, attributes: Mapping[str, Any]) -> Write | None:
        """Set attributes of an item that is given whole or by its key; one that is missing is made."""
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
        return wire_image(item, self._discriminator, **{**made, **attributes})

    def _keys(self, item: Item, image: Wire) -> Wire:
        return key_attributes(item, image, self._key, self._discriminator)

    def _find(self, item: Item, attributes: Mapping[str, Any]) -> Wire:
        if callable(self._key) and isinstance(item, Mapping):
            # A key as it stands in a record is no item to make a key of.
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
