"""Python values are encoded as the attribute values that decode to them."""

from __future__ import annotations

import enum
from base64 import b64encode
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import RegistrationError
from router.wire.compare import same
from router.wire.decode import decode_value
from router.wire.encode import to_wire
from tests.parsing.hostile import Printing
from tests.strategies import SECRET, stored_values


class Status(enum.Enum):
    PAID = "PAID"
    SHIPPED = "SHIPPED"


class Rank(int, enum.Enum):
    LOW = 1


class Column(str, enum.Enum):  # noqa: UP042 - unlike a StrEnum it prints its name
    TOTAL = "total"


class Cents(int):
    def __str__(self) -> str:
        return "$ 0.05"


class Price(Decimal):
    def __str__(self) -> str:
        return "$ 1.50"


class Share(float):
    def __repr__(self) -> str:
        return "10 %"


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (None, {"NULL": True}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        ("a", {"S": "a"}),
        ("", {"S": ""}),
        (1, {"N": "1"}),
        (Decimal("1.50"), {"N": "1.50"}),
        (0.1, {"N": "0.1"}),
        (b"hi", {"B": "aGk="}),
        (bytearray(b"hi"), {"B": "aGk="}),
        ({"a"}, {"SS": ["a"]}),
        (frozenset({1}), {"NS": ["1"]}),
        ({b"hi"}, {"BS": ["aGk="]}),
        ([1, "a", None], {"L": [{"N": "1"}, {"S": "a"}, {"NULL": True}]}),
        ((), {"L": []}),
        ({"a": [1]}, {"M": {"a": {"L": [{"N": "1"}]}}}),
        (MappingProxyType({"a": True}), {"M": {"a": {"BOOL": True}}}),
        (Status.PAID, {"S": "PAID"}),
        (Rank.LOW, {"N": "1"}),
        ([Status.PAID], {"L": [{"S": "PAID"}]}),
        ({Status.PAID}, {"SS": ["PAID"]}),
        ({Rank.LOW}, {"NS": ["1"]}),
        ({Column.TOTAL: 1}, {"M": {"total": {"N": "1"}}}),
        (Cents(5), {"N": "5"}),
        (Price("1.50"), {"N": "1.50"}),
        (Share(0.1), {"N": "0.1"}),
    ],
)
def test_to_wire(value: Any, wire: Any) -> None:
    """A Python value is encoded with its DynamoDB type; a member of an enum as its value."""
    assert to_wire(value) == wire


def test_set_to_wire() -> None:
    """A set is encoded with all its members."""
    assert sorted(to_wire({3, 1, 2})["NS"]) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (object(), "object"),
        (1j, "complex"),
        (float("nan"), "float"),
        (float("inf"), "float"),
        (Decimal("NaN"), "Decimal"),
        (Decimal("-Infinity"), "Decimal"),
        ([{"a": object()}], "object"),
        ({None}, "NoneType"),
        ({True}, "bool"),
        ({("a",)}, "tuple"),
    ],
)
def test_refuse_value(value: Any, kind: str) -> None:
    """A value that no attribute can hold is an error that names its type."""
    with pytest.raises(RegistrationError) as caught:
        to_wire(value)
    assert str(caught.value) == f"found a value of type {kind} to compare with, expected one that an attribute can hold"


@pytest.mark.parametrize(("value", "kinds"), [(set(), 0), ({"a", 1}, 2), ({"a", 1, b"a"}, 3)])
def test_refuse_set(value: Any, kinds: int) -> None:
    """A set that is empty or holds several kinds of value is an error."""
    with pytest.raises(RegistrationError, match=f"found a set of {kinds} kinds of value"):
        to_wire(value)


@given(stored_values())
def test_encoding_inverts_decoding(wire: Any) -> None:
    """Encoding a decoded value gives the same attribute value."""
    assert same(to_wire(decode_value(wire)), wire)


@given(st.binary(max_size=100))
def test_binary_to_wire(content: bytes) -> None:
    """Bytes are encoded as base64 without line breaks, as Lambda delivers them."""
    assert to_wire(content) == {"B": b64encode(content).decode()}


def test_messages_hold_no_values() -> None:
    """The error message does not contain the value."""

    class Strange:
        def __repr__(self) -> str:
            return SECRET

    with pytest.raises(RegistrationError) as caught:
        to_wire({"a": Strange()})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("value", [Column.TOTAL, Printing("total"), {Printing("total"): Printing("total")}])
def test_texts_become_plain(value: Any) -> None:
    """A text of another class is encoded as a plain text: its class may compare or print otherwise."""
    ((_, body),) = to_wire(value).items()
    texts = [body] if isinstance(body, str) else [*body, *(text for inner in body.values() for text in inner.values())]
    assert [type(text) for text in texts] == [str] * len(texts)
