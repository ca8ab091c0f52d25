"""Sample records that a route takes; a filter may choose every value that the route does not determine."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.app import Dispatcher
from router.conditions import AllOf, AnyOf, Changed
from router.discriminator_rules import Attribute, Chain, Discriminator, Folded, Prefix, Template
from router.electrodb import ElectroDBKey
from router.event import Event
from router.routes import Route
from router.stream_view import View, carried

__all__ = ["OTHER", "Allows", "SampleRecord", "event_name", "has_samples", "samples_of", "samples_of_unrouted"]

_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Table/stream/2026-01-01T00:00:00.000"
_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
OTHER = "some other text"
"""The text of values that the route does not determine."""

_PARTS = ("NewImage", "OldImage", "Keys")

Allows = Callable[[Any], bool]
"""Whether a value is allowed at a path."""


@dataclass(frozen=True)
class SampleRecord:
    """A record that a route takes, and the values that a filter may not choose.

    Args:
        record: The record.
        fixed: Paths in the form of patterns, each with a test of the values that are allowed there.
        spellings: Texts that begin a value which contains the entity's name.
        takes: Whether the route takes a changed copy of the record.
        named_by: The attribute that holds the entity's name.
    """

    record: dict[str, Any]
    fixed: Mapping[str, Allows]
    spellings: tuple[str, ...]
    takes: Callable[[dict[str, Any]], bool] = field(repr=False)
    named_by: str


@dataclass(frozen=True)
class _Stream:
    """The properties of a stream that all of its records share."""

    view: View
    keys: tuple[str, ...]  # empty if unknown

    def record(self, event: Event, images: Mapping[str, Mapping[str, Any]], mark: Mapping[str, Any]) -> dict[str, Any]:
        names = carried(self.view, event)
        keys = {name: mark.get(name, {"S": "1"}) for name in self.keys or ("pk", "sk", *mark)}
        record: dict[str, Any] = {
            "eventID": "0" * 32,
            "eventName": event_name(event),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_767_225_600,
                "Keys": keys,
                **{name: {**keys, **images.get(name, {}), **mark} for name in names},
                "SequenceNumber": "1" * 21,
                "SizeBytes": 100,
                "StreamViewType": self.view,
            },
            "eventSourceARN": _ARN,
        }
        return {**record, "userIdentity": _TTL} if event is Event.EXPIRE else record


def samples_of(
    app: Dispatcher, route: Route, entity: str, event: Event, *, view: View, keys: Sequence[str]
) -> list[SampleRecord]:
    """Records of an entity and an event that a route takes; none if none can be built.

    Args:
        app: The app.
        route: One of its routes.
        entity: The entity's name.
        event: The event, with its cause.
        view: The stream view type.
        keys: The names of the key attributes; empty if they are unknown.
    """

    def takes(record: dict[str, Any]) -> bool:
        explanation = app.explain(record)
        return any(route is each for each in explanation.matching)

    def names(image: Mapping[str, Any]) -> bool:
        read = app.discriminator.read(image)
        return read is not None and _folded(app, read) == _folded(app, entity)

    return list(_samples(app, entity, event, _Stream(view, tuple(keys)), route.condition, names, takes))


def samples_of_unrouted(app: Dispatcher, event: Event, *, view: View, keys: Sequence[str]) -> list[SampleRecord]:
    """Records of an entity without a route; none if none can be built.

    Args:
        app: The app.
        event: The event, with its cause.
        view: The stream view type.
        keys: The names of the key attributes; empty if they are unknown.
    """

    routed = {_folded(app, name) for route in app.routes for name in app.entities_of(route)}

    def takes(record: dict[str, Any]) -> bool:
        explanation = app.explain(record)
        if explanation.entity is not None and _folded(app, explanation.entity) in routed:
            return False
        return all(verdict.matches for verdict in explanation.verdicts if verdict.route.fallback)

    def names(image: Mapping[str, Any]) -> bool:
        entity = app.discriminator.read(image)
        return entity is not None and _folded(app, entity) not in routed

    return list(_samples(app, "SomeOtherEntity", event, _Stream(view, tuple(keys)), None, names, takes))


def _samples(
    app: Dispatcher,
    entity: str,
    event: Event,
    stream: _Stream,
    condition: Any,
    names: Callable[[Mapping[str, Any]], bool],
    takes: Callable[[dict[str, Any]], bool],
) -> Iterator[SampleRecord]:
    marks = list(_marks(app.discriminator, entity))
    for (attribute, text), demands in itertools.product(marks, _demands(condition)):
        images: dict[str, dict[str, Any]] = {"OldImage": {}, "NewImage": {}}
        fixed: dict[str, Allows] = {}
        for image, path, value, exact in demands:
            _put(images[image], path, value)
            if exact:
                dotted = ".".join(["dynamodb", image, *_dotted(path)])
                fixed |= {f"{dotted}.{tag}": _only(inner) for tag, inner in value.items()}
        record = stream.record(event, images, {attribute: {"S": text}})
        # A rule of a chain that reads another name changes the entity, so no attribute of a rule is free.
        mark = {attribute: {"S": text}}
        for other in dict.fromkeys(name for name, _ in marks):
            fixed |= {f"dynamodb.{part}.{other}.S": _naming(names, mark, other) for part in _PARTS}
        if takes(record):
            spellings = (text, text.removesuffix("1"), text.lower(), text.upper(), entity)
            yield SampleRecord(record, fixed, spellings, takes, attribute)


def event_name(event: Event) -> str:
    """The ``eventName`` of a record; removals by either cause have the same."""
    return "REMOVE" if event in Event.REMOVE else str(event)


def has_samples(rule: Discriminator) -> bool:
    """Whether items of a given entity can be built for a discriminator; not if it is a user's function."""
    return next(_marks(rule, "Entity"), None) is not None


