"""One table in memory: its items in the order of their keys, found by the value of an attribute without a scan."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Hashable, Iterator
from copy import deepcopy
from typing import Any

from router.effects.memory_expressions import Equality, scalar

__all__ = ["MemoryTable"]

Item = dict[str, Any]
Key = tuple[str, ...]


class MemoryTable:
    """The items of a table.

    Args:
        key: The names of its key attributes.
    """

    def __init__(self, key: tuple[str, ...]) -> None:
        self._names = key
        self._items: dict[Key, Item] = {}
        self._indexes: dict[str, dict[Hashable, list[Key]]] = {}
        """For each attribute that was asked for, the keys of the items that have a value, in order."""

    def __iter__(self) -> Iterator[Item]:
        """The items in the order of their keys."""
        return (self._items[key] for key in sorted(self._items))

    def get(self, key: Item) -> Item | None:
        """The item with a key; other attributes of the given one do not matter."""
        return self._items.get(self._key(key))

    def put(self, item: Item) -> None:
        """Put a copy of an item."""
        self.remove(item)
        key = self._key(item)
        self._items[key] = deepcopy(item)
        for attribute, keys in self._indexes.items():
            _add(keys, item.get(attribute), key)

    def remove(self, key: Item) -> None:
        """Remove the item with a key, if there is one."""
        name = self._key(key)
        item = self._items.pop(name, {})
        for attribute, keys in self._indexes.items():
            if attribute in item:
                found = keys[scalar(item[attribute])]
                del found[bisect_left(found, name)]

    def with_value(self, equality: Equality | None, after: Item | None) -> Iterator[Item]:
        """The items that have a value in an attribute, in the order of their keys; all without an attribute.

        Args:
            equality: The attribute and its value.
            after: The key after which they begin.
        """
        keys = sorted(self._items) if equality is None else self._index(equality.attribute).get(equality.value, [])
        start = 0 if after is None else bisect_right(keys, self._key(after))
        return (self._items[key] for key in keys[start:])

    def _index(self, attribute: str) -> dict[Hashable, list[Key]]:
        if attribute not in self._indexes:
            keys = self._indexes[attribute] = {}
            for key, item in self._items.items():
                _add(keys, item.get(attribute), key)
        return self._indexes[attribute]

    def _key(self, item: Item) -> Key:
        return tuple(_sortable(item[name]) for name in self._names if name in item)


def _add(keys: dict[Hashable, list[Key]], value: Item | None, key: Key) -> None:
    if value is not None:
        insort(keys.setdefault(scalar(value), []), key)


def _sortable(value: Item) -> str:
    ((tag, content),) = value.items()
    return f"{tag}{content}"
