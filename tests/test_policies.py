"""The nearest policy that covers a failure decides what it becomes, and no default drops a record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Drop, Park, RegistrationError, Reject, Retry
from router.policies import OnError, Policy, check_on_error, decide, parks, policies_of

HOUR = 3600.0

ERRORS: dict[str, Exception] = {"timeout": TimeoutError(), "value": ValueError(), "reject": Reject("no")}


def decided(
    error: Exception, *levels: OnError | None, permanent: bool = False, age: float | None = 0.0, can_park: bool = True
) -> Policy:
    return decide(error, permanent=permanent, levels=levels, age=lambda: age, can_park=can_park)


@pytest.mark.parametrize(
    ("permanent", "can_park", "policy"),
    [
        (False, False, Retry()),
        (False, True, Retry()),
        (True, False, Retry()),
        (True, True, Park()),
    ],
)
@pytest.mark.parametrize("levels", [(), (None,), (None, None), (None, Retry()), (Retry(), Retry()), ({}, Retry())])
def test_default(permanent: bool, can_park: bool, policy: Policy, levels: tuple[OnError | None, ...]) -> None:
    """By default a failure is retried, and a permanent one is parked if there is a parking place."""
    assert decided(ValueError(), *levels, permanent=permanent, can_park=can_park) == policy


@pytest.mark.parametrize(
    ("levels", "permanent", "policy"),
    [
        ((Park(),), False, Park()),
        ((Park(),), True, Park()),
        ((Drop(),), False, Drop()),
        ((Drop(),), True, Drop()),
        ((Retry(), Drop()), False, Retry()),
        ((Retry(), Drop()), True, Drop()),
        ((Drop(), Retry()), False, Drop()),
        ((None, Drop()), False, Drop()),
        ((Park(), Drop()), True, Park()),
        (({TimeoutError: Retry()}, Park()), False, Retry()),
        (({TimeoutError: Retry()}, Park()), True, Retry()),
        (({ValueError: Drop()}, Park()), False, Park()),
        (({ValueError: Drop()}, None), False, Retry()),
        (({ValueError: Drop()}, {TimeoutError: Park()}), False, Park()),
        (({OSError: Drop()},), False, Drop()),
        (({OSError: Drop(), TimeoutError: Park()},), False, Park()),
        (({Exception: Drop(), OSError: Park()},), False, Park()),
        (({Exception: Retry()},), True, Retry()),
        (({KeyError: Drop()}, {Exception: Park()}), False, Park()),
    ],
)
def test_levels(levels: tuple[OnError | None, ...], permanent: bool, policy: Policy) -> None:
    """The nearest level that covers the error decides; a bare Retry() does not cover permanent ones."""
    assert decided(TimeoutError(), *levels, permanent=permanent) == policy


@pytest.mark.parametrize(
    ("age", "policy"),
    [
        (0.0, Retry(park_after=HOUR)),
        (HOUR - 1, Retry(park_after=HOUR)),
        (HOUR, Park()),
        (HOUR + 1, Park()),
        (None, Retry(park_after=HOUR)),
        (-5.0, Retry(park_after=HOUR)),
    ],
)
@pytest.mark.parametrize("level", [Retry(park_after=HOUR), {TimeoutError: Retry(park_after=HOUR)}])
def test_park_after(level: OnError, age: float | None, policy: Policy) -> None:
    """A record is parked from the age of park_after on, and never if its age is unknown."""
    assert decided(TimeoutError(), level, age=age) == policy


def test_park_after_is_silent_on_what_is_permanent() -> None:
    """A bare Retry with an age does not cover permanent failures."""
    assert decided(Reject("no"), Retry(park_after=HOUR), permanent=True) == Park()


def test_no_level_above_is_asked() -> None:
    """Levels after the one that decides are not read."""

    def levels() -> Any:
        yield Park()
        pytest.fail("the second level was asked")

    assert decide(ValueError(), permanent=False, levels=levels(), age=lambda: None, can_park=True) == Park()


@given(
    st.sampled_from(sorted(ERRORS)),
    st.booleans(),
    st.lists(
        st.sampled_from([None, Retry(), Retry(park_after=HOUR), Park(), {OSError: Park()}, {ValueError: Retry()}])
    ),
    st.none() | st.floats(0, 10 * HOUR),
    st.booleans(),
)
def test_nothing_is_dropped_unasked(
    error: str, permanent: bool, levels: list[OnError | None], age: float | None, can_park: bool
) -> None:
    """Without Drop() nothing is dropped."""
    chosen = decided(ERRORS[error], *levels, permanent=permanent, age=age, can_park=can_park)
    assert not isinstance(chosen, Drop)


@given(
    st.booleans(),
    st.lists(st.sampled_from([None, Retry(), Drop(), {OSError: Drop()}, {ValueError: Retry()}])),
    st.none() | st.floats(0, 10 * HOUR),
)
def test_nothing_is_parked_without_a_place(permanent: bool, levels: list[OnError | None], age: float | None) -> None:
    """Without a parking place and without Park() nothing is parked."""
    chosen = decided(TimeoutError(), *levels, permanent=permanent, age=age, can_park=False)
    assert not isinstance(chosen, Park)


# --------------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (Retry(), "Retry()"),
        (Retry(park_after=60), "Retry(park_after=60)"),
        (Retry(park_after=0.5), "Retry(park_after=0.5)"),
        (Retry(park_after=timedelta(hours=1)), "Retry(park_after=3600.0)"),
        (Park(), "Park()"),
        (Drop(), "Drop()"),
    ],
)
def test_prints_as_written(policy: Policy, text: str) -> None:
    """The repr of a policy evaluates to an equal one."""
    assert repr(policy) == text
    assert eval(text, {"Retry": Retry, "Park": Park, "Drop": Drop}) == policy  # noqa: S307 - the test evaluates a repr


def test_timedelta_is_seconds() -> None:
    """A timedelta is converted to seconds."""
    assert Retry(park_after=timedelta(minutes=1)) == Retry(park_after=60)


@pytest.mark.parametrize("policy", [Retry(), Retry(park_after=1), Park(), Drop()])
def test_hashable(policy: Policy) -> None:
    """A policy can be hashed."""
    assert isinstance(hash(policy), int)


def test_frozen() -> None:
    """A policy cannot be changed."""
    with pytest.raises(AttributeError):
        Retry().park_after = 1  # type: ignore[misc]  # wrong on purpose


@pytest.mark.parametrize(
    ("age", "found"),
    [
        (0, "0"),
        (-1, "-1"),
        (float("nan"), "nan"),
        (timedelta(0), "0.0"),
        (timedelta(seconds=-1), "-1.0"),
        ("1 h", "a value of type str"),
    ],
)
def test_refuses_an_age(age: Any, found: str) -> None:
    """An age is a positive number of seconds."""
    with pytest.raises(RegistrationError) as caught:
        Retry(park_after=age)
    assert str(caught.value) == f"Retry(park_after=) found {found}, expected seconds above zero or a timedelta"


def test_refuses_a_boolean_age() -> None:
    """A bool is not a number of seconds."""
    with pytest.raises(RegistrationError):
        Retry(park_after=True)


@pytest.mark.parametrize(
    ("level", "policies"),
    [(None, ()), (Retry(), (Retry(),)), ({}, ()), ({OSError: Park(), ValueError: Drop()}, (Park(), Drop()))],
)
def test_policies_of(level: OnError | None, policies: tuple[Policy, ...]) -> None:
    """A level's policies are all that it can choose."""
    assert policies_of(level) == policies


