"""Which images of a record have to look how, for a discriminator to read one of some names from it.

A dispatcher asks the new image, then the old one, then the keys. So a name that the old image tells counts only where
the new one tells none. Three facts about DynamoDB's streams go into it: the record of an insert has no old image, that
of a removal no new one, and a key attribute has the same value in the keys and in every image.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from router.event import Event
from router.local.filter_criteria.discriminator_tests import Choices, Reading

__all__ = ["Clause", "Keys", "clauses_of"]

Keys = Collection[str] | None
"""The table's key attributes; ``None`` where they are not known."""

_NEW, _OLD, _KEYS = "NewImage", "OldImage", "Keys"


@dataclass(frozen=True, slots=True)
class Clause:
    """What several images have to look like at once.

    Args:
        tests: What the text of an attribute is matched with, by image and attribute.
        widened: What else passes, where that cannot be helped.
    """

    tests: dict[tuple[str, str], Choices]
    widened: tuple[str, ...]

    @property
    def pattern(self) -> dict[str, Any]:
        """The clause as a part of a pattern, to stand under ``dynamodb``."""
        images: dict[str, Any] = {}
        for image in (_NEW, _OLD, _KEYS):
            tested = {name: {"S": list(choices)} for (at, name), choices in self.tests.items() if at == image}
            if tested:
                images[image] = tested
        return images

    def covers(self, other: Clause) -> bool:
        """Whether whatever the other one lets through, this one does too."""
        return self.tests.items() <= other.tests.items()


def clauses_of(readings: Sequence[Reading], names: Collection[str], events: Event, keys: Keys) -> list[Clause]:
    """The clauses of which one has to hold for one of the names to be read.

    Args:
        readings: The discriminator's rules.
        names: Names of entities.
        events: The events of the records.
        keys: The table's key attributes.
    """
    images = _images(events)
    found: list[Clause] = []
    for position in range(len(readings)):
        for image in images:
            for clause in _clause(readings, position, names, images[: images.index(image) + 1], keys):
                if not any(other.covers(clause) for other in found):
                    found = [other for other in found if not clause.covers(other)] + [clause]
    return found


def _images(events: Event) -> tuple[str, ...]:
    new, old = bool(events & (Event.INSERT | Event.MODIFY)), bool(events & (Event.MODIFY | Event.REMOVE))
    return (_NEW,) * new + (_OLD,) * old + (_KEYS,)


def _clause(
    readings: Sequence[Reading], position: int, names: Collection[str], images: Sequence[str], keys: Keys
) -> Iterator[Clause]:
    """The clause for a rule that tells a name from the last of the images; none where it cannot."""
    reading, *earlier = readings[position], *readings[:position]
    *before, image = images
    told = reading.told(names)
    if told is None or not _may_tell(reading, earlier, image, keys):
        return
    tests = _Tests(told.widened)
    tests.add(image, reading.attribute, told.choices)
    for rule in earlier:
        if not (image == _KEYS and _is_no_key(rule, keys)):
            tests.add_silence(image, rule)
    # What tells from a key would have told from the images before too, if no rule before it did.
    silent = earlier if (image == _KEYS and reading.attribute) or _is_key(reading, keys) else readings
    for other in before:
        for rule in silent:
            tests.add_silence(other, rule)
    if not tests.contradictory:
        yield Clause(tests.found, tuple(tests.widened))


def _may_tell(reading: Reading, earlier: Sequence[Reading], image: str, keys: Keys) -> bool:
    """Whether a rule can tell a name from an image that the other images would not tell as well."""
    if image == _KEYS:
        return not _is_no_key(reading, keys)
    return not all(_is_key(rule, keys) for rule in (*earlier, reading))


def _is_key(reading: Reading, keys: Keys) -> bool:
    return keys is not None and reading.attribute in keys


def _is_no_key(reading: Reading, keys: Keys) -> bool:
    return keys is not None and reading.attribute is not None and reading.attribute not in keys


class _Tests:
    """Tests that have to hold together."""

    def __init__(self, widened: str | None) -> None:
        self.found: dict[tuple[str, str], Choices] = {}
        self.widened: dict[str, None] = {} if widened is None else {widened: None}
        self.contradictory = False

    def add(self, image: str, attribute: str | None, choices: Choices) -> None:
        if attribute is None or not choices:
            return
        there = self.found.setdefault((image, attribute), choices)
        # One of them says that there is a text, the other that there is none.
        self.contradictory |= there != choices

    def add_silence(self, image: str, rule: Reading) -> None:
        self.add(image, rule.attribute, rule.silent)
        if not rule.silent:
            why = f"no pattern can say that {rule.written} reads nothing: what is asked after it passes beside it"
            self.widened[why] = None
