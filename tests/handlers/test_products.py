"""Products: the catalogue and sold-out products."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.events.stories import product
from tests.handlers.shop import Shop, change

MUG = product("MUG-1", "Mug", "12.95", 2)


def stocked(count: int) -> dict[str, object]:
    return {**MUG, "stock": count}


def test_a_product_is_in_the_catalogue() -> None:
    """The catalogue shows title, price and stock."""
    shop = Shop()
    shop.deliver(change(None, MUG))
    assert shop.page("CATALOGUE") == {"PRODUCT#MUG-1": {"title": "Mug", "price": Decimal("12.95"), "stock": 2}}


def test_many_changes_of_a_product_are_one_write() -> None:
    """Of several changes in a batch the catalogue gets the last one, in one write."""
    shop = Shop()
    shop.deliver(*(change(stocked(count), stocked(count - 1)) for count in range(9, 3, -1)))
    assert shop.page("CATALOGUE")["PRODUCT#MUG-1"]["stock"] == 3
    assert shop.tables.requests == ["put_item"]


def test_a_removed_product_leaves_the_catalogue() -> None:
    """A removed product is not in the catalogue, even if the same batch added it."""
    shop = Shop()
    shop.deliver(change(None, MUG), change(MUG, None))
    assert shop.page("CATALOGUE") == {}


@pytest.mark.parametrize(
    ("before", "after", "published"),
    [(2, 0, ["ProductSoldOut"]), (1, -1, ["ProductSoldOut"]), (2, 1, []), (0, -1, []), (0, 5, []), (2, 2, [])],
)
def test_selling_out_causes_one_event(before: int, after: int, published: list[str]) -> None:
    """A product causes an event when its last piece goes, and none while it stays sold out."""
    shop = Shop()
    shop.deliver(change(stocked(before), {**stocked(after), "title": "Large mug"}))
    assert shop.published == published