@pytest.mark.parametrize(
    ("policy", "needs_a_place"), [(Retry(), False), (Retry(park_after=1), True), (Park(), True), (Drop(), False)]
)
def test_parks(policy: Policy, needs_a_place: bool) -> None:
    """A policy that parks, at once or from an age on, needs a parking place."""
    assert parks(policy) is needs_a_place


@pytest.mark.parametrize(
    "value", [None, Retry(), Park(), Drop(), {}, {OSError: Park()}, {Exception: Retry(park_after=1)}]
)
def test_accepts(value: object) -> None:
    """Policies and mappings of exception types to policies are accepted."""
    check_on_error(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Retry, "on_error found the class Retry, expected Retry(), Park() or Drop(); write Retry()"),
        (Drop, "on_error found the class Drop, expected Retry(), Park() or Drop(); write Drop()"),
        ("retry", "on_error found a value of type str, expected Retry(), Park() or Drop()"),
        (int, "on_error found the class int, expected Retry(), Park() or Drop()"),
        (
            {OSError: Park},
            "on_error found the class Park for OSError, expected Retry(), Park() or Drop(); write Park()",
        ),
        (
            {OSError: None},
            "on_error found a value of type NoneType for OSError, expected Retry(), Park() or Drop()",
        ),
        (
            {"OSError": Park()},
            "on_error found a value of type str as a key, expected exception types: {TimeoutError: Retry()}",
        ),
        ({int: Park()}, "on_error found the class int as a key, expected exception types: {TimeoutError: Retry()}"),
        (
            {KeyboardInterrupt: Park()},
            "on_error found the class KeyboardInterrupt as a key, expected exception types: {TimeoutError: Retry()}",
        ),
    ],
)
def test_refuses(value: object, text: str) -> None:
    """A wrong value is refused; the message says what was found and what to write."""
    with pytest.raises(RegistrationError) as caught:
        check_on_error(value)
    assert str(caught.value) == text
