"""Lookup of the way that a record takes, by what the discriminator reads on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from router.conditions import required_text
from router.discriminator_rules import Attribute, Discriminator, undecided
from router.event import Event
from router.loops import LoopGuard
from router.planning.step import Image, Mark, Runner, Step, Steps, Waiting, Way
from router.planning.way import skip_record, way_of
from router.record import Record
from router.value_classes import dataclass

__all__ = ["NO_INDEX", "Index", "Ways", "entity_reader", "guarded", "images_of", "index_of", "ways_of", "what_it_found"]

Ways = Mapping[Event, Mapping[str, Way]]
"""The way of each event and entity."""


@dataclass(frozen=True)
class Index:
    """Ways for dict lookups on the record as delivered, by ``eventName`` and entity.

    It serves records with nothing unusual about them, where the discriminator is one attribute. What is not in it is
    looked up exactly: a removal by time to live, for example, or any record where the discriminator needs more.

    Args:
        attribute: The attribute whose text is the entity name.
        with_new_image: The ways of records that have a new image.
        without_new_image: The ways of the others.
    """

    attribute: str
    with_new_image: Mapping[str, Mapping[str, Way]]
    without_new_image: Mapping[str, Mapping[str, Way]]


NO_INDEX = Index("", {}, {})


def ways_of(steps: Steps, guard: LoopGuard | None = None) -> Ways:
    """Compile the steps of every entity and event."""
    return {event: {name: guarded(_way(at[event]), event, guard) for name, at in steps.items()} for event in Event}


def guarded(way: Way, event: Event, guard: LoopGuard | None) -> Way:
    """The way of the records that a guard does not skip; the way itself without a guard."""
    if guard is None or way is skip_record or event not in Event.INSERT | Event.MODIFY:
        return way
    reason = guard.reason

    def take_unless_skipped(runner: Runner, raw: Any, position: int, new: Image, old: Image) -> Mark | Waiting:
        return way(runner, raw, position, new, old) if reason(event, raw, new, old) is None else None

    return take_unless_skipped


def index_of(discriminator: Discriminator, ways: Ways) -> Index:
    """The index of ways; empty where an entity name is not simply the text of an attribute."""
    if not isinstance(discriminator, Attribute):
        return NO_INDEX
    insert, modify, delete = ways[Event.INSERT], ways[Event.MODIFY], ways[Event.DELETE]
    return Index(discriminator.name, {"INSERT": insert, "MODIFY": modify}, {"MODIFY": modify, "REMOVE": delete})


def _way(steps: tuple[Step, ...]) -> Way:
    """The way along steps, of which only those run whose required text stands in the record.

    Most conditions require one text in an attribute of the new image: ``changed("status", to="SHIPPED")``. Looking the
    text up finds the steps that can match, however many others there are.
    """
    required = [required_text(step.route.condition) for step in steps]
    counts = Counter(each[0] for each in required if each is not None)
    if not counts:
        return way_of(steps)
    attribute = max(counts, key=counts.__getitem__)  # most_common() imports heapq
    texts = [None if each is None or each[0] != attribute else each[1] for each in required]

    def way_for(text: str | None) -> Way:
        return way_of([step for step, wanted in zip(steps, texts, strict=True) if wanted is None or wanted == text])

    otherwise = way_for(None)
    by_text = {text: way_for(text) for text in texts if text is not None}

    def take_by_text(runner: Runner, raw: Any, position: int, new: Image, old: Image) -> Mark | Waiting:
        try:
            way = by_text.get(new[attribute]["S"], otherwise)
        except (KeyError, TypeError):  # the attribute is absent, no text, or malformed
            way = otherwise
        return None if way is skip_record else way(runner, raw, position, new, old)

    return take_by_text


def entity_reader(discriminator: Discriminator) -> Callable[[Record], str | None]:
    """The function that reads the entity name of a record: from the new image, else the old one, else the keys."""
    read = discriminator.read

    def read_entity(record: Record) -> str | None:
        return next((name for _, image in images_of(record) if (name := read(image)) is not None), None)

    if not isinstance(discriminator, Attribute):
        return read_entity
    attribute = discriminator.name

    def read_attribute(record: Record) -> str | None:
        image = record.new_image or record.old_image
        try:
            entity = image[attribute]["S"]  # type: ignore[index]  # None raises the TypeError below
        except (KeyError, TypeError):
            return read_entity(record)
        return entity if type(entity) is str and entity else read_entity(record)

    return read_attribute


def images_of(record: Record) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The images of a record with their names, in the order in which the discriminator reads them."""
    images = (("NewImage", record.new_image), ("OldImage", record.old_image), ("Keys", record.wire_keys))
    return ((name, image) for name, image in images if image)


_MOST_NAMES = 10


def what_it_found(discriminator: Discriminator, record: Record) -> str:
    """What stands where a discriminator reads no entity name: names of attributes and types, no values.

    Args:
        discriminator: The discriminator.
        record: A record of which it reads none.

    Example: ``no EntityType; the item has: pk, sk, type``, or ``EntityType is an N``.
    """
    image = next((image for _, image in images_of(record)), None)
    if image is None:
        return "the record has no image and no keys"
    entities = undecided(discriminator, image)
    if entities:
        return f"its key may name {' or '.join(map(repr, entities))}"
    present = [f"{name} is {_type_of(image[name])}" for name in discriminator.attributes if name in image]
    if present:
        return "; ".join(present)
    names = sorted(map(str, image))
    shown = ", ".join(name[:64] for name in names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
    absent = " and no ".join(discriminator.attributes)
    return f"no {absent}; the item has: {shown}" if absent else f"the item has: {shown}"


def _type_of(value: Any) -> str:
    tags = list(value) if isinstance(value, dict) else []
    if len(tags) != 1 or tags[0] not in _ARTICLES:
        return "no attribute value"
    return "an empty S" if value == {"S": ""} else f"{_ARTICLES[tags[0]]} {tags[0]}"


_ARTICLES = {
    **dict.fromkeys(("N", "NS", "S", "SS", "L", "M"), "an"),
    **dict.fromkeys(("B", "BS", "BOOL", "NULL"), "a"),
}
