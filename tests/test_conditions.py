"""Conditions compare wire images, combine with three-valued logic, and print as in their source."""

from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import RegistrationError, all_of, any_of, became, changed, conditions, not_, where
from router.conditions import Condition
from tests.strategies import images, junk

ABSENT: dict[str, Any] = {}


class Status(enum.Enum):
    PAID = "PAID"
    SHIPPED = "SHIPPED"


NAMESPACE = {
    **{name: getattr(conditions, name) for name in ("all_of", "any_of", "became", "changed", "not_")},
    "Decimal": Decimal,
    "Status": Status,
}


def status(value: str) -> dict[str, Any]:
    return {"status": {"S": value}}


def large(change: Any) -> bool:
    return bool(change > 100)


def small(change: Any) -> bool:
    return bool(change < 50)


# ----------------------------------------------------------------------------------------------------------- strategies

PATHS = st.sampled_from(["a", "b", "m.a", "l[0]", "l[1].a"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["x", "y", Decimal("1.0")])
VALUES = (
    SCALARS
    | st.just(Status.PAID)
    | st.lists(SCALARS, max_size=2)
    | st.dictionaries(st.sampled_from("ab"), SCALARS, max_size=2)
)


def wire_values() -> st.SearchStrategy[dict[str, Any]]:
    """Values from a small pool, so that two of them are often the same."""
    leaf: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [{"N": "1"}, {"N": "1.0"}, {"N": "2"}, {"S": "x"}, {"S": "PAID"}, {"NULL": True}, {"BOOL": True}]
    )
    return leaf | st.builds(dict, L=st.lists(leaf, max_size=2)) | st.builds(dict, M=st.dictionaries(names(), leaf))


def names() -> st.SearchStrategy[str]:
    return st.sampled_from(["a", "b", "m", "l"])


def small_images() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(names(), wire_values(), max_size=4)


@st.composite
def changes_of(draw: st.DrawFn) -> Condition[Any]:
    given_values = {name: draw(VALUES) for name in draw(st.sets(st.sampled_from(["from_", "to"])))}
    return changed(*draw(st.lists(PATHS, min_size=1, max_size=3)), **given_values)


def combined(leaf: st.SearchStrategy[Condition[Any]]) -> st.SearchStrategy[Condition[Any]]:
    def extend(inner: st.SearchStrategy[Condition[Any]]) -> st.SearchStrategy[Condition[Any]]:
        several = st.lists(inner, min_size=1, max_size=3)
        return inner.map(not_) | several.map(lambda parts: all_of(*parts)) | several.map(lambda parts: any_of(*parts))

    return st.recursive(leaf, extend, max_leaves=6)


def on_wire() -> st.SearchStrategy[Condition[Any]]:
    return combined(changes_of() | st.builds(became, PATHS, VALUES))


def any_condition() -> st.SearchStrategy[Condition[Any]]:
    typed = st.sampled_from([where(large), where(small)])
    return combined(changes_of() | st.builds(became, PATHS, VALUES) | typed)


# -------------------------------------------------------------------------------------------------------------- changed


