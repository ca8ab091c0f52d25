"""What a route does with a record of one kind of event: how the change is made, what is asked, what is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from router.change import Change, Insert, Modify, Remove, make_change
from router.errors import DecodeError
from router.event import Event
from router.parsing.parser import Parser, parser_for
from router.policies import OnError
from router.record import Record
from router.routes import Route
from router.types import Call

__all__ = ["Build", "Cache", "Step", "Steps", "builder"]

Cache = dict[Any, Any]
"""What was read of one record, so that several routes read each image into each model once."""
Build = Callable[[Record, Cache | None], Change[Any, Any]]


class Step:
    """One route, for one kind of event, ready to be taken."""

    __slots__ = ("batch", "build", "call", "condition", "key", "levels", "position", "route")

    def __init__(
        self, route: Route, position: int, key: str, build: Build, call: Call, levels: tuple[OnError | None, ...]
    ) -> None:
        self.route = route
        self.batch = route.batch
        self.position = position
        self.key = key
        self.build = build
        self.call = call
        self.condition = route.condition
        self.levels = levels


Steps = Mapping[str, Mapping[Event, tuple[Step, ...]]]
"""The steps of each entity and event."""


def builder(route: Route, event: Event) -> Build:
    """How the change of a route is made of a record of one kind of event."""
    if route.fallback:
        return _build_fallback
    if route.model is None:
        return _build_without_images
    new, old = parser_for(route.model), parser_for(route.old)
    if event is Event.INSERT:
        return lambda record, cache: make_change(Insert, _read(new, record.new_image, "NewImage", cache), None, record)
    if event is not Event.MODIFY:
        return lambda record, cache: make_change(Remove, None, _read(old, record.old_image, "OldImage", cache), record)
    if Change in route.signature.change.types:
        return lambda record, cache: _build_open(new, old, record, cache)
    return lambda record, cache: make_change(
        Modify,
        _read(new, record.new_image, "NewImage", cache),
        _read(old, record.old_image, "OldImage", cache),
        record,
    )


def _read(parser: Parser, wire: Any, image: str, cache: Cache | None) -> Any:
    if wire is None:
        raise DecodeError("", "no such image", "one in a record of this event", image)
    if cache is None:
        return parser.parse(wire, image)
    key = (image, parser)
    if key not in cache:
        cache[key] = parser.parse(wire, image)
    return cache[key]


def _build_open(new: Parser, old: Parser, record: Record, cache: Cache | None) -> Change[Any, Any]:
    """A modification for a handler of ``Change``, which can do with one of the images."""
    if record.old_image is None:
        return Change(_read(new, record.new_image, "NewImage", cache), None, record)
    before = _read(old, record.old_image, "OldImage", cache)
    if record.new_image is None:
        return Change(None, before, record)
    return Modify(_read(new, record.new_image, "NewImage", cache), before, record)


def _build_without_images(record: Record, _cache: Cache | None) -> Change[Any, Any]:
    if record.event is Event.INSERT:
        return Insert(None, record)
    return Modify(None, None, record) if record.event is Event.MODIFY else Remove(None, record)


def _build_fallback(record: Record, cache: Cache | None) -> Change[Any, Any]:
    plain = parser_for(dict[str, Any])
    new, old = record.new_image, record.old_image
    if new is None and old is None:
        return Change(None, record.keys, record)
    if new is None:
        return Remove(_read(plain, old, "OldImage", cache), record)
    if old is None:
        return (
            Insert(_read(plain, new, "NewImage", cache), record)
            if record.event is Event.INSERT
            else Change(_read(plain, new, "NewImage", cache), None, record)
        )
    return Modify(_read(plain, new, "NewImage", cache), _read(plain, old, "OldImage", cache), record)
