"""``router.sources.backfilled_item``: items that are there already, in the form of changes."""

from __future__ import annotations

from router.sources.backfilled_item import backfilled_item, item_id
from tests.builders import item

KEYS = {"pk": {"S": "a"}}


def test_the_images_decide_the_event() -> None:
    """An incremental export has no event name."""
    new, old = {"NewImage": item("a")}, {"OldImage": item("a")}
    names = [backfilled_item("shop", KEYS, images)["eventName"] for images in (new, new | old, old, {})]
    assert names == ["INSERT", "MODIFY", "REMOVE", "REMOVE"]


def test_the_same_item_has_the_same_id() -> None:
    """However its attributes are ordered, so a backfill that is repeated skips what idempotent handlers have done."""
    image = {"NewImage": item("a", total=1)}
    turned = {"NewImage": dict(reversed(image["NewImage"].items()))}
    assert item_id("shop", KEYS, image) == item_id("shop", KEYS, turned)


def test_an_item_that_has_changed_has_another_id() -> None:
    """What a handler has done for its old contents says nothing about the new ones."""
    assert item_id("shop", KEYS, {"NewImage": item("a", total=1)}) != item_id("shop", KEYS, {"NewImage": item("a")})


def test_equal_items_of_two_tables_have_different_ids() -> None:
    """They are different items."""
    image = {"NewImage": item("a")}
    assert item_id("shop", KEYS, image) != item_id("store", KEYS, image)
