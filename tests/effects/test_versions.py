"""Versions sort as the changes of an item do."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Event, Record, Reject
from router.effects.attributes import to_attributes
from router.effects.expressions import Placeholders
from router.effects.memory_expressions import Expression
from router.effects.versions import Version, version_of
from router.record import BACKFILLED

NUMBERS = st.integers(1, 10**60) | st.builds(
    lambda digits, step: 10**digits + step, st.integers(1, 56), st.integers(-1, 1)
)


def text(number: int | str) -> str:
    return version_of(Record({}, {"SequenceNumber": str(number)}, Event.MODIFY)).text


@given(NUMBERS, NUMBERS)
def test_texts_sort_as_integers_do(one: int, other: int) -> None:
    """Of any length, by bytes."""
    assert (text(one).encode() < text(other).encode()) == (one < other)


@given(NUMBERS, st.integers(0, 30))
def test_leading_zeros_change_nothing(number: int, zeros: int) -> None:
    """DynamoDB Local writes numbers with them."""
    assert text("0" * zeros + str(number)) == text(number)


@given(st.integers(1_600_000_000_000_000, 1_900_000_000_000_000), st.integers(0, 10))
def test_times_sort_to_the_microsecond(microseconds: int, later: int) -> None:
    """As DynamoDB writes them to Kinesis."""
    one, other = (
        version_of(Record({"eventID": "e"}, {"ApproximateCreationDateTime": moment}, Event.MODIFY))
        for moment in (microseconds, microseconds + later)
    )
    assert (one.text < other.text) == (later > 0)
    assert (one.at, other.at) == (microseconds, microseconds + later)


def test_a_record_of_a_stream_without_its_number_is_rejected() -> None:
    """It is damaged: its time, as of a change in Kinesis, would be compared with no later number."""
    wire = {"eventID": "e", "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/shop/stream/label"}
    record = Record(wire, {"ApproximateCreationDateTime": 1_760_000_000}, Event.INSERT)
    with pytest.raises(Reject, match="of a stream without SequenceNumber"):
        version_of(record)


@st.composite
def versions(draw: st.DrawFn) -> Version:
    """Those of each kind, with times that are equal, within the rounding of a time, or far apart."""
    kind = draw(st.sampled_from("stb"))
    times = st.integers(1_760_000_000, 1_760_000_150)
    seconds = draw(st.none() | times if kind == "b" else times)
    body = {"SequenceNumber": str(draw(NUMBERS)) if kind == "s" else None, "ApproximateCreationDateTime": seconds}
    wire = {"eventID": draw(st.sampled_from("ef")), "eventSource": BACKFILLED if kind == "b" else "aws:dynamodb"}
    return version_of(Record(wire, body, Event.MODIFY))


@given(versions(), versions())
def test_the_condition_of_dynamodb_says_which_versions_are_older(stored: Version, version: Version) -> None:
    """As the value does from which a script of OpenSearch is made."""
    placeholders = Placeholders()
    condition = version.newer_than("version", "at", placeholders)
    item = to_attributes({"version": stored.text, "at": stored.at})
    holds = Expression(condition, placeholders.parameters()).holds(item)
    assert holds == version.older().contains(stored.text, stored.at)


@given(versions(), versions())
def test_of_two_versions_at_most_one_is_older(one: Version, other: Version) -> None:
    """Except for backfills of one time, of which the last counts."""
    older, later = one.older().contains(*other), other.older().contains(*one)
    assert not (older and later) or (one.text == other.text and one.kind == "b")


@given(st.lists(st.integers(0, 10**40), min_size=1), st.randoms())
def test_the_latest_version_is_left_in_any_order(numbers: list[int], random: Random) -> None:
    """A store that takes only what is newer ends with it."""
    random.shuffle(numbers)
    stored: Version | None = None
    for number in (*numbers, *numbers[: len(numbers) // 2]):
        version = version_of(Record({}, {"SequenceNumber": str(number)}, Event.MODIFY))
        if stored is None or version.older().contains(*stored):
            stored = version
    assert stored is not None
    assert stored.text == text(max(numbers))
