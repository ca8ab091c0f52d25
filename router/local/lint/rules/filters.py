"""Rules about filters: records that they keep from the routes that wait for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from router.app import Dispatcher
from router.discriminators import Attribute
from router.event import Event
from router.local.event_source_mapping.settings import FILTERABLE
from router.local.filter_patterns import FilterPattern, FilterPatternError
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.filter_search import passes
from router.local.lint.rule import Trouble, rule
from router.local.lint.sample_records import Witness, names_entities, witnesses_of, witnesses_of_others
from router.stream_view import View, carried

__all__ = ["filter_drops_route", "filter_drops_unrouted", "filter_undocumented"]

_FILTERS = "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html"

Taken = tuple[str, Event]
"""An entity's name and an event."""


@rule("error", _FILTERS)
def filter_drops_route(deployment: Deployment) -> Iterator[Trouble]:
    """No filter lets through what a route waits for."""
    patterns, app = _patterns(deployment), deployment.app
    view, keys = _stream(deployment)
    if patterns and not names_entities(app.discriminator):
        told = f"nobody can tell which items {app.discriminator!r} takes for which entity"
        raise NotKnownError(deployment.place("FilterCriteria"), told)
    for route in app.routes if patterns else ():
        dropped = [
            (entity, event)
            for entity in app.entities_of(route)
            for event in route.events
            if _drops(patterns, witnesses_of(app, route, entity, event, view=view, keys=keys))
        ]
        if dropped:
            yield Trouble(
                deployment.place("FilterCriteria"),
                f"{route.written} of {route.name} takes {_told(dropped)}, and no filter lets that through: "
                "Lambda drops such records before the function sees them.",
                _pattern(app, view, dropped),
            )


@rule("warning", _FILTERS)
def filter_drops_unrouted(deployment: Deployment) -> Iterator[Trouble]:
    """Filters drop entities without a route, which the app would not."""
    patterns, app = _patterns(deployment), deployment.app
    fallback = next((route for route in app.routes if route.fallback), None)
    if not patterns or (fallback is None and app.unrouted == "skip"):
        return
    view, keys = _stream(deployment)
    dropped = [event for event in Event if _drops(patterns, witnesses_of_others(app, event, view=view, keys=keys))]
    if dropped:
        kept = f"its fallback {fallback.name}" if fallback else f"unrouted={app.unrouted!r}"
        yield Trouble(
            deployment.place("FilterCriteria"),
            f"The app takes records of entities without a route, by {kept}, and no filter lets those of "
            f"{_events(dropped)} through: Lambda drops them before the function sees them.",
            "no FilterCriteria"
            + (f"\n# or no {fallback.written}" if fallback else '\n# or Dispatcher(..., unrouted="skip")'),
        )


@rule("warning", _FILTERS)
def filter_undocumented(deployment: Deployment) -> Iterator[Trouble]:
    """A filter looks at what AWS does not document for streams."""
    others = sorted({name for pattern in _patterns(deployment) for name in pattern.names} - FILTERABLE)
    if others:
        yield Trouble(
            deployment.place("FilterCriteria"),
            f"A filter looks at {', '.join(others)}, while AWS documents filters of table streams on "
            f"{', '.join(sorted(FILTERABLE))} only: a field that is not there matches nothing, and drops records.",
            "filters on eventName, dynamodb and userIdentity",
        )


def _patterns(deployment: Deployment) -> list[FilterPattern]:
    """The filters; those that Lambda refuses are another rule's."""
    criteria: dict[str, Any] = deployment.setting("FilterCriteria", {})
    found = criteria.get("Filters")
    found = found if isinstance(found, list) else []
    try:
        return [_read(each, deployment) for each in found if _text(each) is not None]
    except FilterPatternError:
        return []


def _text(given: object) -> object:
    return given.get("Pattern") if isinstance(given, dict) else given


def _read(given: object, deployment: Deployment) -> FilterPattern:
    text = _text(given)
    if not isinstance(text, str):
        raise NotKnownError(deployment.place("FilterCriteria"), "a filter's Pattern is known only to a deployment")
    return FilterPattern(text)


def _stream(deployment: Deployment) -> tuple[View, Sequence[str]]:
    """The view and the keys of the table; as the app has it where the table is another template's."""
    try:
        return deployment.view or deployment.app.view, deployment.keys
    except NotKnownError:
        return deployment.app.view, ()


def _drops(patterns: list[FilterPattern], witnesses: list[Witness]) -> bool:
    """Whether it is certain that none of the records passes."""
    answers = [passes(witness, pattern) for witness in witnesses for pattern in patterns]
    return bool(answers) and all(answer is False for answer in answers)


def _told(dropped: list[Taken]) -> str:
    entities = dict.fromkeys(entity for entity, _ in dropped)
    return ", ".join(f"{_events([event for name, event in dropped if name == each])} of {each}" for each in entities)


def _events(events: list[Event]) -> str:
    names = dict.fromkeys(str(event) for event in events)
    return "|".join(names).replace("DELETE|EXPIRE", "REMOVE")


def _pattern(app: Dispatcher, view: View, dropped: list[Taken]) -> str:
    """A filter that lets the records through."""
    rule_of_app = app.discriminator
    if not isinstance(rule_of_app, Attribute) or any(not carried(view, event) for _, event in dropped):
        return "no FilterCriteria, or one that holds for these records too"
    images: dict[str, list[Taken]] = {}
    for entity, event in dropped:
        images.setdefault(carried(view, event)[0], []).append((entity, event))
    lines = []
    for image, taken in images.items():
        names = list(dict.fromkeys("REMOVE" if event in Event.REMOVE else str(event) for _, event in taken))
        entities = list(dict.fromkeys(entity for entity, _ in taken))
        pattern = {"eventName": names, "dynamodb": {image: {rule_of_app.name: {"S": entities}}}}
        lines.append(f"    - Pattern: '{json.dumps(pattern)}'")
    return "\n".join(["FilterCriteria:", "  Filters: # beside those that are there", *lines])
