"""Types of containers, unions and validators around other types, for random schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, cast

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, Strict, WrapValidator
from typing_extensions import TypeAliasType

from tests.parsing.comparing import portrait
from tests.parsing.drawn_scalars import (
    BINARIES,
    CONSTRAINED,
    LENGTHS,
    Colour,
    Kind,
    Lenient,
    Size,
    constraints,
    numbers,
    texts,
)

__all__ = ["CALLS", "alias", "lists", "maps", "optional", "sets", "tuples", "unions", "validated"]

CALLS: Final[list[tuple[str, str]]] = []
"""The calls of validators since a test cleared it: the validator's kind and the value."""

# ---------------------------------------------------------------------------------------------------------- validators


def _noted(name: str, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        CALLS.append((name, repr(portrait(value))))
        return function(value)

    return validate


def _wrap(value: Any, handler: Any) -> Any:
    CALLS.append(("wrap", repr(portrait(value))))
    return handler(value)


def _refuse_long(value: Any) -> Any:
    if len(repr(value)) > 30:
        raise ValueError
    return value


_VALIDATORS: Final = (
    AfterValidator(_noted("after", _refuse_long)),
    AfterValidator(_noted("list", lambda value: [value])),
    BeforeValidator(_noted("before", lambda value: value)),
    PlainValidator(_noted("plain", repr)),
    WrapValidator(_wrap),
    Strict(),
    Strict(strict=False),
)

# ---------------------------------------------------------------------------------------------------------- containers


def lists(inner: SearchStrategy[Kind]) -> SearchStrategy[Kind]:
    """Lists, sets and tuples of any number of items."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Kind:
        kind = draw(inner)
        wires = st.lists(kind.wires, max_size=3).map(lambda items: {"L": items})
        of: Any = draw(st.sampled_from([list, tuple, set, frozenset, Sequence]))
        return _limited(draw, Kind(of[(kind.type, ...) if of is tuple else kind.type], wires))

    return drawn()


def _limited(draw: st.DrawFn, kind: Kind) -> Kind:
    """Sometimes limit the length of a container."""
    if draw(st.integers(0, 3)):
        return kind
    limited: Any = Annotated[kind.type, constraints(draw, LENGTHS)]
    return Kind(limited, kind.wires)


@st.composite
def sets(draw: st.DrawFn) -> Kind:
    """Sets, under the tag of a set or as a list."""
    numeric = draw(st.booleans())
    kinds: list[Any] = (
        [int, float, Decimal, Size] if numeric else [str, Colour, Lenient, datetime, Literal["a", "b"], bytes]
    )
    kind: Any = draw(st.sampled_from(kinds))
    if kind in CONSTRAINED and draw(st.booleans()):
        kind = Annotated[kind, constraints(draw, CONSTRAINED[kind])]
    of: Any = draw(st.sampled_from([set, frozenset]))
    tag, bodies = ("NS", numbers()) if numeric else ("SS", texts())
    if kind is bytes:
        tag, bodies = "BS", st.sampled_from(BINARIES)
    members = st.lists(bodies, max_size=3)
    lists = members.map(lambda found: {"L": [{tag[0]: body} for body in found]})
    return _limited(draw, Kind(of[kind], st.one_of(members.map(lambda found: {tag: found}), lists)))


_KEYS: Final = (str, str, str, int, Any, Colour, Annotated[str, Field(max_length=3)], Literal["a"])


def maps(inner: SearchStrategy[Kind]) -> SearchStrategy[Kind]:
    """Maps, some with keys that are no plain texts."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Kind:
        kind = draw(inner)
        of: Any = draw(st.sampled_from([dict, Mapping]))
        wires = st.dictionaries(texts(), kind.wires, max_size=3).map(lambda items: {"M": items})
        return _limited(draw, Kind(of[draw(st.sampled_from(_KEYS)), kind.type], wires))

    return drawn()


def tuples(inner: SearchStrategy[Kind]) -> SearchStrategy[Kind]:
    """Tuples whose items have types of their own."""

    def of(kinds: list[Kind]) -> Kind:
        wires = st.tuples(*(kind.wires for kind in kinds)).map(lambda items: {"L": list(items)})
        of: Any = tuple
        return Kind(of[tuple(kind.type for kind in kinds)], wires)

    return st.lists(inner, max_size=3).map(of)


def optional(inner: SearchStrategy[Kind]) -> SearchStrategy[Kind]:
    """Types that also take NULL."""
    null = st.sampled_from([{"NULL": True}, {"NULL": True}, {"NULL": False}])
    return inner.map(lambda kind: Kind(kind.type | None if kind.type is not None else None, kind.wires | null))


def unions(inner: SearchStrategy[Kind]) -> SearchStrategy[Kind]:
    """Types of several, without a discriminator."""

    def of(kinds: list[Kind]) -> Kind:
        found: Any = kinds[0].type
        for kind in kinds[1:]:
            found = found | kind.type if not (found is None and kind.type is None) else None
        return Kind(found, st.one_of(*(kind.wires for kind in kinds)))

    return st.lists(inner, min_size=2, max_size=3).map(of)


def validated(inner: SearchStrategy[Kind]) -> SearchStrategy[Kind]:
    """Types with a validator, or in strict mode."""
    return st.builds(lambda kind, by: Kind(Annotated[kind.type, by], kind.wires), inner, st.sampled_from(_VALIDATORS))


def alias(inner: SearchStrategy[Kind]) -> SearchStrategy[Kind]:
    """A type alias that stands in several places, and so becomes a definition."""

    def of(kind: Kind) -> Kind:
        make: Any = TypeAliasType
        named, pair, several = make("Named", kind.type), cast("Any", tuple), cast("Any", list)
        wires = st.tuples(kind.wires, kind.wires).map(lambda two: {"L": [two[0], {"L": [two[1]]}]})
        return Kind(pair[named, several[named]], wires)

    return inner.map(of)