@pytest.mark.parametrize(
    ("condition", "old", "new", "answer"),
    [
        (changed("status"), status("PAID"), status("SHIPPED"), True),
        (changed("status"), status("PAID"), status("PAID"), False),
        (changed("status"), ABSENT, status("PAID"), True),
        (changed("status"), status("PAID"), ABSENT, True),
        (changed("status"), ABSENT, ABSENT, False),
        (changed("status"), {"n": {"N": "1"}}, {"n": {"N": "2"}}, False),
        (changed("status", to="SHIPPED"), status("PAID"), status("SHIPPED"), True),
        (changed("status", to="SHIPPED"), status("SHIPPED"), status("SHIPPED"), False),
        (changed("status", to="SHIPPED"), status("PAID"), status("LOST"), False),
        (changed("status", to="SHIPPED"), ABSENT, status("SHIPPED"), True),
        (changed("status", to="SHIPPED"), status("SHIPPED"), ABSENT, False),
        (changed("status", to=Status.SHIPPED), status("PAID"), status("SHIPPED"), True),
        (changed("status", from_="PAID"), status("PAID"), status("LOST"), True),
        (changed("status", from_="PAID"), status("LOST"), status("PAID"), False),
        (changed("status", from_="PAID"), status("PAID"), status("PAID"), False),
        (changed("status", from_="PAID"), status("PAID"), ABSENT, True),
        (changed("status", from_="PAID"), ABSENT, status("PAID"), False),
        (changed("status", from_="PAID", to="SHIPPED"), status("PAID"), status("SHIPPED"), True),
        (changed("status", from_="PAID", to="SHIPPED"), status("LOST"), status("SHIPPED"), False),
        (changed("status", from_="PAID", to="SHIPPED"), status("PAID"), status("LOST"), False),
        (changed("status", from_="PAID", to="PAID"), status("PAID"), status("PAID"), False),
    ],
)
def test_changed(condition: Condition[Any], old: Any, new: Any, answer: bool) -> None:
    """An attribute has changed if its values differ or one is absent, and if they are those of from_ and to."""
    assert condition.wire(old, new) is answer


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ({"N": "1"}, {"N": "1.0"}, False),
        ({"N": "1E2"}, {"N": "100"}, False),
        ({"N": "100"}, {"N": "100.1"}, True),
        ({"N": "1"}, {"S": "1"}, True),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}, False),
        ({"NS": ["1", "2"]}, {"NS": ["2.0", "1"]}, False),
        ({"SS": ["a"]}, {"SS": ["a", "b"]}, True),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}, True),
        ({"M": {"a": {"N": "1"}}}, {"M": {"a": {"N": "1.0"}}}, False),
    ],
)
def test_changed_compares_by_value(old: Any, new: Any, answer: bool) -> None:
    """Numbers are compared by value and sets in any order."""
    assert changed("a").wire({"a": old}, {"a": new}) is answer


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (100, {"N": "1E2"}),
        (Decimal("1.0"), {"N": "1"}),
        (0.5, {"N": "0.50"}),
        ({"a", "b"}, {"SS": ["b", "a"]}),
        ([1, {"x": None}], {"L": [{"N": "1.0"}, {"M": {"x": {"NULL": True}}}]}),
        (b"hi", {"B": "aGk="}),
        (True, {"BOOL": True}),
        ({Status.PAID, Status.SHIPPED}, {"SS": ["SHIPPED", "PAID"]}),
    ],
)
def test_changed_to_values_of_each_type(value: Any, wire: Any) -> None:
    """``from_`` and ``to`` can be of every type that an attribute can have."""
    assert changed("a", to=value).wire(ABSENT, {"a": wire})
    assert changed("a", from_=value).wire({"a": wire}, ABSENT)


@pytest.mark.parametrize(
    ("condition", "old", "new", "answer"),
    [
        (changed("a", to=None), {"a": {"S": "x"}}, {"a": {"NULL": True}}, True),
        (changed("a", to=None), {"a": {"S": "x"}}, ABSENT, False),
        (changed("a", from_=None), {"a": {"NULL": True}}, {"a": {"S": "x"}}, True),
        (changed("a", from_=None), ABSENT, {"a": {"S": "x"}}, False),
        (changed("a"), ABSENT, {"a": {"NULL": True}}, True),
        (became("a", None), ABSENT, {"a": {"NULL": True}}, True),
        (became("a", None), {"a": {"S": "x"}}, ABSENT, False),
    ],
)
def test_null_is_not_absence(condition: Condition[Any], old: Any, new: Any, answer: bool) -> None:
    """None is the value NULL, not an absent attribute."""
    assert condition.wire(old, new) is answer


