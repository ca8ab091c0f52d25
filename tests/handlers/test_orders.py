"""Orders: page, stock and domain events."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from handlers import orders
from models.order import Order
from router import Dispatcher, Event, Insert, MalformedRecordError, Record, Reject
from router.testing import AppStream
from tests.events.stories import Item, order
from tests.handlers.shop import Shop, change

PLACED = order(1, 42, [("MUG-1", 2, "12.95"), ("TEA-7", 1, "8.45")])
PAID, SHIPPED, CANCELLED = ({**PLACED, "status": status} for status in ("PAID", "SHIPPED", "CANCELLED"))


def test_a_new_order_is_on_its_customers_page(shop: Shop, stream: AppStream) -> None:
    """The page shows the status, the exact total and the number of lines."""
    stream.put(PLACED)
    stream.run()
    assert shop.page("CUSTOMER#42") == {"ORDER#1": {"status": "PLACED", "total": Decimal("34.35"), "lines": 2}}


@pytest.mark.parametrize("remove", [AppStream.delete, AppStream.expire])
def test_a_removed_order_leaves_the_page(
    shop: Shop, stream: AppStream, remove: Callable[[AppStream, Item], object]
) -> None:
    """A deleted or expired order is not on the page."""
    stream.put(PLACED)
    remove(stream, PLACED)
    stream.run()
    assert shop.page("CUSTOMER#42") == {}


def test_a_new_order_takes_its_pieces_from_the_stock() -> None:
    """A new order takes the pieces of its lines from the stock."""
    shop = Shop(stock={"MUG-1": 10, "TEA-7": 5})
    shop.deliver(change(None, PLACED))
    assert shop.pieces == {"MUG-1": 8, "TEA-7": 4}


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        pytest.param(PLACED, PAID, {}, id="paying moves nothing"),
        pytest.param(PAID, CANCELLED, {"MUG-1": 2, "TEA-7": 1}, id="cancelling brings all back"),
        pytest.param(CANCELLED, PLACED, {"MUG-1": -2, "TEA-7": -1}, id="placing it again takes all again"),
        pytest.param(PLACED, order(1, 42, [("MUG-1", 5, "12.95")]), {"MUG-1": -3, "TEA-7": 1}, id="other lines"),
        pytest.param(PLACED, None, {"MUG-1": 2, "TEA-7": 1}, id="deleting an open order brings all back"),
        pytest.param(SHIPPED, None, {}, id="deleting a shipped one brings nothing back"),
        pytest.param(CANCELLED, None, {}, id="deleting a cancelled one brings nothing back a second time"),
    ],
)
def test_a_change_of_an_order_moves_the_difference(
    old: dict[str, object], new: dict[str, object] | None, moved: dict[str, int]
) -> None:
    """A change moves the difference between the pieces before and after it."""
    shop = Shop()
    shop.deliver(change(old, new))
    assert shop.pieces == moved


def test_an_unknown_product_is_rejected() -> None:
    """An order of an unknown product is rejected, and its other products are moved."""
    shop = Shop(stock={"MUG-1": 10})
    report = shop.container().dispatch({"Records": [change(None, PLACED)]})
    failed = [outcome for outcome in report if outcome.status == "failed"]
    assert [type(outcome.error) for outcome in failed] == [Reject]
    assert shop.pieces == {"MUG-1": 8}


def test_pieces_of_a_deleted_product_are_ignored() -> None:
    """Pieces that return to a deleted product are ignored, so that cancelled orders are handled."""
    shop = Shop(stock={"MUG-1": 8})
    assert shop.deliver(change(PLACED, CANCELLED)) == {"batchItemFailures": []}
    assert shop.pieces == {"MUG-1": 10}


def test_an_order_causes_domain_events() -> None:
    """An order causes one event when it is placed and one when it is shipped."""
    shop = Shop()
    shop.deliver(change(None, PLACED), change(PLACED, PAID), change(PAID, SHIPPED), change(SHIPPED, None))
    assert shop.published == ["OrderPlaced", "OrderShipped"]


def test_only_an_expired_order_is_abandoned() -> None:
    """An order that a user deletes causes no event."""
    shop = Shop()
    shop.deliver(change(PLACED, None), change(PLACED, None, expired=True))
    assert shop.published == ["OrderAbandoned"]


def test_a_handler_is_a_plain_function() -> None:
    """A decorated handler can be called as a function."""
    body = {"ApproximateCreationDateTime": 1_760_000_000}
    record = Record({"eventID": "e1"}, body, Event.INSERT)
    placed = Order.model_validate(PLACED)
    shop = Shop()
    orders.take_from_stock(Insert(placed, record), shop.stock)
    orders.placed(Insert(placed, record), shop.bus)
    assert shop.pieces == {"MUG-1": -2, "TEA-7": -1}
    assert shop.events.once["e1/OrderPlaced"].detail == {"order_id": "1", "total": "34.35"}


def test_a_record_without_identity_is_rejected() -> None:
    """A record without the field that identifies a second delivery is rejected."""
    record = change(None, PLACED)
    del record["eventID"]
    report = Shop().container().dispatch({"Records": [record]})
    assert [type(outcome.error) for outcome in report if outcome.status == "failed"] == [Reject]


def test_without_a_sequence_number_the_whole_batch_comes_again() -> None:
    """A rejected record without a sequence number fails the whole batch."""
    record = change(None, PLACED)
    del record["dynamodb"]["SequenceNumber"], record["dynamodb"]["ApproximateCreationDateTime"]
    with pytest.raises(MalformedRecordError):
        Shop().deliver(record)


def test_routes_can_be_used_by_another_dispatcher() -> None:
    """A second Dispatcher can be made from the same routes."""
    assert len(Dispatcher(orders.routes).routes) == len(orders.routes)
