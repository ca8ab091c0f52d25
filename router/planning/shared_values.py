"""Notice a handler that changes what the handlers after it are given.

Each handler of a record has a shallow copy of the item, so lists, maps and models inside the item are shared. A
handler that changes one of them changes what the handlers after it see, on the first delivery and not on the next.
Tools look for that. In Lambda nothing is compared, because it costs as much as a copy of all that is nested.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from router.change import Change
from router.errors import SharedValueError

if TYPE_CHECKING:
    from router.planning.step import Step

__all__ = ["Found", "changes_are_watched", "content_of", "watched", "what_changed"]

Found = list[SharedValueError]
"""The errors of the handlers that changed what others are given."""

watched: ContextVar[Found | None] = ContextVar("watched", default=None)
"""Where errors are added to; ``None`` where nothing is compared."""


@contextmanager
def changes_are_watched() -> Iterator[Found]:
    """Look for such handlers in the invocations inside; yields the errors found so far."""
    found: Found = []
    before = watched.get()
    watched.set(found)
    try:
        yield found
    finally:
        watched.set(before)  # not reset(): a fixture may end in another context than it began in


Content = Mapping[tuple[str, str], Any]
"""The content of an item by the image and the attribute, in a form that does not change with it."""


def content_of(change: Any) -> Content:
    """The content of a change's images."""
    if not isinstance(change, Change):
        return {}
    images = {"new": change.new, "old": change.old}
    return {
        (image, name): _frozen(value, frozenset())
        for image, item in images.items()
        for name, value in _attributes_of(item)
    }


def what_changed(
    step: Step, steps: Sequence[Step], before: Sequence[Content], after: Sequence[Content]
) -> SharedValueError | None:
    """The error of a handler that has changed what others are given; ``None`` where it has not.

    Args:
        step: The step of the handler.
        steps: The steps of the record.
        before: What each of them was given, before the handler ran; nothing for those whose handlers have run.
        after: The same, after the handler has run.
    """
    for other, old, new in zip(steps, before, after, strict=True):
        for (image, name), value in old.items():
            if not _equal(value, new.get((image, name))):
                return SharedValueError(step.route.name, other.route.name, image, name)
    return None


def _attributes_of(item: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(item, BaseModel):
        yield from ((name, item.__dict__.get(name)) for name in type(item).model_fields)
        yield from (item.__pydantic_extra__ or {}).items()
    elif is_dataclass(item):
        yield from ((field.name, getattr(item, field.name, None)) for field in fields(item))
    elif isinstance(item, dict):
        yield from item.items()


def _frozen(value: Any, outer: frozenset[int]) -> Any:
    """A copy of a value's content in tuples. What is no container, model or dataclass stands for itself."""
    if id(value) in outer:
        return None
    inside = outer | {id(value)}
    if isinstance(value, BaseModel) or is_dataclass(value) or isinstance(value, dict):
        return type(value), tuple((name, _frozen(each, inside)) for name, each in _attributes_of(value))
    if isinstance(value, (list, tuple, deque)):
        return type(value), tuple(_frozen(each, inside) for each in value)
    if isinstance(value, (set, bytearray)):
        return type(value), (frozenset if isinstance(value, set) else bytes)(value)
    return value


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - the comparison may be the user's own
        return True
