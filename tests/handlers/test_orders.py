"""Orders: page, stock and domain events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from handlers import orders
from handlers.memory import MemoryBus, MemoryWarehouse
from models.order import Order
from router import Dispatcher, Event, Insert, MalformedRecordError, Record, Reject
from router.testing import AppStream
from tests.events.stories import Item, order
from tests.handlers.shop import Shop, change

PLACED = order(1, 42, [("MUG-1", 2, "12.95"), ("TEA-7", 1, "8.45")])
PAID, SHIPPED, CANCELLED = ({**PLACED, "status": status} for status in ("PAID", "SHIPPED", "CANCELLED"))


def test_a_new_order_is_on_its_customers_page(shop: Shop, stream: AppStream) -> None:
    """Its status, its total to the penny, and how many lines it has."""
    stream.put(PLACED)
    stream.run()
    assert shop.views.page("CUSTOMER#42") == {"ORDER#1": {"status": "PLACED", "total": Decimal("34.35"), "lines": 2}}


@pytest.mark.parametrize("remove", [AppStream.delete, AppStream.expire])
def test_an_order_that_is_gone_leaves_the_page(
    shop: Shop, stream: AppStream, remove: Callable[[AppStream, Item], object]
) -> None:
    """Whoever removed it."""
    stream.put(PLACED)
    remove(stream, PLACED)
    stream.run()
    assert shop.views.page("CUSTOMER#42") == {}


def test_a_new_order_takes_its_pieces_from_the_stock() -> None:
    """Of each product as many as its lines say."""
    shop = Shop(stock={"MUG-1": 10, "TEA-7": 5})
    shop.deliver(change(None, PLACED))
    assert shop.warehouse.stock == {"MUG-1": 8, "TEA-7": 4}


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
    """The stock is kept in step with what the order takes before and after."""
    shop = Shop()
    shop.deliver(change(old, new))
    assert shop.warehouse.stock == moved


def test_an_unknown_product_is_rejected() -> None:
    """No later try would find it, and the products that are there have moved."""
    shop = Shop(stock={"MUG-1": 10})
    report = shop.container().dispatch({"Records": [change(None, PLACED)]})
    failed = [outcome for outcome in report if outcome.status == "failed"]
    assert [type(outcome.error) for outcome in failed] == [Reject]
    assert shop.warehouse.stock == {"MUG-1": 8}


def test_what_comes_back_of_a_product_that_is_gone_is_let_go() -> None:
    """A product taken out of the shop must not hold up the orders that are cancelled afterwards."""
    shop = Shop(stock={"MUG-1": 8})
    assert shop.deliver(change(PLACED, CANCELLED)) == {"batchItemFailures": []}
    assert shop.warehouse.stock == {"MUG-1": 10}


def test_the_house_is_told_what_happens_to_an_order() -> None:
    """Once when it is placed, once when it is shipped; paying and deleting are nobody's business."""
    shop = Shop()
    shop.deliver(change(None, PLACED), change(PLACED, PAID), change(PAID, SHIPPED), change(SHIPPED, None))
    assert shop.told == ["OrderPlaced", "OrderShipped"]


def test_only_an_expired_order_is_abandoned() -> None:
    """One that somebody deleted is not."""
    shop = Shop()
    shop.deliver(change(PLACED, None), change(PLACED, None, expired=True))
    assert shop.told == ["OrderAbandoned"]


def test_a_handler_is_a_plain_function() -> None:
    """Decorated or not, it takes what it says it takes."""
    body = {"ApproximateCreationDateTime": 1_760_000_000}
    record = Record({"eventID": "e1"}, body, Event.INSERT)
    placed = Order.model_validate(PLACED)
    warehouse, bus = MemoryWarehouse(), MemoryBus()
    orders.take_from_stock(Insert(placed, record), warehouse)
    asyncio.run(orders.placed(Insert(placed, record), bus))
    assert warehouse.stock == {"MUG-1": -2, "TEA-7": -1}
    assert bus.events["e1/OrderPlaced"].detail == {"order_id": "1", "total": "34.35"}


@pytest.mark.parametrize("missing", ["eventID", "ApproximateCreationDateTime"])
def test_what_nothing_identifies_is_rejected(missing: str) -> None:
    """Without its identity a second delivery could not be told from the first."""
    record = change(None, PLACED)
    record.pop(missing, None)
    record["dynamodb"].pop(missing, None)
    report = Shop().container().dispatch({"Records": [record]})
    assert [type(outcome.error) for outcome in report if outcome.status == "failed"] == [Reject]


def test_without_a_sequence_number_the_whole_batch_comes_again() -> None:
    """It is rejected, and nothing can name it to Lambda."""
    record = change(None, PLACED)
    del record["dynamodb"]["SequenceNumber"]
    with pytest.raises(MalformedRecordError):
        Shop().deliver(record)


def test_routes_run_beside_those_of_other_dispatchers() -> None:
    """Routes are values: nothing of one dispatcher shows in another."""
    assert len(Dispatcher(orders.routes).routes) == len(orders.routes)
