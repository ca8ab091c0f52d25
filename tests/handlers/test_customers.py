"""Customers: profile and domain events."""

from __future__ import annotations

from router.testing import AppStream
from tests.events.stories import customer
from tests.handlers.shop import Shop

ADA = customer(42, "Ada Ames")
GOLD = {**ADA, "tier": "GOLD"}


def test_a_profile_is_shown_without_the_email_address(shop: Shop, stream: AppStream) -> None:
    """The page shows name and tier of a customer, and no e-mail address."""
    stream.put(ADA)
    stream.run()
    assert shop.page("CUSTOMER#42") == {"PROFILE": {"name": "Ada Ames", "tier": "BASIC"}}


def test_a_deleted_customer_is_not_shown(shop: Shop, stream: AppStream) -> None:
    """A deleted customer has no profile on the page."""
    stream.put(ADA)
    stream.delete(ADA)
    stream.run()
    assert shop.page("CUSTOMER#42") == {}


def test_joining_and_becoming_gold_cause_events(shop: Shop, stream: AppStream) -> None:
    """A customer who joins or becomes GOLD causes an event; other changes cause none."""
    for item in (ADA, GOLD, {**GOLD, "name": "Ada A."}, ADA):
        stream.put(item)
    stream.run()
    assert shop.published == ["CustomerJoined", "CustomerPromoted"]
