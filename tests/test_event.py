"""Events are flags that combine, contain each other and print as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Event

SINGLE = (Event.INSERT, Event.MODIFY, Event.DELETE, Event.EXPIRE)


def combinations() -> st.SearchStrategy[Event]:
    return st.integers(1, Event.ANY.value).map(Event)


@pytest.mark.parametrize("cause", [Event.DELETE, Event.EXPIRE])
def test_remove_covers_both_causes(cause: Event) -> None:
    """A user's delete and the end of a time to live are both removals."""
    assert cause in Event.REMOVE


@pytest.mark.parametrize("event", [Event.INSERT, Event.MODIFY])
def test_remove_covers_nothing_else(event: Event) -> None:
    """Neither an insert nor a modification is a removal."""
    assert event not in Event.REMOVE


def test_causes_are_apart() -> None:
    """A delete is no expiry."""
    assert Event.DELETE not in Event.EXPIRE


@pytest.mark.parametrize("event", SINGLE)
def test_any_covers_everything(event: Event) -> None:
    """Each event is in ANY."""
    assert event in Event.ANY


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Event.INSERT, "INSERT"),
        (Event.INSERT | Event.MODIFY, "INSERT|MODIFY"),
        (Event.MODIFY | Event.INSERT, "INSERT|MODIFY"),
        (Event.DELETE, "DELETE"),
        (Event.EXPIRE, "EXPIRE"),
        (Event.DELETE | Event.EXPIRE, "REMOVE"),
        (Event.INSERT | Event.REMOVE, "INSERT|REMOVE"),
        (Event.MODIFY | Event.EXPIRE, "MODIFY|EXPIRE"),
        (Event.INSERT | Event.MODIFY | Event.REMOVE, "ANY"),
        (~Event.INSERT, "MODIFY|REMOVE"),
        (Event(0), "Event(0)"),
    ],
)
def test_prints_names(event: Event, text: str) -> None:
    """An event prints the fewest names that make it, in the order of an item's life."""
    assert (str(event), repr(event), f"{event}") == (text, text, text)


@given(combinations())
def test_prints_as_written(event: Event) -> None:
    """What is printed, read as Python, is the event again."""
    assert eval(repr(event), {str(member): member for member in (*SINGLE, Event.REMOVE, Event.ANY)}) == event  # noqa: S307


@given(combinations(), combinations())
def test_contains_agrees_with_single_events(one: Event, other: Event) -> None:
    """One combination contains another when it has each of its single events."""
    assert (one in other) == all(event in other for event in SINGLE if event in one)
