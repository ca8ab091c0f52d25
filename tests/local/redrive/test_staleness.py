"""``router.local.redrive.staleness``: whether a parked record is older than its item."""

from __future__ import annotations

from typing import Any

import pytest

from router.local.redrive.staleness import refreshed, why_stale
from router.record import Record
from router.sources.change import make_record
from tests.builders import TTL, Json, insert, item, modify, record, remove

CHANGED, GONE, AGAIN = "the item has changed since", "the item is gone", "the item exists again"


def made(raw: Json) -> Record:
    return make_record(raw, 0)


def in_view(view: str, name: str, **images: Any) -> Record:
    return made(record(1, name, StreamViewType=view, **images))


@pytest.mark.parametrize(
    ("raw", "held", "reason"),
    [
        (insert(1, total=1), item(total=1), None),
        (insert(1, total=1), item(total={"N": "1.0"}), None),
        (insert(1, total=1), item(total=2), CHANGED),
        (insert(1, total=1), None, GONE),
        (modify(1, total=2, old={"total": 1}), item(total=2), None),
        (modify(1, total=2, old={"total": 1}), item(total=1), CHANGED),
        (remove(1, total=1), None, None),
        (remove(1, total=1), item(total=1), AGAIN),
        (remove(1) | {"userIdentity": TTL}, None, None),
    ],
)
def test_a_record_is_fresh_if_the_table_holds_what_it_leaves(raw: Json, held: Json | None, reason: str | None) -> None:
    """Its new image, or no item after a removal."""
    assert why_stale(made(raw), [], held) == reason


def test_earlier_records_are_fresh_if_those_after_them_lead_to_the_item() -> None:
    """The route has seen no later change, so running all of them in order overwrites nothing newer."""
    first, second, third = insert(1, total=1), modify(2, total=2, old={"total": 1}), remove(3, total=2)
    assert why_stale(made(first), [made(second)], item(total=2)) is None
    assert why_stale(made(first), [made(second), made(third)], None) is None


def test_an_earlier_record_is_stale_if_there_is_a_gap_after_it() -> None:
    """A change between the two was handled: the route has seen a newer image."""
    first, third = insert(1, total=1), modify(3, total=3, old={"total": 2})
    assert why_stale(made(first), [made(third)], item(total=3)) == CHANGED


def test_all_are_stale_if_the_last_is() -> None:
    """They lead to an image that the table does not hold."""
    later = [made(modify(2, total=2, old={"total": 1}))]
    assert why_stale(made(insert(1, total=1)), later, item(total=9)) == CHANGED


@pytest.mark.parametrize(
    ("found", "held", "reason"),
    [
        (in_view("KEYS_ONLY", "MODIFY"), item(), None),
        (in_view("KEYS_ONLY", "MODIFY"), None, GONE),
        (in_view("KEYS_ONLY", "REMOVE"), None, None),
        (in_view("KEYS_ONLY", "REMOVE"), item(), AGAIN),
        (in_view("NEW_IMAGE", "MODIFY", NewImage=item(total=1)), item(total=1), None),
        (in_view("NEW_IMAGE", "MODIFY", NewImage=item(total=1)), item(total=2), CHANGED),
        (in_view("OLD_IMAGE", "MODIFY", OldImage=item()), item(), "it has no new image to compare with the item"),
        (in_view("OLD_IMAGE", "REMOVE", OldImage=item()), None, None),
    ],
)
def test_other_views(found: Record, held: Json | None, reason: str | None) -> None:
    """A record without images holds no old one; what cannot be compared is not taken for fresh."""
    assert why_stale(found, [], held) == reason


def test_new_images_alone_do_not_show_that_there_is_no_gap() -> None:
    """Of several records with new images only, the last one can be fresh."""
    first, second = (in_view("NEW_IMAGE", "MODIFY", NewImage=item(total=number)) for number in (1, 2))
    assert why_stale(first, [second], item(total=2)) == CHANGED


@pytest.mark.parametrize(
    ("raw", "held", "name", "images"),
    [
        (insert(1, total=1), item(total=5), "INSERT", {"NewImage": item(total=5)}),
        (modify(1, total=2), item(total=5), "MODIFY", {"NewImage": item(total=5), "OldImage": item()}),
        (modify(1, total=2), None, "REMOVE", {"OldImage": item()}),
        (remove(1, total=2), item(total=5), "MODIFY", {"NewImage": item(total=5), "OldImage": item(total=2)}),
        (
            record(1, "MODIFY", StreamViewType="NEW_IMAGE", NewImage=item()),
            item(total=5),
            "MODIFY",
            {"NewImage": item(total=5)},
        ),
        (record(1, "MODIFY", StreamViewType="NEW_IMAGE", NewImage=item()), None, "REMOVE", {}),
        (record(1, "REMOVE", StreamViewType="KEYS_ONLY"), item(total=5), "MODIFY", {}),
    ],
)
def test_refreshed(raw: Json, held: Json | None, name: str, images: Json) -> None:
    """The change from the old image to the present item, with the images that the view carries."""
    found = refreshed(made(raw), held)
    assert found is not None
    assert found["eventName"] == name
    assert {each: found["dynamodb"][each] for each in ("NewImage", "OldImage") if each in found["dynamodb"]} == images
    assert found["dynamodb"]["SequenceNumber"] == "1"


@pytest.mark.parametrize(("raw", "held"), [(insert(1), None), (modify(1, total=2), item())])
def test_nothing_is_left_of_what_is_undone(raw: Json, held: Json | None) -> None:
    """An insert of an item that is gone, and a change of which the item has the old image again."""
    assert refreshed(made(raw), held) is None
