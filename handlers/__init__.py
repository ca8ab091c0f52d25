"""The example application: the reactions of a shop to changes in its table."""

from router import Dispatcher  # before the models: its import makes the others faster

# isort: split
from handlers import customers, messages, orders, products
from handlers.wiring import get_metrics, get_parking

__all__ = ["app"]

app = Dispatcher(
    customers.routes,
    orders.routes,
    products.routes,
    messages.routes,
    parking=get_parking(),
    metrics=get_metrics(),
)
