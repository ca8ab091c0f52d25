"""Events are flags that combine, contain each other and print as in source code."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Event

SINGLE = (Event.INSERT, Event.MODIFY, Event.DELETE, Event.EXPIRE)


def combinations() -> st.SearchStrategy[Event]:
    return st.integers(1, Event.ANY.value).map(Event)


@pytest.mark.parametrize("cause", [Event.DELETE, Event.EXPIRE])
def test_remove_covers_both_causes(cause: Event) -> None:
    """A delete and an expiry are both removals."""
    assert cause in Event.REMOVE


@pytest.mark.parametrize("event", [Event.INSERT, Event.MODIFY])
def test_remove_covers_nothing_else(event: Event) -> None:
    """Neither an insert nor a modification is a removal."""
    assert event not in Event.REMOVE


def test_causes_are_apart() -> None:
    """A delete is not an expiry."""
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
    """An event prints the fewest names, in the order of an item's life."""
    assert (str(event), repr(event), f"{event}") == (text, text, text)


@given(combinations())
def test_prints_as_written(event: Event) -> None:
    """The repr of an event evaluates to the event."""
    assert eval(repr(event), {str(member): member for member in (*SINGLE, Event.REMOVE, Event.ANY)}) == event  # noqa: S307


@given(combinations(), combinations())
def test_contains_agrees_with_single_events(one: Event, other: Event) -> None:
    """A combination contains another if it contains each of its single events."""
    assert (one in other) == all(event in other for event in SINGLE if event in one)


@pytest.mark.parametrize(
    ("event", "members"),
    [(Event, SINGLE), (Event.ANY, SINGLE), (Event.REMOVE, SINGLE[2:]), (Event.MODIFY, SINGLE[1:2]), (Event(0), ())],
)
def test_iteration(event: Iterable[Event], members: tuple[Event, ...]) -> None:
    """Iterating the class or an event yields single members, in the order of an item's life."""
    assert tuple(event) == members