@pytest.mark.parametrize(
    ("path", "old", "new", "answer"),
    [
        ("address.city", {"M": {"city": {"S": "Bonn"}}}, {"M": {"city": {"S": "Rome"}}}, True),
        ("address.city", {"M": {"city": {"S": "Bonn"}}}, {"M": {"city": {"S": "Bonn"}, "zip": {"S": "1"}}}, False),
        ("address.city", {"M": {}}, {"M": {"city": {"S": "Rome"}}}, True),
        ("address.city", {"S": "Bonn"}, {"M": {"city": {"S": "Bonn"}}}, True),
        ("address[1]", {"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "a"}, {"S": "c"}]}, True),
        ("address[0]", {"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "a"}, {"S": "c"}]}, False),
        ("address[1]", {"L": [{"S": "a"}]}, {"L": [{"S": "a"}, {"S": "c"}]}, True),
        ("address[0].x", {"L": [{"M": {"x": {"N": "1"}}}]}, {"L": [{"M": {"x": {"N": "2"}}}]}, True),
    ],
)
def test_nested(path: str, old: Any, new: Any, answer: bool) -> None:
    """A path leads through maps and lists."""
    assert changed(path).wire({"address": old}, {"address": new}) is answer


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ({"a": {"N": "1"}, "b": {"N": "1"}}, {"a": {"N": "2"}, "b": {"N": "1"}}, True),
        ({"a": {"N": "1"}, "b": {"N": "1"}}, {"a": {"N": "1"}, "b": {"N": "2"}}, True),
        ({"a": {"N": "1"}, "b": {"N": "1"}}, {"a": {"N": "1"}, "b": {"N": "1"}}, False),
    ],
)
def test_several_attributes(old: Any, new: Any, answer: bool) -> None:
    """One changed attribute of several is enough."""
    assert changed("a", "b").wire(old, new) is answer


def test_several_attributes_from_one_to_one() -> None:
    """One attribute has to meet both from_ and to."""
    old, new = {"a": {"N": "1"}, "b": {"N": "5"}}, {"a": {"N": "9"}, "b": {"N": "2"}}
    assert changed("a", "b", from_=1, to=2).wire(old, new) is False


@given(small_images())
def test_nothing_changes_between_equals(image: Any) -> None:
    """Nothing has changed between an image and itself."""
    assert changed("a", "b", "m.a", "l[0]").wire(image, image) is False


# --------------------------------------------------------------------------------------------------------------- became


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        (status("PAID"), status("SHIPPED"), True),
        (ABSENT, status("SHIPPED"), True),
        (status("SHIPPED"), status("SHIPPED"), False),
        (status("SHIPPED"), status("PAID"), False),
        (status("SHIPPED"), ABSENT, False),
        (ABSENT, ABSENT, False),
    ],
)
def test_became(old: Any, new: Any, answer: bool) -> None:
    """An attribute became a value if it has it now and did not before, in an insert too."""
    assert became("status", "SHIPPED").wire(old, new) is answer


@given(PATHS, VALUES, small_images(), small_images())
def test_became_is_changed_to(path: str, value: Any, old: Any, new: Any) -> None:
    """An attribute that became a value has changed to it."""
    assert became(path, value).wire(old, new) == changed(path, to=value).wire(old, new)


# ---------------------------------------------------------------------------------------------------------------- where


def test_where_cannot_tell_on_the_wire() -> None:
    """The wire images do not decide a predicate."""
    assert where(large).wire(ABSENT, status("PAID")) is None


@pytest.mark.parametrize(("change", "answer"), [(101, True), (100, False)])
def test_where(change: int, answer: bool) -> None:
    """A predicate decides from the typed change."""
    assert where(large).typed(change, ABSENT, ABSENT) is answer


def test_where_answers_yes_or_no() -> None:
    """A predicate's return value counts by its truth."""

    def untyped(change: Any) -> Any:
        return ["something"]

    assert where(untyped).typed(1, ABSENT, ABSENT) is True


class Over:
    def __call__(self, change: Any) -> bool:
        return bool(change > 1)


class Later:
    async def __call__(self, change: Any) -> bool:
        return True


async def later(change: Any) -> bool:
    return True


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (where(large), "where(large)"),
        (where(Over()), "where(Over)"),
        (where(functools.partial(large)), "where(partial)"),
        (where(str.isupper), "where(isupper)"),
    ],
)
def test_where_prints_a_name(condition: Condition[Any], text: str) -> None:
    """A predicate prints by name, without an address that differs in each process."""
    assert repr(condition) == text


def test_where_prints_a_line() -> None:
    """A lambda prints with its line."""
    predicate: Callable[[Any], bool] = lambda change: change > 1  # noqa: E731 - the test needs its line
    assert repr(where(predicate)) == f"where(<lambda> at line {predicate.__code__.co_firstlineno})"


@pytest.mark.parametrize(
    ("predicate", "found"),
    [
        (later, "an async function"),
        (Later(), "an async function"),
        (functools.partial(later), "an async function"),
        ("status", "a value of type str"),
        (None, "a value of type NoneType"),
    ],
)
def test_where_refuses(predicate: Any, found: str) -> None:
    """A predicate that cannot be called, or that returns a coroutine, which is always true, is refused."""
    with pytest.raises(RegistrationError) as caught:
        where(predicate)
    assert str(caught.value) == f"where() found {found}, expected a plain function of the change that returns a bool"


# ---------------------------------------------------------------------------------------------------------- combinators

