"""Hypothesis strategies for models and annotations: values that pydantic accepts and DynamoDB keeps."""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, ResolutionFailed
from pydantic import AliasChoices, BaseModel, Secret, ValidationError
from pydantic.fields import FieldInfo

from router.registration.source_text import show
from router.testing.strategies.scalars import MOST_MEMBERS, PLAIN, Limits, Strategy, sizes, texts

__all__ = ["models", "strategy_of"]

_LIMITS = (
    "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "max_digits", "decimal_places",
    "uuid_version",
)  # fmt: skip


def models(model: type[BaseModel], fields: Mapping[str, Strategy], named: Mapping[str, str | None]) -> Strategy:
    """Instances of a model, validated as a parser does.

    Args:
        model: The model.
        fields: Strategies for fields, instead of those of their annotations.
        named: The entity's name, if it is given, by the attributes from which it is read. A field of any text there has
            this value, else its default, if it has one.

    Raises:
        InvalidArgument: A required field has no known strategy.
    """
    required: dict[str, Strategy] = {}
    optional: dict[str, Strategy] = {}
    for name, field in model.model_fields.items():
        strategy = fields[name] if name in fields else _field_strategy(model, name, field, named)
        if strategy is not None:
            # A default factory may return another value each time, which hypothesis cannot replay.
            read = _read_name(model, name, field)
            fixed = field.is_required() or name in fields or field.default_factory is not None or read in named
            (required if fixed else optional)[read] = strategy
    return _validated(model, st.fixed_dictionaries(required, optional=optional))


@st.composite  # not map(), so that a failing example is printed as the item
def _validated(draw: st.DrawFn, model: type[BaseModel], values: st.SearchStrategy[dict[str, Any]]) -> BaseModel:
    try:
        return model.model_validate(draw(values))
    except ValidationError:
        reject()


def _field_strategy(
    model: type[BaseModel], name: str, field: FieldInfo, named: Mapping[str, str | None]
) -> Strategy | None:
    """The strategy of a field; ``None`` if it keeps its default."""
    read = _read_name(model, name, field)
    if read in named and str in (field.annotation, *get_args(field.annotation)):
        if (entity := named[read]) is not None:
            return st.just(entity)
        if not field.is_required():
            return None
    try:
        return strategy_of(field.annotation, tuple(field.metadata))
    except (InvalidArgument, ResolutionFailed):
        if not field.is_required():
            return None
        msg = (
            f"found no strategy for {name}: {show(field.annotation)} of {model.__name__}, expected one; "
            f"give it: {name}=strategies.just(...)"
        )
        raise InvalidArgument(msg) from None


def _read_name(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
    if first is None:
        return str.__str__(field.alias or name)
    if isinstance(first, str):
        return str.__str__(first)  # plain, as it may be the member of an enum
    msg = f"found the field {name} of {model.__name__}, which is read from within an attribute, expected an attribute"
    raise InvalidArgument(msg)


def strategy_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Strategy:
    """Values of an annotation.

    Args:
        annotation: The annotation.
        metadata: Its metadata in ``Annotated`` or in ``Field``.

    Raises:
        InvalidArgument: No strategy is known.
        ResolutionFailed: No strategy is known.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import Field
        >>> strategy_of(Annotated[int, Field(ge=0, lt=10)])
        integers(min_value=0, max_value=9)
    """
    if get_origin(annotation) is Annotated:
        inner, *beside = get_args(annotation)
        return strategy_of(inner, (*beside, *metadata))
    if hasattr(annotation, "__value__") or hasattr(annotation, "__supertype__"):  # an alias, or a NewType
        return strategy_of(getattr(annotation, "__value__", None) or annotation.__supertype__, metadata)
    limits = dict(_limits(metadata))
    plain = PLAIN.get(annotation)
    if plain is not None:
        return plain(limits)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.deferred(lambda: models(annotation, {}, {}))  # deferred, because a model may hold itself
    return _compound(annotation, metadata, limits)


def _compound(annotation: Any, metadata: tuple[Any, ...], limits: Limits) -> Strategy:
    origin, inner = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of([strategy_of(each, metadata) for each in inner])
    if isinstance(origin, type) and issubclass(origin, Enum):
        return st.sampled_from(list(origin))
    if origin in _COLLECTIONS:
        return _COLLECTIONS[origin](inner, limits)
    whole: Any = Annotated[(annotation, *metadata)] if metadata else annotation
    known = st.from_type(whole)
    known.validate()  # now, because hypothesis would raise the error at the first example
    return known


def _limits(metadata: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from _limits(tuple(each.metadata))
        else:
            yield from ((name, limit) for name in _LIMITS if (limit := getattr(each, name, None)) is not None)


def _members(limits: Limits, least: int = 0) -> dict[str, Any]:
    found = sizes(limits, least)
    longest = found["min_size"] + MOST_MEMBERS
    return {**found, "max_size": longest if found["max_size"] is None else min(found["max_size"], longest)}


def _inner(inner: tuple[Any, ...], position: int = 0) -> Strategy:
    return strategy_of(inner[position] if len(inner) > position else Any)


def _lists(inner: tuple[Any, ...], limits: Limits) -> Strategy:
    return st.lists(_inner(inner), **_members(limits))


def _sets(inner: tuple[Any, ...], limits: Limits) -> Strategy:
    return st.sets(strategy_of(inner[0] if inner else str), **_members(limits, 1))  # DynamoDB has no empty sets


def _tuples(inner: tuple[Any, ...], limits: Limits) -> Strategy:
    if not inner or inner[-1] is Ellipsis:
        return _lists(inner[:1], limits).map(tuple)
    return st.tuples(*map(strategy_of, inner))


def _dicts(inner: tuple[Any, ...], limits: Limits) -> Strategy:
    keys = strategy_of(inner[0]) if inner and inner[0] is not str else texts({}, 1)  # no attribute's name is empty
    return st.dictionaries(keys, _inner(inner, 1), **_members(limits))


_COLLECTIONS: dict[Any, Callable[[tuple[Any, ...], Limits], Strategy]] = {
    Secret: lambda inner, _: _inner(inner),
    list: _lists,
    abc.Sequence: _lists,
    abc.Iterable: _lists,
    abc.Collection: _lists,
    set: _sets,
    abc.Set: _sets,
    frozenset: lambda inner, limits: _sets(inner, limits).map(frozenset),
    tuple: _tuples,
    dict: _dicts,
    abc.Mapping: _dicts,
}
