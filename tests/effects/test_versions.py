"""Versions sort as the changes of an item do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Event, Record, Reject
from router.effects.versions import version_of

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