def _folded(app: Dispatcher, entity: str) -> str:
    return entity.casefold() if app.discriminator.folds else entity


def _marks(rule: Discriminator, entity: str) -> Iterator[tuple[str, str]]:
    """Attributes with texts from which the rule reads the entity; none for a user's function."""
    if isinstance(rule, Attribute):
        yield rule.name, entity
    elif isinstance(rule, Prefix):
        yield rule.name, f"{entity}{rule.separator}1"
    elif isinstance(rule, Template):
        yield rule.name, _filled(rule.pattern, entity)
    elif isinstance(rule, ElectroDBKey):
        yield rule.sort_key, f"${entity}_1"
        yield rule.partition_key, f"$service${entity}_1"
    elif isinstance(rule, Chain):
        for each in rule.rules:
            yield from _marks(each, entity)
    elif isinstance(rule, Folded):
        yield from _marks(rule.rule, entity)


def _filled(pattern: str, entity: str) -> str:
    return re.sub(r"\{\w+\}", "1", pattern.replace("{entity}", entity).removesuffix("*"))


Demand = tuple[str, tuple[str | int, ...], dict[str, Any], bool]
"""An image, a path in it, the wire value at the path, and whether the route needs exactly this value."""


def _demands(condition: Any) -> Iterator[tuple[Demand, ...]]:
    """The values that meet a condition, for each way to meet it; ``takes`` decides about other conditions."""
    if isinstance(condition, AllOf):
        for ways in itertools.product(*map(_demands, condition.conditions)):
            yield tuple(itertools.chain(*ways))
    elif isinstance(condition, AnyOf):
        for each in condition.conditions:
            yield from _demands(each)
    elif isinstance(condition, Changed):
        for path in condition.paths:
            yield tuple(_sides(path, condition.before, condition.after))
    else:
        yield ()


def _sides(
    path: tuple[str | int, ...], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Iterator[Demand]:
    yield "OldImage", path, before or {"S": f"{OTHER} before"}, before is not None
    yield "NewImage", path, after or {"S": f"{OTHER} after"}, after is not None


def _put(image: dict[str, Any], path: tuple[str | int, ...], value: dict[str, Any]) -> None:
    """Put a wire value at a path of an image, and create the maps and lists on the path."""
    holder: Any = image
    for step, following in itertools.pairwise((*path, None)):
        wire = value if following is None else {"L": []} if isinstance(following, int) else {"M": {}}
        if isinstance(step, int):
            holder.extend({"NULL": True} for _ in range(step + 1 - len(holder)))
            holder[step] = wire if following is None or holder[step] == {"NULL": True} else holder[step]
        else:
            holder[step] = wire if following is None else holder.get(step, wire)
        ((_, holder),) = holder[step].items()


def _dotted(path: tuple[str | int, ...]) -> Iterator[str]:
    for step, following in itertools.pairwise((*path, None)):
        if isinstance(step, str):
            yield step
        if following is not None:
            yield "L" if isinstance(following, int) else "M"


def _naming(names: Callable[[Mapping[str, Any]], bool], mark: Mapping[str, Any], attribute: str) -> Allows:
    return lambda value: names({**mark, attribute: {"S": value}})


def _only(value: Any) -> Allows:
    return lambda other: other in value if isinstance(value, list) else other == value
