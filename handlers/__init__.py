"""The example application: what happens in a shop when something in its table changes."""

from handlers import customers, messages, orders, products
from router import Dispatcher

__all__ = ["app"]

app = Dispatcher(customers.routes, orders.routes, products.routes, messages.routes)
