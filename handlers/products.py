"""Products: the catalogue, and a domain event when a product is sold out."""

from collections.abc import Sequence

from handlers.wiring import BusDep, PagesDep
from models.product import Product
from router import Change, Modify, Routes, changed, where

routes = Routes()


@routes.on_batch(Product)
def show_in_catalogue(changes: Sequence[Change[Product]], pages: PagesDep) -> None:
    # A popular product changes with every order: the catalogue needs only the last change in the batch.
    latest = {change.image.sku: change for change in changes}
    for sku, change in latest.items():
        product = change.new
        body = None if product is None else {"title": product.title, "price": product.price, "stock": product.stock}
        pages.put(change, {"pk": "CATALOGUE", "sk": f"PRODUCT#{sku}"}, body)


def ran_out(change: Modify[Product]) -> bool:
    return change.old.stock > 0 >= change.new.stock


@routes.on_modify(Product, changed("stock"), where(ran_out))
def sold_out(change: Modify[Product], bus: BusDep) -> None:
    bus.publish(change, "ProductSoldOut", {"sku": change.new.sku})
