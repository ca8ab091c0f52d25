"""A misspelt name is distinguished from a name that tables have beside it."""

from __future__ import annotations

import pytest

from router.registration.near_names import misspelt, perhaps_misspelt

SLIPS = [
    ("stauts", "status"),
    ("Status", "status"),
    ("statu", "status"),
    ("statuss", "status"),
    ("tatus", "status"),
    ("stetus", "status"),
    ("totl", "total"),
    ("qyt", "qty"),
    ("adress", "address"),
    ("order_id", "orderId"),
    ("order-id", "order_id"),
    ("quantitiy", "quantity"),
    ("recieved_at", "received_at"),
    ("shippping_adress", "shipping_address"),
    ("custommer_name", "customer_name"),
]
NAMES_OF_THEIR_OWN = [
    ("updated_at", "created_at"),
    ("gsi1sk", "gsi1pk"),
    ("GSI2PK", "GSI1PK"),
    ("address2", "address1"),
    ("address", "address1"),
    ("sk", "pk"),
    ("id", "ids"),
    ("payer_id", "buyer_id"),
    ("start_time", "start_date"),
    ("mailing_city", "billing_city"),
    ("date", "rate"),
    ("side", "size"),
    ("old_total", "total"),
    ("totals", "total"),
    ("line", "lines"),
    ("version", "status"),
    ("#", "_"),
]


@pytest.mark.parametrize(("name", "known"), SLIPS)
def test_a_slip(name: str, known: str) -> None:
    """A letter missing, doubled, exchanged, in another case, or another letter inside a long name."""
    assert misspelt(name, ["other", known]) == known


@pytest.mark.parametrize(("name", "known"), NAMES_OF_THEIR_OWN)
def test_a_name_of_its_own(name: str, known: str) -> None:
    """Numbers, the two keys of an index, plurals and short words are names beside each other."""
    assert misspelt(name, [known]) is None


@pytest.mark.parametrize(("name", "known"), [("totals", "total"), ("line", "lines"), ("order_id", "order_ids")])
def test_a_plural_may_be_a_slip(name: str, known: str) -> None:
    """It is found in both directions."""
    assert perhaps_misspelt(name, ["other", known]) == known


def test_a_word_that_ends_in_s_is_no_plural() -> None:
    """Status and address are singular."""
    assert perhaps_misspelt("statu", ["status"]) is None
    assert perhaps_misspelt("addres", ["address"]) is None
