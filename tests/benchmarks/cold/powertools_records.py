"""The same, with the batch processor's own use of the parser: it validates records, images and all.

https://docs.aws.amazon.com/powertools/python/latest/utilities/batch/#pydantic-integration
"""

from typing import Annotated, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.parser.models import DynamoDBStreamChangedRecordModel, DynamoDBStreamRecordModel
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from models.customer import Customer
from models.order import Order
from models.product import Product
from tests.benchmarks.cold.powertools_shop import ENTITIES

logger = Logger(service="shop")
metrics = Metrics(namespace="Shop", service="shop")

Entity = Annotated[Customer | Order | Product, Field(discriminator="EntityType")]


class Changed(DynamoDBStreamChangedRecordModel):
    NewImage: Entity | None = None  # pyright: ignore[reportIncompatibleVariableOverride]  # as Powertools documents it
    OldImage: Entity | None = None  # pyright: ignore[reportIncompatibleVariableOverride]  # as above


class Changes(DynamoDBStreamRecordModel):
    dynamodb: Changed  # pyright: ignore[reportIncompatibleVariableOverride]  # as above


processor = BatchProcessor(event_type=EventType.DynamoDBStreams, model=Changes)


def handle(record: Changes) -> None:
    new, old = record.dynamodb.NewImage, record.dynamodb.OldImage
    one = new or old
    if one is not None:
        _, changed = ENTITIES[one.EntityType]
        changed(new, old)
    metrics.add_metric(name="RecordsDone", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@metrics.log_metrics
def app(event: dict[str, Any], context: LambdaContext) -> Any:
    logger.info("batch received", batch_size=len(event["Records"]))
    return process_partial_response(event, handle, processor, context)
