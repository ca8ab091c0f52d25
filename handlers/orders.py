"""Orders: a part of the customer's page, movements of stock, and domain events."""

from collections import Counter

from handlers.wiring import BusDep, PagesDep, StockDep
from models.order import Order
from router import Change, Insert, Modify, Remove, Routes, any_of, changed

routes = Routes()


@routes.on(Order)
def show_on_page(change: Change[Order], pages: PagesDep) -> None:
    order = change.new
    body = None if order is None else {"status": order.status, "total": order.total, "lines": len(order.lines)}
    pages.put(change, {"pk": f"CUSTOMER#{change.image.customer_id}", "sk": f"ORDER#{change.image.order_id}"}, body)


@routes.on_insert(Order)
def take_from_stock(change: Insert[Order], stock: StockDep) -> None:
    stock.move(change, change.new.taken, Counter())


@routes.on_modify(Order, any_of(changed("status"), changed("lines")))
def adjust_stock(change: Modify[Order], stock: StockDep) -> None:
    stock.move(change, change.new.taken, change.old.taken)


@routes.on_remove(Order)
def return_to_stock(change: Remove[Order], stock: StockDep) -> None:
    # The deletion of a shipped order returns nothing.
    if change.old.status != "SHIPPED":
        stock.move(change, Counter(), change.old.taken)


@routes.on_insert(Order)
def placed(change: Insert[Order], bus: BusDep) -> None:
    bus.publish(change, "OrderPlaced", {"order_id": change.new.order_id, "total": change.new.total})


@routes.on_modify(Order, changed("status", to="SHIPPED"))
def shipped(change: Modify[Order], bus: BusDep) -> None:
    bus.publish(change, "OrderShipped", {"order_id": change.new.order_id})


@routes.on_remove(Order, cause="ttl")
def abandoned(change: Remove[Order], bus: BusDep) -> None:
    bus.publish(change, "OrderAbandoned", {"order_id": change.old.order_id})