YES, NO, UNSURE = changed("a"), changed("b"), where(large)
OLD, NEW = {"a": {"N": "1"}}, {"a": {"N": "2"}}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (all_of(YES), True),
        (all_of(NO), False),
        (all_of(UNSURE), None),
        (all_of(YES, YES), True),
        (all_of(YES, NO), False),
        (all_of(YES, UNSURE), None),
        (all_of(UNSURE, YES), None),
        (all_of(NO, UNSURE), False),
        (all_of(UNSURE, NO), False),
        (any_of(YES), True),
        (any_of(NO), False),
        (any_of(UNSURE), None),
        (any_of(NO, NO), False),
        (any_of(YES, NO), True),
        (any_of(YES, UNSURE), True),
        (any_of(UNSURE, YES), True),
        (any_of(NO, UNSURE), None),
        (any_of(UNSURE, NO), None),
        (not_(YES), False),
        (not_(NO), True),
        (not_(UNSURE), None),
        (not_(all_of(UNSURE, NO)), True),
        (not_(any_of(UNSURE, YES)), False),
    ],
)
def test_three_values(condition: Condition[Any], answer: bool | None) -> None:
    """True, false and unknown combine as in Kleene's logic, so images are decoded only if the answer is unknown."""
    assert condition.wire(OLD, NEW) is answer


@given(any_condition(), small_images(), small_images(), st.integers(0, 200))
def test_wire_agrees_with_typed(condition: Condition[Any], old: Any, new: Any, change: int) -> None:
    """An answer from the wire images is the answer from the typed change."""
    answer = condition.wire(old, new)
    assert answer is None or answer is condition.typed(change, old, new)


@given(on_wire(), small_images(), small_images())
def test_wire_is_enough_without_where(condition: Condition[Any], old: Any, new: Any) -> None:
    """Only a predicate can make the answer from the wire images unknown."""
    assert condition.wire(old, new) is not None


@given(any_condition(), small_images(), small_images(), st.integers(0, 200))
def test_not_turns_the_answer_round(condition: Condition[Any], old: Any, new: Any, change: int) -> None:
    """A negation answers the opposite of its condition."""
    assert not_(condition).typed(change, old, new) is not condition.typed(change, old, new)


@given(any_condition(), any_condition(), small_images(), small_images())
def test_de_morgan(one: Condition[Any], other: Condition[Any], old: Any, new: Any) -> None:
    """De Morgan's laws hold, for unknown answers too."""
    assert not_(all_of(one, other)).wire(old, new) is any_of(not_(one), not_(other)).wire(old, new)


@given(on_wire(), images() | st.dictionaries(st.sampled_from(["a", "b", "m", "l"]), junk(), max_size=3))
def test_never_raises(condition: Condition[Any], image: Any) -> None:
    """A condition raises nothing for any images."""
    assert isinstance(condition.wire(image, {}), bool)


@pytest.mark.parametrize(
    ("condition", "compares"),
    [
        (changed("a"), True),
        (became("a", 1), True),
        (where(large), False),
        (all_of(where(large)), False),
        (all_of(where(large), changed("a")), True),
        (any_of(where(large), became("a", 1)), True),
        (not_(where(large)), False),
        (not_(changed("a")), True),
    ],
)
def test_compares(condition: Condition[Any], compares: bool) -> None:
    """A condition says whether it needs both images of a modification."""
    assert condition.compares is compares


# --------------------------------------------------------------------------------------------------------------- values


def test_values_left_out_are_shown_as_such() -> None:
    """The signature in help() shows the defaults as ``...``, without an address."""
    assert "from_: 'Any' = ..., to: 'Any' = ..." in str(inspect.signature(changed))


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (changed("status"), "changed('status')"),
        (changed("status", "total"), "changed('status', 'total')"),
        (changed("status", to="SHIPPED"), "changed('status', to='SHIPPED')"),
        (changed("status", from_="PAID"), "changed('status', from_='PAID')"),
        (changed("status", to="SHIPPED", from_="PAID"), "changed('status', from_='PAID', to='SHIPPED')"),
        (changed("status", to=None), "changed('status', to=None)"),
        (changed("status", to=Status.PAID), "changed('status', to=Status.PAID)"),
        (changed("total", to=Decimal("1.50")), "changed('total', to=Decimal('1.50'))"),
        (became("lines[0].total", 7), "became('lines[0].total', 7)"),
        (became("status", Status.PAID), "became('status', Status.PAID)"),
        (all_of(changed("a")), "all_of(changed('a'))"),
        (all_of(changed("a"), where(large)), "all_of(changed('a'), where(large))"),
        (any_of(changed("a"), became("b", 1)), "any_of(changed('a'), became('b', 1))"),
        (not_(any_of(changed("a"), changed("b"))), "not_(any_of(changed('a'), changed('b')))"),
    ],
)
def test_prints_as_written(condition: Condition[Any], text: str) -> None:
    """A condition prints as in its source."""
    assert repr(condition) == text


