"""Value classes behave as the frozen dataclasses that type checkers take them for."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from router.value_classes import dataclass


@dataclass(frozen=True)
class Lean:
    """A value."""

    name: str
    count: int = 1
    note: str = dataclasses.field(default="", compare=False)
    made: int = dataclasses.field(init=False, compare=False)
    kind: ClassVar[str] = "lean"

    def __post_init__(self) -> None:
        object.__setattr__(self, "made", self.count * 2)


@dataclasses.dataclass(frozen=True)
class Standard:
    """The same value as a standard dataclass."""

    name: str
    count: int = 1
    note: str = dataclasses.field(default="", compare=False)
    made: int = dataclasses.field(init=False, compare=False)
    kind: ClassVar[str] = "lean"

    def __post_init__(self) -> None:
        object.__setattr__(self, "made", self.count * 2)


BEHAVIOUR: list[Callable[[Any], Any]] = [
    lambda cls: repr(cls("a", 2)).partition("(")[2],
    lambda cls: cls("a", note="x") == cls("a", note="y"),
    lambda cls: cls("a") == cls("b"),
    lambda cls: cls("a") == "a",
    lambda cls: hash(cls("a", note="x")) == hash(cls("a")) == hash(("a", 1)),
    lambda cls: {cls("a"), cls("a")} == {cls("a")},
    lambda cls: cls.__match_args__,
    lambda cls: [field.name for field in dataclasses.fields(cls)],
    lambda cls: dataclasses.asdict(cls("a")),
    lambda cls: dataclasses.replace(cls("a"), count=3).made,
    lambda cls: getattr(copy, "replace", dataclasses.replace)(cls("a"), count=3).made,  # of Python 3.13
    lambda cls: copy.deepcopy(cls("a")) == cls("a"),
    lambda cls: pickle.loads(pickle.dumps(cls("a", 4))).made,  # noqa: S301 - its own
    lambda cls: str(inspect.signature(cls)),
]


@pytest.mark.parametrize("observe", BEHAVIOUR)
def test_as_the_standard_one(observe: Callable[[Any], Any]) -> None:
    """Equality, hash, repr, matching, copies and signature are those of the standard decorator."""
    assert observe(Lean) == observe(Standard)


WRONG: list[Callable[[Any], Any]] = [
    lambda cls: cls(),
    lambda cls: cls("a", 1, "x", 2),
    lambda cls: cls("a", name="b"),
    lambda cls: cls("a", colour="red"),
    lambda cls: cls("a", made=2),
    lambda cls: setattr(cls("a"), "name", "b"),
    lambda cls: setattr(cls("a"), "other", "b"),
    lambda cls: delattr(cls("a"), "name"),
    lambda cls: hash(cls(["a"])),
]


@pytest.mark.parametrize("fail", WRONG)
def test_errors_as_the_standard_one(fail: Callable[[Any], Any]) -> None:
    """A wrong call and an assignment raise the type of error that the standard decorator's class raises."""
    with pytest.raises((TypeError, AttributeError)) as standard:
        fail(Standard)
    with pytest.raises(standard.type):
        fail(Lean)


def test_a_wrong_call_names_the_class_and_the_argument() -> None:
    """The error of a wrong call says which class and which argument."""
    with pytest.raises(TypeError, match=r"^Lean: missing a required argument: 'name'$"):
        Lean()  # type: ignore[call-arg]  # what is tested  # pyright: ignore[reportCallIssue]


def test_a_standard_frozen_dataclass_may_inherit() -> None:
    """A user's frozen dataclass can inherit from a value class."""

    @dataclasses.dataclass(frozen=True)
    class More(Lean):
        """A value with one more field."""

        more: int = 0

    assert More("a", more=2) == More("a", more=2)
    assert More("a", more=2) != More("a", more=3)


def class_made_with(decorate: Any) -> Any:
    """A class that nothing has used."""

    @decorate(frozen=True)
    class Value:
        """A value."""

        name: str
        count: int = 1
        kind: ClassVar[str] = "plain"

    return Value


def matched(cls: Any) -> object:
    match cls("a", 3):
        case cls(name, count):
            return name, count
    return None


USES: list[Callable[[Any], Any]] = [
    lambda cls: [field.name for field in dataclasses.fields(cls)],
    dataclasses.is_dataclass,
    lambda cls: dataclasses.is_dataclass(cls("a")),
    lambda cls: dataclasses.replace(cls("a"), count=3).count,
    lambda cls: cls("a") == cls("a", 1),
    matched,
    lambda cls: str(inspect.signature(cls)),
    lambda cls: repr(cls("a")).rpartition(".")[2],
    lambda cls: hash(cls("a")),
    lambda cls: dataclasses.asdict(copy.copy(cls("a"))),
]


@pytest.mark.parametrize("use", USES)
def test_a_class_without_field_is_the_same_at_its_first_use(use: Callable[[Any], Any]) -> None:
    """The fields of a class without ``field()`` are made at any use that needs them."""
    made = class_made_with(dataclass)
    assert use(made) == use(class_made_with(dataclasses.dataclass))
    assert [field.name for field in dataclasses.fields(made)] == ["name", "count"]


def test_a_subclass_without_decorator_has_the_fields() -> None:
    """A subclass that is no dataclass of its own takes the same arguments, before and after its fields are made."""

    @dataclass(frozen=True)
    class Base:
        """A value."""

        name: str
        count: int = 1

    class Derived(Base):
        """The same value."""

    assert repr(Derived("a")).endswith("Derived(name='a', count=1)")
    assert dataclasses.fields(Derived) == dataclasses.fields(Base)
    assert Derived("a") == Derived("a", count=1) != Base("a")


def test_no_method_is_compiled() -> None:
    """The methods of every value class are the same functions."""
    methods = ("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__")

    @dataclass(frozen=True)
    class Other:
        """Another value."""

        size: int

    assert [vars(Other)[name] for name in methods] == [vars(Lean)[name] for name in methods]
