"""Sample items of a model: required fields with readable values that are the same at every run."""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic.fields import FieldInfo

from router.errors import RouterError
from router.registration.model_fields import ReadField, fields_of
from router.registration.source_text import show

__all__ = ["NoSampleError", "fields_by_name", "sample_item", "sample_value"]

_LIMITS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length")
_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class NoSampleError(RouterError):
    """No value is known for a field.

    Args:
        name: The field.
        annotation: Its annotation.
    """

    def __init__(self, name: str, annotation: Any) -> None:
        super().__init__(f"found no sample value of {name}: {show(annotation)}")
        self.name = name


def sample_item(model: type[BaseModel], number: int = 1, given: Mapping[str, Any] | None = None) -> BaseModel:
    """A valid item with values for its required fields; the others have their defaults.

    Args:
        model: The model.
        number: Which sample: texts, numbers and UUIDs of two samples differ.
        given: Values of fields, by the attributes that they are read from.

    Raises:
        NoSampleError: No value is known for a required field.
        ValidationError: A validator of the model refuses the values.

    Example:
        >>> class Order(BaseModel):
        ...     order_id: str
        ...     total: int
        ...     note: str | None = None
        >>> sample_item(Order)
        Order(order_id='order_id-1', total=1, note=None)
    """
    values = dict(given or {})
    for name, (read, field) in fields_by_name(model).items():
        if read not in values and model.model_fields[name].is_required():
            values[read] = sample_value(field.annotation, read, number)
    return model.model_validate(values)


def fields_by_name(model: type[BaseModel]) -> dict[str, tuple[str, ReadField]]:
    """The fields of a model by their own names, each with the first attribute that it is read from.

    Args:
        model: The model.
    """
    found: dict[str, tuple[str, ReadField]] = {}
    for read, field in fields_of(model).items():
        found.setdefault(field.name, (read, field))
    return found


def sample_value(annotation: Any, name: str, number: int = 1, unlike: Sequence[Any] = ()) -> Any:
    """A value of an annotation.

    Args:
        annotation: The annotation, with its constraints.
        name: The name that texts begin with.
        number: Which sample.
        unlike: Values that it must differ from.

    Raises:
        NoSampleError: No value is known.

    Example:
        >>> sample_value(Literal["NEW", "SHIPPED"], "status", unlike=["NEW"])
        'SHIPPED'
    """
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    except (PydanticSchemaGenerationError, PydanticUserError):
        raise NoSampleError(name, annotation) from None
    for candidate in _candidates(annotation, name, number, {}):
        try:
            value = adapter.validate_python(candidate)
        except ValidationError:
            continue
        if value not in unlike:
            return value
    return _simplest(annotation, name, number, adapter, unlike)


def _simplest(annotation: Any, name: str, number: int, adapter: TypeAdapter[Any], unlike: Sequence[Any]) -> Any:
    """The simplest value that hypothesis finds, such as a text of a pattern; the next one for the next sample."""
    try:
        from hypothesis import Phase, find, settings
        from hypothesis.errors import HypothesisException

        from router.testing.strategies.models import strategy_of
    except ModuleNotFoundError:
        raise NoSampleError(name, annotation) from None

    found: list[Any] = [*unlike]

    def fits(value: Any) -> bool:
        try:
            return adapter.validate_python(value) not in found
        except ValidationError:
            return False

    quietly = settings(database=None, derandomize=True, phases=(Phase.generate, Phase.shrink))
    try:
        for _ in range(number):
            value = find(strategy_of(annotation), fits, settings=quietly)
            found += [adapter.validate_python(value)]
    except HypothesisException:
        raise NoSampleError(name, annotation) from None
    return found[-1]


