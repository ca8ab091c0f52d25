"""What ``powertools_shop`` does, with the router: plain handlers for orders, customers and products, logs and metrics."""

from collections import Counter
from typing import Any

from router import Change, Dispatcher, Insert, Metrics, Modify, Routes, changed

# isort: split
# In a user's project the models are first-party and come after the packages, as in Powertools' contestant.
from models.customer import Customer
from models.order import Order
from models.product import Product

routes = Routes()

pages: dict[tuple[str, str], Any] = {}
stock: Counter[str] = Counter()
published: list[tuple[str, str]] = []


@routes.on(Order)
def order_changed(change: Change[Order]) -> None:
    new, old = change.new, change.old
    page = (f"CUSTOMER#{change.image.customer_id}", f"ORDER#{change.image.order_id}")
    pages[page] = None if new is None else {"status": new.status, "total": new.total, "lines": len(new.lines)}
    stock.subtract(new.taken if new else {})
    stock.update(old.taken if old else {})


@routes.on_insert(Order)
def order_placed(change: Insert[Order]) -> None:
    published.append(("OrderPlaced", change.new.order_id))


@routes.on_modify(Order, changed("status", to="SHIPPED"))
def order_shipped(change: Modify[Order]) -> None:
    published.append(("OrderShipped", change.new.order_id))


@routes.on(Customer)
def customer_changed(change: Change[Customer]) -> None:
    new = change.new
    page = f"CUSTOMER#{change.image.customer_id}", "PROFILE"
    pages[page] = None if new is None else {"name": new.name, "tier": new.tier}
    if change.old is None:
        published.append(("CustomerJoined", change.image.customer_id))


@routes.on(Product)
def product_changed(change: Change[Product]) -> None:
    new, old = change.new, change.old
    page = "CATALOGUE", f"PRODUCT#{change.image.sku}"
    pages[page] = None if new is None else {"title": new.title, "price": new.price}
    if old and new and old.stock > 0 >= new.stock:
        published.append(("ProductSoldOut", change.image.sku))


app = Dispatcher(routes, metrics=Metrics("Shop", service="shop"))
