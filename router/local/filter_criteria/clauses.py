"""Combine tests of attributes into tests of a record's images, from which a discriminator reads one of some names.

A dispatcher reads the new image, then the old one, then the keys. So a name in the old image counts only if the new one
has none. Three facts about DynamoDB's streams matter: the record of an insert has no old image, the record of a removal
has no new one, and a key attribute has the same value in the keys and in every image.
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
"""The table's key attributes; ``None`` if they are unknown."""

_NEW, _OLD, _KEYS = "NewImage", "OldImage", "Keys"


@dataclass(frozen=True, slots=True)
class Clause:
    """Tests of several images that must hold together.

    Args:
        tests: The values for an attribute's text, by image and attribute.
        widened: What else passes, if the pattern cannot exclude it.
    """

    tests: dict[tuple[str, str], Choices]
    widened: tuple[str, ...]

    @property
    def pattern(self) -> dict[str, Any]:
        """The part of a pattern below ``dynamodb``."""
        images: dict[str, Any] = {}
        for image in (_NEW, _OLD, _KEYS):
            tested = {name: {"S": list(choices)} for (at, name), choices in self.tests.items() if at == image}
            if tested:
                images[image] = tested
        return images

    def covers(self, other: Clause) -> bool:
        """Whether this clause passes every record that the other one passes."""
        return self.tests.items() <= other.tests.items()


def clauses_of(readings: Sequence[Reading], names: Collection[str], events: Event, keys: Keys) -> list[Clause]:
    """The clauses of which one must hold, for the discriminator to read one of the names.

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
    """The clause for a rule that reads a name from the last of the images; none if it cannot."""
    reading, *earlier = readings[position], *readings[:position]
    *before, image = images
    name_test = reading.name_test(names)
    if name_test is None or not _may_read(reading, earlier, image, keys):
        return
    tests = _Tests(name_test.widened)
    tests.add(image, reading.attribute, name_test.choices)
    for rule in earlier:
        if not (image == _KEYS and _is_no_key(rule, keys)):
            tests.add_no_name(image, rule)
    # A rule that reads a key reads the same name from the images before, unless an earlier rule reads one there.
    nameless = earlier if (image == _KEYS and reading.attribute) or _is_key(reading, keys) else readings
    for other in before:
        for rule in nameless:
            tests.add_no_name(other, rule)
    if not tests.contradictory:
        yield Clause(tests.found, tuple(tests.widened))


def _may_read(reading: Reading, earlier: Sequence[Reading], image: str, keys: Keys) -> bool:
    """Whether a rule can read a name from an image that it does not read from an image before."""
    if image == _KEYS:
        return not _is_no_key(reading, keys)
    return not all(_is_key(rule, keys) for rule in (*earlier, reading))


def _is_key(reading: Reading, keys: Keys) -> bool:
    return keys is not None and reading.attribute in keys


def _is_no_key(reading: Reading, keys: Keys) -> bool:
    return keys is not None and reading.attribute is not None and reading.attribute not in keys


class _Tests:
    """Collects tests that must hold together."""

    def __init__(self, widened: str | None) -> None:
        self.found: dict[tuple[str, str], Choices] = {}
        self.widened: dict[str, None] = {} if widened is None else {widened: None}
        self.contradictory = False

    def add(self, image: str, attribute: str | None, choices: Choices) -> None:
        if attribute is None or not choices:
            return
        present = self.found.setdefault((image, attribute), choices)
        # One test requires a text, the other requires none.
        self.contradictory |= present != choices

    def add_no_name(self, image: str, rule: Reading) -> None:
        self.add(image, rule.attribute, rule.no_name)
        if not rule.no_name:
            why = f"no pattern can express that {rule.written} reads nothing: the rules after it pass more"
            self.widened[why] = None
