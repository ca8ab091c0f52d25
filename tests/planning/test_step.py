"""A step gives its handler a change of the right class, with the images that the route parses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from router import Change, Dispatcher, Event, Insert, Modify, Remove, Routes
from router.stream_view import View
from router.wire.decode import decode_image
from tests.builders import Order, batch, insert, item, modify, record, remove


class OrderV1(BaseModel):
    pk: str


def on(model: Any, *terms: Any, **options: Any) -> Callable[[Routes], Any]:
    return lambda routes: routes.on(model, *terms, **options)


def built(raw: dict[str, Any], decorator: Any, view: View = "NEW_AND_OLD_IMAGES") -> Change[Any, Any]:
    """The change that a route's handler is given."""
    changes: list[Change[Any, Any]] = []

    def handler(change: Change[Any]) -> None:
        changes.append(change)

    routes = Routes()
    decorator(routes)(handler)
    Dispatcher(routes, view=view)(batch(raw))
    (change,) = changes
    return change


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (insert(total=1), Insert),
        (modify(total=1), Modify),
        (remove(total=1), Remove),
    ],
)
def test_changes(raw: Any, kind: type) -> None:
    """With both images, the change is of the event's own class."""
    change = built(raw, on(Order))
    assert type(change) is kind
    assert isinstance(change.image, Order)
    assert change.record.raw is raw


def test_old_model() -> None:
    """Each image is validated into its own model."""
    change = built(modify(), on(Order, old=OrderV1))
    assert (type(change.new), type(change.old)) == (Order, OrderV1)
    change = built(remove(), on(Order, old=OrderV1))
    assert type(change.old) is OrderV1


@pytest.mark.parametrize(("view", "image"), [("NEW_IMAGE", "NewImage"), ("OLD_IMAGE", "OldImage")])
def test_modification_with_one_image(view: View, image: str) -> None:
    """Under a view with one image a modification is a plain change that has this one."""
    images: Any = {image: item()}
    change = built(record(1, "MODIFY", **images), on(Order, Event.MODIFY), view)
    assert type(change) is Change
    assert (change.new is not None, change.old is not None) == (image == "NewImage", image == "OldImage")


@pytest.mark.parametrize(("raw", "kind"), [(insert(), Insert), (modify(), Modify), (remove(), Remove)])
def test_changes_without_a_model(raw: Any, kind: type) -> None:
    """Without a model the change has its class, and no image."""
    change = built(raw, on(None, entity="Order"))
    assert (type(change), change.new, change.old) == (kind, None, None)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (insert(), Insert),
        (modify(), Modify),
        (remove(), Remove),
        (record(1, "MODIFY", NewImage=item()), Change),
        (record(1, "MODIFY", OldImage=item()), Change),
        (record(1, "REMOVE", NewImage={}, OldImage=item()), Remove),
    ],
)
def test_changes_of_the_fallback(raw: Any, kind: type) -> None:
    """The event decides the class of a fallback's change, and its images are plain dicts."""
    change = built(raw, lambda routes: routes.fallback)
    body = raw["dynamodb"]
    assert type(change) is kind
    assert change.image == decode_image(body.get("NewImage") or body["OldImage"])


@pytest.mark.parametrize(("event_name", "kind"), [("INSERT", Insert), ("MODIFY", Change), ("REMOVE", Remove)])
@pytest.mark.parametrize("view", ["KEYS_ONLY", None])
def test_the_keys_are_a_fallbacks_image_where_the_stream_carries_none(
    event_name: str, kind: type, view: str | None
) -> None:
    """Of a removal they are the old image, else the new one."""
    raw = record(1, event_name)
    raw["dynamodb"]["StreamViewType"] = view
    change = built(raw, lambda routes: routes.fallback)
    keys = decode_image(raw["dynamodb"]["Keys"])
    assert type(change) is kind
    assert (change.new, change.old) == ((None, keys) if kind is Remove else (keys, None))


@pytest.mark.parametrize("event_name", ["INSERT", "MODIFY", "REMOVE"])
@pytest.mark.parametrize("images", [{}, {"NewImage": {}, "OldImage": {}}])
@pytest.mark.parametrize("decorator", [lambda routes: routes.fallback, on(dict[str, Any], entity="Stranger")])
def test_an_image_that_the_view_promises_and_that_is_missing_is_a_failure(
    event_name: str, images: dict[str, Any], decorator: Any
) -> None:
    """A missing image, or an empty one, fails the record at decoding instead of giving the handler nothing."""
    routes = Routes()

    def handler(change: Change[dict[str, Any]]) -> None: ...

    decorator(routes)(handler)
    app = Dispatcher(routes, discriminator=lambda image: "Stranger")
    (outcome,) = app.dispatch(batch(record(1, event_name, **images)))
    assert (outcome.status, outcome.stage) == ("failed", "decode")
    assert "no such image" in str(outcome.error)