def _candidates(annotation: Any, name: str, number: int, limits: Mapping[str, Any]) -> Iterator[Any]:
    """Values that an annotation may accept, the most readable first."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        yield from _candidates(inner, name, number, {**limits, **dict(_limits_in(metadata))})
    elif hasattr(annotation, "__value__") or hasattr(annotation, "__supertype__"):  # an alias, or a NewType
        inner = getattr(annotation, "__value__", None) or annotation.__supertype__
        yield from _candidates(inner, name, number, limits)
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from annotation
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        # As an instance, because a discriminated union may read a field that has a default.
        yield sample_item(annotation, number)
    else:
        yield from _compound(annotation, name, number, limits)


def _compound(annotation: Any, name: str, number: int, limits: Mapping[str, Any]) -> Iterator[Any]:
    origin, inner = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Literal:
        yield from inner
    elif origin in (Union, UnionType):
        for each in inner:
            yield from _candidates(each, name, number, limits)
    elif origin in (dict, abc.Mapping, abc.MutableMapping):
        keys, values = inner or (str, Any)
        count = limits.get("min_length", 0)
        yield {sample_value(keys, name, at): sample_value(values, name, at) for at in range(1, count + 1)}
    elif origin is tuple and inner and inner[-1] is not Ellipsis:
        yield tuple(sample_value(each, name, number) for each in inner)
    elif origin in _COLLECTIONS:
        # DynamoDB has no empty sets.
        count = limits.get("min_length", int(origin in (set, frozenset, abc.Set)))
        yield [sample_value(inner[0] if inner else str, name, at) for at in range(1, count + 1)]
    else:
        yield from _SCALARS.get(origin, _texts)(name, number, limits)


_COLLECTIONS = (list, set, frozenset, tuple, abc.Sequence, abc.Iterable, abc.Collection, abc.Set)


def _limits_in(metadata: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from _limits_in(each.metadata)
        else:
            yield from ((name, limit) for name in _LIMITS if (limit := getattr(each, name, None)) is not None)


def _numbers(_name: str, number: int, limits: Mapping[str, Any]) -> Iterator[Any]:
    found = {name: Decimal(str(limit)) for name, limit in limits.items()}
    low = found.get("ge", found.get("gt"))
    high = found.get("le", found.get("lt"))
    step = found.get("multiple_of", Decimal(1))
    yield number * step
    if low is not None:
        yield low - low % step + number * step
        yield low
    if high is not None:
        yield high - high % step - number * step
        yield high
    if low is not None and high is not None:
        yield (low + high) / 2
    yield 0


def _texts(name: str, number: int, limits: Mapping[str, Any]) -> Iterator[Any]:
    least, most = limits.get("min_length", 0), limits.get("max_length")
    head, tail = name, f"-{number}"
    if most is not None and len(head) + len(tail) > most:
        head, tail = head[: max(most - len(str(number)), 0)], str(number)
    yield head.ljust(least - len(tail), "x") + tail
    yield from (
        f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-') or 'name'}-{number}@example.com",
        f"https://example.com/{name}/{number}",
        _DAY.isoformat(),
        str(_uuid(number)),
        f"192.0.2.{number % 256}",
        str(number),
        f"{name}-{number}".encode(),
        number,
        {},
        [],
    )


def _uuid(number: int) -> UUID:
    return UUID(int=number | 0x4000_8000_0000_0000_0000)  # of version 4


def _moments(_name: str, number: int, _limits: Mapping[str, Any]) -> Iterator[Any]:
    moment = _DAY + timedelta(days=number - 1)
    yield from (
        moment,
        moment.replace(tzinfo=None),
        datetime.now(UTC) + timedelta(days=365),
        _DAY - timedelta(days=365),
    )


_SCALARS: Mapping[Any, Callable[[str, int, Mapping[str, Any]], Iterator[Any]]] = {
    NoneType: lambda *_: iter([None]),
    bool: lambda *_: iter([False, True]),
    int: _numbers,
    float: _numbers,
    Decimal: _numbers,
    UUID: lambda _name, number, _limits: iter([_uuid(number), UUID(int=number)]),
    datetime: _moments,
    date: lambda _name, number, _limits: iter([(_DAY + timedelta(days=number - 1)).date()]),
    time: lambda _name, number, _limits: iter([time(number % 24), time(number % 24, tzinfo=UTC)]),
    timedelta: lambda _name, number, _limits: iter([timedelta(seconds=number)]),
}
