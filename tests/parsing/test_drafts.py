"""Drafts become instances that are those of pydantic, or their models have none."""

import copy
import gc
import pickle
import weakref
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar, cast

import pytest
from pydantic import BaseModel, ConfigDict, PrivateAttr, create_model, model_validator

from router.parsing.drafts import draft_class
from tests.parsing.comparing import portrait
from tests.parsing.generated import parse

Value = TypeVar("Value")


class Order(BaseModel):
    id: str
    note: str | None = None


class Paid(Order):
    total: int


class Frozen(Order):
    model_config = ConfigDict(frozen=True)


class Guarded(Order):
    def __setattr__(self, name: str, value: Any) -> None:
        raise AssertionError(name)


class Boxed(BaseModel, Generic[Value]):
    id: Value


class Mixin:
    label: ClassVar = "mixed in"


class Mixed(Mixin, Order): ...


def draft(model: type[BaseModel]) -> Any:
    return draft_class(cast("Any", model.__pydantic_core_schema__), model.model_fields)


@pytest.mark.parametrize("model", [Order, Paid, Frozen, Guarded, Boxed[str], Mixed])
def test_instance(model: type[BaseModel]) -> None:
    """A draft becomes the instance that pydantic makes, to its inner state and the order of its fields."""
    assert draft(model) is not None
    values = {"id": "O-1", "total": 3}
    found = parse(model, {"id": {"S": "O-1"}, "total": {"N": "3"}})
    expected = model.model_validate(values)
    assert portrait(found) == portrait(expected)
    assert list(found.__dict__) == list(expected.__dict__)
    assert (type(found.__dict__), type(found.model_fields_set)) == (dict, set)


def test_behaviour() -> None:
    """The instance copies, pickles, compares and assigns as any other; so it has nothing left of the draft."""
    found: Any = parse(Order, {"id": {"S": "O-1"}})
    assert pickle.loads(pickle.dumps(found)) == found == copy.deepcopy(found) == found.model_copy()  # noqa: S301
    assert weakref.ref(found)() == found
    found.note = "kept"
    assert found.model_dump() == {"id": "O-1", "note": "kept"}
    assert found.model_fields_set == {"id", "note"}
    with pytest.raises(ValueError, match="no field"):
        found.other = 1


def test_instances_share_nothing() -> None:
    """Each instance has a dict and a set of its own."""
    one, other = (parse(Order, {"id": {"S": "O-1"}}) for _ in range(2))
    assert one.__dict__ is not other.__dict__
    assert one.model_fields_set is not other.model_fields_set


class Initialized(Order):
    def model_post_init(self, context: Any, /) -> None:
        self.note = "set"


class Private(Order):
    _seen: list[int] = PrivateAttr(default_factory=list)


class Made(Order):
    def __new__(cls, *_: Any, **__: Any) -> "Made":
        made = super().__new__(cls)
        object.__setattr__(made, "__pydantic_private__", None)
        return made


class Slotted(Order):
    __slots__ = ("cache",)


class Finalized(Order):
    def __del__(self) -> None:
        raise AssertionError


class Abstract(Order, ABC):
    @abstractmethod
    def ship(self) -> None: ...


@pytest.mark.parametrize("model", [Initialized, Private, Made, Slotted, Finalized, Abstract])
def test_model_without_drafts(model: type[BaseModel]) -> None:
    """A model whose instances are more than their fields, or of another layout, has no drafts."""
    assert draft(model) is None


@pytest.mark.parametrize("name", ["class", "a b", "ﬁ", "model_extra", "model_fields_set"])
@pytest.mark.filterwarnings("ignore:Field name")
def test_field_that_is_no_attribute(name: str) -> None:
    """A field whose name no assignment stores as it is takes the model's drafts away."""
    fields: Any = {"id": (str, ...), name: (str, "x")}
    assert draft(create_model("Odd", **fields)) is None


def test_many_fields() -> None:
    """A model with more fields than instances share has no drafts."""
    fields: Any = {f"field{number}": (str, ...) for number in range(31)}
    assert draft(create_model("Large", **fields)) is None


def test_validator_of_the_model() -> None:
    """A validator that takes the instance takes that of pydantic-core."""

    class Checked(Order):
        @model_validator(mode="after")
        def _mark(self) -> "Checked":
            self.note = f"checked {self.id}"
            return self

    assert parse(Checked, {"id": {"S": "O-1"}}).note == "checked O-1"


def test_classes() -> None:
    """Models with the same names of fields have one class of drafts, which goes with the last parser."""
    twin = create_model("Twin", id=(str, ...), note=(int, 0))
    assert draft(twin) is draft(Order)
    seen = weakref.ref(draft(create_model("Short", only=(str, ...))))
    gc.collect()
    assert seen() is None
