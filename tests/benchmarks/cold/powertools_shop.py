"""The shop's orders, customers and products with Powertools' batch, parser, Logger and Metrics in place of the router."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from models.customer import Customer
from models.order import Order
from models.product import Product

logger = Logger(service="shop")
metrics = Metrics(namespace="Shop", service="shop")
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)

pages: dict[tuple[str, str], Any] = {}
stock: Counter[str] = Counter()
published: list[tuple[str, str]] = []


def order_changed(new: Order | None, old: Order | None) -> None:
    one = new or old
    assert one is not None
    page = (f"CUSTOMER#{one.customer_id}", f"ORDER#{one.order_id}")
    pages[page] = None if new is None else {"status": new.status, "total": new.total, "lines": len(new.lines)}
    stock.subtract(new.taken if new else {})
    stock.update(old.taken if old else {})
    if old is None:
        published.append(("OrderPlaced", one.order_id))
    elif new and new.status == "SHIPPED" != old.status:
        published.append(("OrderShipped", one.order_id))


def customer_changed(new: Customer | None, old: Customer | None) -> None:
    one = new or old
    assert one is not None
    pages[f"CUSTOMER#{one.customer_id}", "PROFILE"] = None if new is None else {"name": new.name, "tier": new.tier}
    if old is None:
        published.append(("CustomerJoined", one.customer_id))


def product_changed(new: Product | None, old: Product | None) -> None:
    one = new or old
    assert one is not None
    pages["CATALOGUE", f"PRODUCT#{one.sku}"] = None if new is None else {"title": new.title, "price": new.price}
    if old and new and old.stock > 0 >= new.stock:
        published.append(("ProductSoldOut", one.sku))


ENTITIES: dict[str, tuple[type[BaseModel], Callable[[Any, Any], None]]] = {
    "Customer": (Customer, customer_changed),
    "Order": (Order, order_changed),
    "Product": (Product, product_changed),
}


def handle(record: DynamoDBRecord) -> None:
    body = record.dynamodb
    assert body is not None
    images = [body.new_image or None, body.old_image or None]
    found = ENTITIES.get(next(filter(None, images), {}).get("EntityType", ""))
    if found is None:
        return
    model, changed = found
    new, old = (None if image is None else parse(event=image, model=model) for image in images)
    changed(new, old)
    metrics.add_metric(name="RecordsDone", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@metrics.log_metrics
def app(event: dict[str, Any], context: LambdaContext) -> Any:
    logger.info("batch received", batch_size=len(event["Records"]))
    return process_partial_response(event, handle, processor, context)
