"""The histories of the items of a soak, and records that are damaged on their way."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

__all__ = ["Write", "damaged", "histories"]

Kind = Literal["plain", "poison", "malformed"]
Json = dict[str, Any]

_ITEMS = 200
_REMOVED = 0.02
_POISON = 0.005
_MALFORMED = 0.005


class Write(NamedTuple):
    """A change to write.

    Args:
        item: The item's key.
        number: The number of the change among those of the item.
        event: The event of its record.
        kind: Whether the item does not fit its model, or its record is damaged on the way.
        born: The number of the change that created the item.
    """

    item: str
    number: int
    event: Literal["INSERT", "MODIFY", "REMOVE"]
    kind: Kind
    born: int

    @property
    def attributes(self) -> Json:
        """The item as written, in DynamoDB JSON; a removal has the key only."""
        key = {"pk": {"S": self.item}}
        if self.event == "REMOVE":
            return key
        poison = {"poison": {"M": {"not": {"S": "a bool"}}}} if self.kind == "poison" else {}
        numbers = {"number": {"N": str(self.number)}, "born": {"N": str(self.born)}}
        return {**key, "EntityType": {"S": "Counted"}, **numbers, **poison}


def histories(changes: int, seed: int) -> Iterator[Write]:
    """The changes, in the order in which they are written.

    Args:
        changes: How many.
        seed: Of the choice.
    """
    chosen = random.Random(seed)
    numbers: dict[str, int] = {}
    born: dict[str, int] = {}  # of the items that are there
    for _ in range(changes):
        item = f"item-{chosen.randrange(_ITEMS)}"
        number = numbers[item] = numbers.get(item, -1) + 1
        if item in born and chosen.random() < _REMOVED:
            yield Write(item, number, "REMOVE", "plain", born.pop(item))
            continue
        drawn = chosen.random()
        kind: Kind = "poison" if drawn < _POISON else "malformed" if drawn < _POISON + _MALFORMED else "plain"
        event: Literal["INSERT", "MODIFY"] = "MODIFY" if item in born else "INSERT"
        yield Write(item, number, event, kind, born.setdefault(item, number))


def damaged(record: Json, number: int) -> Json:
    """A copy of a record in a form that no handler takes.

    Args:
        record: The record, as in an event.
        number: Of the change; chooses the damage.
    """
    made = copy.deepcopy(record)
    _DAMAGES[number % len(_DAMAGES)](made)
    return made


def _with_number(value: Any) -> Callable[[Json], None]:
    def damage(record: Json) -> None:
        record["dynamodb"]["NewImage"]["number"] = value

    return damage


def _without_number_in_stream(record: Json) -> None:
    del record["dynamodb"]["SequenceNumber"]


def _with_unknown_event(record: Json) -> None:
    record["eventName"] = "UPSERT"


def _without_image(record: Json) -> None:
    record["dynamodb"]["NewImage"] = "an image"


_DAMAGES: tuple[Callable[[Json], None], ...] = (
    _with_number({"N": "abc"}),
    _with_number({"X": 1}),
    _with_number([1]),
    _without_number_in_stream,
    _with_unknown_event,
    _without_image,
)
