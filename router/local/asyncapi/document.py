"""The document of AsyncAPI 3 that says what an app consumes.

The stream is one channel, each event of an entity is a message, and each route is an operation that receives some of
these messages. No value of an item is in it; what conditions compare with is written in the app.
https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from inspect import getdoc
from typing import Any

from router.app import Dispatcher
from router.event import Event
from router.local.asyncapi.condition_words import condition_structure, condition_words
from router.local.asyncapi.model_schemas import Schemas, model_schemas
from router.routes import Route
from router.stream_view import carried

__all__ = ["asyncapi_document"]

_CHANNEL = "stream"
_ANY_OTHER = "any-other"
_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9_.\-]")
_HAPPENED = {
    Event.INSERT: "is new",
    Event.MODIFY: "was changed",
    Event.DELETE: "was deleted",
    Event.EXPIRE: "expired",
}
_IMAGES = {"NewImage": "new", "OldImage": "old"}

Taken = tuple[str | None, Event]
"""An entity, or ``None`` for any other one, and one event."""


def asyncapi_document(app: Dispatcher, title: str, version: str) -> dict[str, Any]:
    """Describe what an app consumes.

    Args:
        app: The app.
        title: The name of the app.
        version: The version of the app.
    """
    schemas = model_schemas(model for route in app.routes for model in (route.model, route.old) if model is not None)
    taken = {key: None for route in app.routes for key in _taken_by(route, app)}
    messages = {_key_of(*key): _message(*key, app, schemas) for key in taken}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version, "description": _description(app)},
        "defaultContentType": "application/json",
        "channels": {
            _CHANNEL: {
                "address": None,
                "title": "The stream of the table",
                "description": f"Stream view type {app.view}. The entity is named by {app.discriminator!r}.",
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
            }
        },
        "operations": dict(_operations(app)),
        "components": {"messages": messages, "schemas": schemas.components},
    }


def _description(app: Dispatcher) -> str:
    return (
        "Changes of the items of a table, routed by entity. A payload is a change as handlers receive it: "
        "its images are decoded from DynamoDB JSON. Records that no route takes: "
        f"{app.unrouted}."
    )


def _taken_by(route: Route, app: Dispatcher) -> Iterator[Taken]:
    entities: Iterable[str | None] = (None,) if route.fallback else app.entities_of(route)
    for entity in entities:
        for event in route.events:
            yield entity, event


def _key_of(entity: str | None, event: Event) -> str:
    return f"{_ANY_OTHER if entity is None else _key(entity)}.{event}"


def _key(text: str) -> str:
    """The text with only such characters as keys of AsyncAPI have; different texts stay different."""
    return _NOT_IN_A_KEY.sub(lambda found: f"-{ord(found[0]):x}", text)


def _message(entity: str | None, event: Event, app: Dispatcher, schemas: Schemas) -> dict[str, Any]:
    subject = "An item of another entity" if entity is None else entity
    routes = [route for route in app.routes if (entity, event) in set(_taken_by(route, app))]
    images = {_IMAGES[name]: _image(name, routes, schemas) for name in carried(app.view, event)}
    tags = [{"name": name} for name in (entity or "any other entity", str(event))]
    return {
        "name": _key_of(entity, event),
        "title": f"{subject} {_HAPPENED[event]}",
        "tags": tags,
        "payload": {
            "type": "object",
            "properties": {"event": {"type": "string", "const": str(event)}, **images},
            "required": ["event", *images],
        },
    }


def _image(name: str, routes: Iterable[Route], schemas: Schemas) -> dict[str, Any]:
    models = [route.model if name == "NewImage" else route.old or route.model for route in routes]
    found: list[Any] = []
    for schema in (schemas.of(model) for model in models if model is not None):
        if schema not in found:
            found.append(schema)
    if not found:
        return {"type": "object"}
    return found[0] if len(found) == 1 else {"anyOf": found}


def _operations(app: Dispatcher) -> Iterator[tuple[str, dict[str, Any]]]:
    counts: dict[str, int] = {}
    for route in app.routes:
        name = _key(route.name)
        counts[name] = counts.get(name, 0) + 1
        yield name if counts[name] == 1 else f"{name}-{counts[name]}", _operation(route, app)


def _operation(route: Route, app: Dispatcher) -> dict[str, Any]:
    channel = f"#/channels/{_CHANNEL}"
    messages = [{"$ref": f"{channel}/messages/{_key_of(*key)}"} for key in _taken_by(route, app)]
    summary = (getdoc(route.handler) or "").partition("\n")[0]
    return {
        "action": "receive",
        "channel": {"$ref": channel},
        "title": route.name,
        **({"summary": summary} if summary else {}),
        "description": "\n\n".join(_sentences(route)),
        "messages": messages,
        "x-route": _written(route),
    }


def _sentences(route: Route) -> Iterator[str]:
    if route.state is not None:
        yield "Once for each invocation of a tumbling window."
    elif route.batch:
        yield "Once for each invocation, with all changes."
    else:
        yield "Once for each change."
    if route.condition is not None:
        yield f"Only if {condition_words(route.condition)}."


def _written(route: Route) -> Mapping[str, Any]:
    condition = None if route.condition is None else condition_structure(route.condition)
    return {"decorator": route.written, **({"condition": condition} if condition else {})}
