"""Rules about filters that drop records which a route takes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from router.app import Dispatcher
from router.discriminator_rules import Attribute
from router.event import Event
from router.local.event_source_mapping.settings import FILTERABLE
from router.local.filter_patterns import FilterPattern, FilterPatternError
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.filter_search import passes
from router.local.lint.rule import Violation, rule
from router.local.lint.sample_records import SampleRecord, event_name, has_samples, samples_of, samples_of_unrouted
from router.routes import Route
from router.stream_view import View, carried

__all__ = ["filter_drops_route", "filter_drops_unrouted", "filter_undocumented"]

_FILTERS = "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html"

Taken = tuple[str, Event]
"""An entity's name and an event."""

Passed = dict[str, bool | None]
"""Whether some filter passes records, by the attribute that names their entity; ``None`` where that is uncertain."""

Answers = list[tuple[Route, dict[Taken, Passed]]]
"""Whether filters pass what each route takes."""


@rule("error", _FILTERS)
def filter_drops_route(deployment: Deployment) -> Iterator[Violation]:
    """No filter passes a record that a route takes."""
    patterns, app = _patterns(deployment), deployment.app
    if not patterns:
        return
    view, keys = _stream(deployment)
    if not has_samples(app.discriminator):
        what = f"{app.discriminator!r} does not show which items belong to which entity"
        raise NotKnownError(deployment.place("FilterCriteria"), what)
    answers = _answers(app, patterns, view, keys)
    others = {event: _passed(patterns, samples_of_unrouted(app, event, view=view, keys=keys)) for event in Event}
    meant = _meant(answers, others)
    for route, taken in answers:
        dropped = [each for each, passed in taken.items() if passed and all(one is False for one in passed.values())]
        stale = {each: name for each, passed in taken.items() if (name := _stale(each, passed, others, meant))}
        if dropped or stale:
            named = "" if dropped else f" if {', '.join(sorted(set(stale.values())))} names their entity"
            yield Violation(
                deployment.place("FilterCriteria"),
                f"{route.written} of {route.name} takes {_listed(dropped or list(stale))}, and no filter passes "
                f"that{named}: Lambda drops these records before it invokes the function.",
                _pattern(app, view, dropped or list(stale)),
            )


@rule("warning", _FILTERS)
def filter_drops_unrouted(deployment: Deployment) -> Iterator[Violation]:
    """Filters drop entities without a route, although the app takes them."""
    patterns, app = _patterns(deployment), deployment.app
    fallback = next((route for route in app.routes if route.fallback), None)
    if not patterns or (fallback is None and app.unrouted == "skip"):
        return
    view, keys = _stream(deployment)
    dropped = [event for event in Event if _drops(patterns, samples_of_unrouted(app, event, view=view, keys=keys))]
    if dropped:
        kept = f"its fallback {fallback.name}" if fallback else f"unrouted={app.unrouted!r}"
        yield Violation(
            deployment.place("FilterCriteria"),
            f"The app takes records of entities without a route, by {kept}, and no filter passes those of "
            f"{_events(dropped)}: Lambda drops them before it invokes the function.",
            "no FilterCriteria"
            + (f"\n# or no {fallback.written}" if fallback else '\n# or Dispatcher(..., unrouted="skip")'),
        )


@rule("warning", _FILTERS)
def filter_undocumented(deployment: Deployment) -> Iterator[Violation]:
    """A filter tests a field that AWS does not document for streams."""
    others = sorted({name for pattern in _patterns(deployment) for name in pattern.names} - FILTERABLE)
    if others:
        yield Violation(
            deployment.place("FilterCriteria"),
            f"A filter tests {', '.join(others)}, but AWS documents filters of table streams on "
            f"{', '.join(sorted(FILTERABLE))} only: a filter of a missing field passes no record.",
            "filters on eventName, dynamodb and userIdentity",
        )


def _patterns(deployment: Deployment) -> list[FilterPattern]:
    """The filters; none if Lambda refuses one, which another rule reports."""
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
        raise NotKnownError(deployment.place("FilterCriteria"), "a filter's Pattern is unknown before deployment")
    return FilterPattern(text)


def _stream(deployment: Deployment) -> tuple[View, Sequence[str]]:
    """The view and the keys of the table; the app's view if the template does not have the table."""
    try:
        return deployment.view or deployment.app.view, deployment.keys
    except NotKnownError:
        return deployment.app.view, ()


def _passed(patterns: list[FilterPattern], samples: list[SampleRecord]) -> Passed:
    found: dict[str, list[bool | None]] = {}
    for sample in samples:
        found.setdefault(sample.named_by, []).extend(passes(sample, pattern) for pattern in patterns)
    return {name: True if True in each else None if None in each else False for name, each in found.items()}


def _answers(app: Dispatcher, patterns: list[FilterPattern], view: View, keys: Sequence[str]) -> Answers:
    return [
        (
            route,
            {
                (entity, event): _passed(patterns, samples_of(app, route, entity, event, view=view, keys=keys))
                for entity in app.entities_of(route)
                for event in route.events
            },
        )
        for route in app.routes
    ]


def _meant(answers: Answers, others: Mapping[Event, Passed]) -> set[tuple[str, str]]:
    """The event names and attributes by which filters pass some routed entity, but no other one."""
    return {
        (event_name(event), name)
        for _, taken in answers
        for (_, event), passed in taken.items()
        for name, one in passed.items()
        if one and others[event].get(name) is False
    }


def _stale(
    taken: Taken, passed: Passed, others: Mapping[Event, Passed], meant: Collection[tuple[str, str]]
) -> str | None:
    """The attribute by which filters pass other routed entities and not this one; ``None`` if they pass it on purpose.

    A pattern cannot express every rule of a chain: a filter made for other routes passes any text in the attribute of
    such a rule, which does not show that it is meant for this entity.
    """
    event = taken[1]
    passing = [name for name, one in passed.items() if one is not False]
    if not passing or not all(others[event].get(name) for name in passing):
        return None
    return next((name for name, one in passed.items() if one is False and (event_name(event), name) in meant), None)


def _drops(patterns: list[FilterPattern], samples: list[SampleRecord]) -> bool:
    """Whether certainly none of the records passes."""
    answers = [passes(sample, pattern) for sample in samples for pattern in patterns]
    return bool(answers) and all(answer is False for answer in answers)


def _listed(dropped: list[Taken]) -> str:
    entities = dict.fromkeys(entity for entity, _ in dropped)
    return ", ".join(f"{_events([event for name, event in dropped if name == each])} of {each}" for each in entities)


def _events(events: list[Event]) -> str:
    names = dict.fromkeys(str(event) for event in events)
    return "|".join(names).replace("DELETE|EXPIRE", "REMOVE")


def _pattern(app: Dispatcher, view: View, dropped: list[Taken]) -> str:
    """A filter that passes the records."""
    discriminator = app.discriminator
    if not isinstance(discriminator, Attribute) or any(not carried(view, event) for _, event in dropped):
        return "no FilterCriteria, or a filter that passes these records too"
    images: dict[str, list[Taken]] = {}
    for entity, event in dropped:
        images.setdefault(carried(view, event)[0], []).append((entity, event))
    lines = []
    for image, taken in images.items():
        names = list(dict.fromkeys(event_name(event) for _, event in taken))
        entities = list(dict.fromkeys(entity for entity, _ in taken))
        pattern = {"eventName": names, "dynamodb": {image: {discriminator.name: {"S": entities}}}}
        lines.append(f"    - Pattern: '{json.dumps(pattern)}'")
    return "\n".join(["FilterCriteria:", "  Filters: # beside the present ones", *lines])
