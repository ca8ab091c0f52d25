"""Types of scalars with random constraints, each with attribute values that fit, nearly fit, or are hostile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import Field, TypeAdapter

from router.wire.decode import decode_value
from tests.strategies import attribute_values

__all__ = [
    "BINARIES",
    "CONSTRAINED",
    "LENGTHS",
    "Colour",
    "Kind",
    "Lenient",
    "Size",
    "constraints",
    "numbers",
    "scalars",
    "texts",
]


class Kind(NamedTuple):
    """A type of a field, and attribute values of which it takes most."""

    type: Any
    wires: SearchStrategy[dict[str, Any]]


TEXTS: Final = (
    *("", "a", "b", " a ", "A b", "\x1f a", "\xa0x\xa0", "É", "\ud800", "💥", "a" * 40, "5", "-0", "1.5", "true"),
    *("2026-11-23", "2026-11-23T07:00:00Z", "2026-11-23T07:00:00+05:30", "07:00", "07:00:01.5+01:00", "PT5M"),
    *("8d7a1c3e-5b0f-4a52-9a55-0d3f5e1b2c4d", "red", "blue", "card", "cash", "NaN", "[1]", "x\n", "\u2028", "-P1DT1S"),
)
NUMBERS: Final = (
    *("0", "1", "2", "5", "12", "255", "256", "257", "1000", "-1", "-257", "1.5", "12.25", "-12.25", "0.05", "99.99"),
    *("1.50", "1.0", "-0", "-0.0", "0.0", "-0.", "1.", ".5", "-.5", "+1", "+1.5", "007", "00.5", "1E2", "1e2"),
    *("1.5E1", "1.5e-7", "1E-130", "9.99E+125", "1E125", "1E126", "9" * 38, "9" * 39, "-" + "9" * 38, "0." + "3" * 38),
    *("9007199254740993", "1700000000", "1" * 30 + ".12345678", "1e-131", "1" * 20 + "." + "1" * 19),
)
NO_NUMBERS: Final = (
    *("", " 1", "1 ", "1_0", "1\n", "x", "\u0663", "\u0661.\u0665", "²", "NaN", "NaN5", "sNaN1", "Infinity"),
    *("-Infinity", "--1", "5-5", "1.2.3", "-", ".", "1E400", "1.5x", "0x1", "1e", "\ud8005"),
)
BINARIES: Final = ("", "YQ==", "YWI=", "YWJjZGVmZ2g=")


def texts() -> SearchStrategy[str]:
    """Texts in forms that some type takes."""
    return st.sampled_from(TEXTS)


def numbers() -> SearchStrategy[str]:
    """Texts under an N, most of which are numbers."""
    usual = st.sampled_from(NUMBERS)
    return st.one_of(usual, usual, usual, st.integers().map(str), st.sampled_from(NO_NUMBERS))


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Plain(Enum):
    A = "a"
    FIVE = "5"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Mixed(Enum):
    A = "a"
    ONE = 1
    HALF = 1.5


class Lenient(Enum):
    """Takes any text that it does not know."""

    A = "a"
    B = "b"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        return cls.B if isinstance(value, str) else None


_BOUNDS: Final = dict.fromkeys(("ge", "gt", "le", "lt"), (0, 1, 5, -1, 1000, 10**20))
LENGTHS: Final = {"min_length": (0, 1, 2), "max_length": (1, 3, 30)}
CONSTRAINED: Final[dict[Any, Mapping[str, Sequence[Any]]]] = {
    str: {**LENGTHS, "pattern": ("^[a-z ]*$", "."), "strict": (True, False)},
    int: {**_BOUNDS, "multiple_of": (1, 2, 5), "strict": (True, False)},
    float: {
        **{name: (*bounds, 0.5, 1.5, -0.0) for name, bounds in _BOUNDS.items()},
        "multiple_of": (0.5, 2),
        "allow_inf_nan": (True, False),
        "strict": (True, False),
    },
    Decimal: {
        **{name: (*bounds, Decimal("1.5"), 0.1) for name, bounds in _BOUNDS.items()},
        "multiple_of": (Decimal("0.5"), 2),
        "max_digits": (1, 3, 10, 40),
        "decimal_places": (0, 1, 2, 5),
    },
    bytes: LENGTHS,
}
_FORMS: Final[tuple[dict[str, Any], ...]] = (
    *({"S": text} for text in TEXTS),
    *({"N": text} for text in (*NUMBERS, *NO_NUMBERS)),
    *({"B": text} for text in BINARIES),
    *({"BOOL": True}, {"BOOL": False}, {"NULL": True}),
)
_TYPES: Final = (
    *(str, int, float, Decimal, bool, bytes, datetime, date, time, timedelta, UUID, Colour, Plain, Size, Mixed),
    *(Lenient, None),
)


def constraints(draw: st.DrawFn, options: Mapping[str, Sequence[Any]]) -> Any:
    """Draw some constraints of a field."""
    names = draw(st.lists(st.sampled_from(sorted(options)), unique=True, max_size=3))
    return Field(**{name: draw(st.sampled_from(options[name])) for name in names})


@st.composite
def scalars(draw: st.DrawFn) -> Kind:
    """Types whose values contain no others, and ``Any``."""
    kind: Any = draw(st.one_of(st.sampled_from(_TYPES), _literals(), st.just(Any)))
    if kind is Any:
        return Kind(kind, attribute_values())
    if kind in CONSTRAINED and draw(st.booleans()):
        kind = Annotated[kind, constraints(draw, CONSTRAINED[kind])]
    forms = st.sampled_from(_FORMS)
    fitting = st.sampled_from(_fitting(Described(repr(kind), kind)) or _FORMS)
    return Kind(kind, st.one_of(*[fitting] * 9, forms).map(dict))


def _literals() -> SearchStrategy[Any]:
    values = st.sampled_from(["a", "b", "5", 5, 1, True, Colour.RED, Size.SMALL])
    return st.lists(values, min_size=1, max_size=3).map(lambda found: Literal[tuple(found)])


class Described(NamedTuple):
    """A type, which may have no hash, and its description, which has one."""

    text: str
    kind: Any

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Described) and self.text == other.text


@lru_cache
def _fitting(described: Described) -> list[dict[str, Any]]:
    """The forms that a type takes."""
    try:
        validate = TypeAdapter(described.kind).validate_python
    except Exception:
        assume(False)  # constraints that do not fit together
        raise
    return [form for form in _FORMS if _takes(validate, form)]


def _takes(validate: Any, wire: dict[str, Any]) -> bool:
    try:
        validate(decode_value(wire))
    except Exception:  # noqa: BLE001 - malformed, or refused in any way
        return False
    return True