@given(on_wire())
def test_printed_is_equal(condition: Condition[Any]) -> None:
    """The repr of a condition evaluates to an equal condition."""
    assert eval(repr(condition), dict(NAMESPACE)) == condition  # noqa: S307 - the test evaluates a repr


@given(any_condition(), any_condition())
def test_equal_if_printed_equal(one: Condition[Any], other: Condition[Any]) -> None:
    """Conditions with the same repr are equal."""
    assert repr(one) != repr(other) or one == other


@pytest.mark.parametrize(
    "condition", [changed("a", to=1), became("a", "x"), where(large), all_of(changed("a")), not_(changed("a", "b"))]
)
def test_hashable(condition: Condition[Any]) -> None:
    """A condition can be hashed if its values can."""
    assert isinstance(hash(condition), int)


def test_equals_hash_alike() -> None:
    """Equal conditions have equal hashes."""
    assert hash(all_of(changed("a", to=1))) == hash(all_of(changed("a", to=1)))


def test_not_hashable() -> None:
    """A condition on a value that cannot be hashed cannot be hashed either."""
    with pytest.raises(TypeError):
        hash(changed("a", to=[1]))


@pytest.mark.parametrize(
    ("condition", "attribute"),
    [
        (changed("a"), "to"),
        (became("a", 1), "to"),
        (where(large), "predicate"),
        (all_of(changed("a")), "conditions"),
        (not_(changed("a")), "condition"),
    ],
)
def test_frozen(condition: Condition[Any], attribute: str) -> None:
    """A condition cannot be changed."""
    with pytest.raises(AttributeError):
        setattr(condition, attribute, None)


@pytest.mark.parametrize("other", [changed("b"), changed("a", to=1), changed("a", from_=1), became("a", 1), "a", None])
def test_unequal(other: object) -> None:
    """Conditions with other arguments are unequal."""
    assert changed("a") != other


# ------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (changed, "changed() found no attribute, expected at least one: changed('status')"),
        (
            lambda: changed(7),  # type: ignore[arg-type]  # wrong on purpose
            "changed() found a value of type int, expected attribute paths such as 'status'",
        ),
        (
            lambda: changed("a", large),  # type: ignore[arg-type]  # wrong on purpose
            "changed() found the function large, expected attribute paths such as 'status'",
        ),
        (
            lambda: became(None, 1),  # type: ignore[arg-type]  # wrong on purpose
            "became() found a value of type NoneType, expected attribute paths such as 'status'",
        ),
        (all_of, "all_of() found nothing, expected conditions such as changed('status') or where(function)"),
        (any_of, "any_of() found nothing, expected conditions such as changed('status') or where(function)"),
        (
            lambda: any_of(changed("a"), "b"),  # type: ignore[arg-type]  # wrong on purpose
            "any_of() found a value of type str, expected conditions such as changed('status') or where(function)",
        ),
        (
            lambda: all_of(large),  # type: ignore[arg-type]  # wrong on purpose
            "all_of() found the function large, expected conditions such as changed('status') or where(function); "
            "write where(large)",
        ),
        (
            lambda: all_of(None),  # type: ignore[arg-type]  # wrong on purpose
            "all_of() found a value of type NoneType, expected conditions such as changed('status') or where(function)",
        ),
        (
            lambda: not_(None),  # type: ignore[arg-type]  # wrong on purpose
            "not_() found a value of type NoneType, expected conditions such as changed('status') or where(function)",
        ),
    ],
)
def test_refuses(make: Callable[[], object], text: str) -> None:
    """A wrong argument is refused; the message says what was found and what is expected."""
    with pytest.raises(RegistrationError) as caught:
        make()
    assert str(caught.value) == text


@pytest.mark.parametrize("make", [lambda: changed("a..b"), lambda: became("a..b", 1)])
def test_refuses_a_path(make: Callable[[], object]) -> None:
    """A malformed path is refused when the condition is made."""
    with pytest.raises(RegistrationError, match=r"found the attribute path 'a\.\.b'"):
        make()


@pytest.mark.parametrize(
    "make", [lambda: changed("a", to=object()), lambda: changed("a", from_=object()), lambda: became("a", object())]
)
def test_refuses_a_value(make: Callable[[], object]) -> None:
    """A value that no attribute can have is refused when the condition is made."""
    with pytest.raises(RegistrationError, match="found a value of type object to compare with, expected one that"):
        make()
