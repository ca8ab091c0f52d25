"""Customers: profile and domain events."""

from __future__ import annotations

from router.testing import AppStream
from tests.events.stories import customer
from tests.handlers.shop import Shop

ADA = customer(42, "Ada Ames")
GOLD = {**ADA, "tier": "GOLD"}


def test_a_profile_is_shown_without_the_email_address(shop: Shop, stream: AppStream) -> None:
    """The page is for others to read."""
    stream.put(ADA)
    stream.run()
    assert shop.views.page("CUSTOMER#42") == {"PROFILE": {"name": "Ada Ames", "tier": "BASIC"}}


def test_a_customer_who_left_is_forgotten(shop: Shop, stream: AppStream) -> None:
    """Nothing of the profile is kept."""
    stream.put(ADA)
    stream.delete(ADA)
    stream.run()
    assert shop.views.page("CUSTOMER#42") == {}


def test_joining_and_becoming_gold_are_told(shop: Shop, stream: AppStream) -> None:
    """Another change is not, nor is a second one of somebody who is GOLD already."""
    for item in (ADA, GOLD, {**GOLD, "name": "Ada A."}, ADA):
        stream.put(item)
    stream.run()
    assert shop.told == ["CustomerJoined", "CustomerPromoted"]
