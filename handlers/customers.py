"""Customers: their profile on their page, and a domain event when a customer joins or becomes GOLD."""

from handlers.wiring import BusDep, PagesDep
from models.customer import Customer
from router import Change, Insert, Modify, Routes, changed

routes = Routes()


@routes.on(Customer)
def show_profile(change: Change[Customer], pages: PagesDep) -> None:
    customer = change.new
    # The page shows no e-mail address, and nothing of a deleted customer.
    body = None if customer is None else {"name": customer.name, "tier": customer.tier}
    pages.put(change, {"pk": f"CUSTOMER#{change.image.customer_id}", "sk": "PROFILE"}, body)


@routes.on_insert(Customer)
def joined(change: Insert[Customer], bus: BusDep) -> None:
    bus.publish(change, "CustomerJoined", {"customer_id": change.new.customer_id})


@routes.on_modify(Customer, changed("tier", to="GOLD"))
def promoted(change: Modify[Customer], bus: BusDep) -> None:
    bus.publish(change, "CustomerPromoted", {"customer_id": change.new.customer_id})
