"""Orders: a view on the customer's page, movements of stock, and domain events.

A handler may receive a record twice. Views recognise the repetition by the record's sequence number, movements of stock
and domain events by its event ID.
"""

from collections.abc import Mapping

from handlers.ports import DomainEvent, Movement, UnknownProductError, View, Warehouse
from handlers.wiring import BusDep, ViewsDep, WarehouseDep
from models.order import Order
from router import Change, Insert, Modify, Record, Reject, Remove, Routes, any_of, changed

routes = Routes()


@routes.on(Order)
def show_on_page(change: Change[Order], views: ViewsDep) -> None:
    order = change.new
    body = None if order is None else {"status": order.status, "total": order.total, "lines": len(order.lines)}
    page, part = f"CUSTOMER#{change.image.customer_id}", f"ORDER#{change.image.order_id}"
    views.save(View.of(change.record, page, part, body))


@routes.on_insert(Order)
def take_from_stock(change: Insert[Order], warehouse: WarehouseDep) -> None:
    _move(change.record, warehouse, {}, change.new.taken)


@routes.on_modify(Order, any_of(changed("status"), changed("lines")))
def adjust_stock(change: Modify[Order], warehouse: WarehouseDep) -> None:
    _move(change.record, warehouse, change.old.taken, change.new.taken)


@routes.on_remove(Order)
def return_to_stock(change: Remove[Order], warehouse: WarehouseDep) -> None:
    # The deletion of a shipped order returns nothing.
    if change.old.status != "SHIPPED":
        _move(change.record, warehouse, change.old.taken, {})


@routes.on_insert(Order)
async def placed(change: Insert[Order], bus: BusDep) -> None:
    order = change.new
    event = DomainEvent.of(change.record, "OrderPlaced", order_id=order.order_id, total=str(order.total))
    await bus.publish(event)


@routes.on_modify(Order, changed("status", to="SHIPPED"))
async def shipped(change: Modify[Order], bus: BusDep) -> None:
    await bus.publish(DomainEvent.of(change.record, "OrderShipped", order_id=change.new.order_id))


@routes.on_remove(Order, cause="ttl")
async def abandoned(change: Remove[Order], bus: BusDep) -> None:
    await bus.publish(DomainEvent.of(change.record, "OrderAbandoned", order_id=change.old.order_id))


def _move(record: Record, warehouse: Warehouse, before: Mapping[str, int], after: Mapping[str, int]) -> None:
    counts = {sku: before.get(sku, 0) - after.get(sku, 0) for sku in before.keys() | after.keys()}
    pieces = {sku: count for sku, count in counts.items() if count}
    if not pieces:
        return
    try:
        warehouse.move(Movement.of(record, pieces))
    except UnknownProductError:
        # Products are written before their orders, so a retry cannot find the product.
        raise Reject("found an order line whose sku is no product's, expected one of the table") from None
