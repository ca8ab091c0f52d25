"""The rule that reads ElectroDB's keys, and the preset of it. Few apps need them, so they are imported on first use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from router.discriminator_rules import Attribute, Chain, Folded, OfEntities
from router.value_classes import dataclass
from router.wire.values import text_of

__all__ = ["ELECTRODB", "ElectroDBKey"]

# A version is any text, but only one with a number distinguishes an entity's name from that of a collection.
_VERSION = r"v?[0-9]+(?:[.-][0-9a-z]+)*"
_named = re.compile(rf"(?P<name>.+)_(?P<version>{_VERSION})", re.DOTALL | re.IGNORECASE).fullmatch
_version_before_scope = re.compile(rf"_{_VERSION}(?=_)", re.IGNORECASE).finditer


@dataclass(frozen=True)
class ElectroDBKey(OfEntities):
    """See :func:`router.discriminators.electrodb_key`.

    The keys of an ``order`` of version 1, by the type of the table's index:

    ====================================  =====================================================
    isolated                              ``$order_1#line_7``
    isolated, in collections              ``$work#team#order_1#line_7``
    clustered                             ``#line_7$order_1``
    clustered, in collections             ``$work#team#line_7#order_1``
    without a sort key                    partition key ``$shop$order_1#id_7``
    without a sort key, with a scope      partition key ``$shop$order_1_acme#id_7``
    ====================================  =====================================================

    A key does not show the type of its index, and names, labels and values may contain every separator: the key
    ``$work#order_1#line_7`` is that of an order in an isolated index, or of a ``line`` of version 7 in a clustered one.
    The rule of a Dispatcher knows the entities of its routes, and reads one only if the key can hold no other of them.
    """

    partition_key: str
    sort_key: str
    entities: Mapping[str, str] | None = field(default=None, compare=False)
    """The names of the routes' entities by their folded forms; ``None`` outside of a Dispatcher."""
    attributes: tuple[str, ...] = ()
    folds = False

    def among(self, entities: Collection[str]) -> ElectroDBKey:
        """The rule of a Dispatcher with routes of these entities."""
        counts = Counter(name.casefold() for name in entities)  # of two that differ only in case, a key shows neither
        return replace(self, entities={name.casefold(): name for name in entities if counts[name.casefold()] == 1})

    def read(self, image: Mapping[str, Any]) -> str | None:
        """The only name that the key can hold."""
        names = self.readings(image)
        return names[0] if len(names) == 1 else None

    def readings(self, image: Mapping[str, Any]) -> tuple[str, ...]:
        """The names that the key can hold."""
        found: Collection[str] = ()
        sort_key, partition_key = text_of(image, self.sort_key), text_of(image, self.partition_key)
        if sort_key is not None:
            found = self._in_sort_key(sort_key)
        elif partition_key is not None and self.sort_key not in image:
            found = [*self._in_partition_key(partition_key.split("#"))]
        return tuple(dict.fromkeys(found))

    def __repr__(self) -> str:
        return f"electrodb_key({self.partition_key!r}, {self.sort_key!r})"

    def _in_sort_key(self, text: str) -> Collection[str]:
        if text.startswith("#"):
            return [name for tail in _after_dollars(text) if (name := self._entity(tail))]
        return self._in_parts(text[1:].split("#")) if text.startswith("$") else ()

    def _in_parts(self, parts: Sequence[str]) -> Collection[str]:
        """The names in a sort key that begins with a collection or with an entity.

        In an isolated index only collections are before the entity, and a collection seldom looks like an entity with a
        version; in a clustered index a collection is the first part, and the entity is the last.
        """
        versions = {place: match["version"] for place, part in enumerate(parts) if (match := _named(part))}
        first, end = min(versions, default=len(parts)), len(parts)
        places = {first} if first == 0 else {first, end - 1}
        spans = [(start, start + width) for width in self._widths for start in range(end - width + 1)]
        found = {span: name for span in spans if (name := self._entity("#".join(parts[slice(*span)])))}
        possible = {span: name for span, name in found.items() if span[0] <= first or span[1] - 1 in places}
        if self.entities is None or not possible:
            return possible.values()
        # Nearly every entity has version 1. Another number may be a value, if the key can be that of another entity: of
        # version 1, without a route; or with a route, of a version without a number.
        beside = {versions.get(place) for place in places if not any(place in range(*span) for span in found)}
        other = "1" in beside or any(self._known(part.rpartition("_")[0]) for part in parts[:first])
        if other and all(versions.get(span[1] - 1) != "1" for span in found):
            return ()
        return found.values()  # several entities with a route make the key ambiguous, wherever they are

    def _in_partition_key(self, parts: Sequence[str]) -> Iterator[str]:
        """The names after the service. A collection needs a sort key, so that there is none here."""
        for width in self._widths:
            for tail in _after_dollars(parts[0][1:]) if parts[0].startswith("$") else ():
                text = "#".join([tail, *parts[1:width]])
                names = [text[: version.start()] for version in _version_before_scope(text)][-1:]
                found = [self._entity(text)] if _named(text) else map(self._known, names)
                yield from filter(None, found)

    @property
    def _widths(self) -> Collection[int]:
        """How many parts the names take: more than one if a name contains the separator."""
        return {1} if self.entities is None else {name.count("#") + 1 for name in self.entities}

    def _entity(self, text: str) -> str | None:
        """The entity of a text that is a name and a version."""
        match = _named(text)
        return self._known(match["name"]) if match else None

    def _known(self, name: str) -> str | None:
        return name if self.entities is None else self.entities.get(name.casefold())


def _after_dollars(text: str) -> Iterator[str]:
    return (text[match.end() :] for match in re.finditer(r"\$", text))


ELECTRODB = Folded(Chain((Attribute("__edb_e__"), ElectroDBKey("pk", "sk"))))
