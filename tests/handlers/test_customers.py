"""Customers: profile and domain events."""

from __future__ import annotations

from tests.events.stories import customer
from tests.handlers.shop import Shop, change

ADA = customer(42, "Ada Ames")
GOLD = {**ADA, "tier": "GOLD"}


def test_a_profile_is_shown_without_the_email_address() -> None:
    """The page is for others to read."""
    shop = Shop()
    shop.deliver(change(None, ADA))
    assert shop.views.page("CUSTOMER#42") == {"PROFILE": {"name": "Ada Ames", "tier": "BASIC"}}


def test_a_customer_who_left_is_forgotten() -> None:
    """Nothing of the profile is kept."""
    shop = Shop()
    shop.deliver(change(None, ADA), change(ADA, None))
    assert shop.views.page("CUSTOMER#42") == {}


def test_joining_and_becoming_gold_are_told() -> None:
    """Another change is not, nor is a second one of somebody who is GOLD already."""
    shop = Shop()
    shop.deliver(change(None, ADA), change(ADA, GOLD), change(GOLD, {**GOLD, "name": "Ada A."}), change(GOLD, ADA))
    assert shop.told == ["CustomerJoined", "CustomerPromoted"]
