"""Powertools' batch processors: with its data class, and with a record model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from typing import Annotated, Any, Union

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.shared.constants import LAMBDA_TASK_ROOT_ENV
from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    BatchProcessor,
    EventType,
    async_process_partial_response,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.parser.models import DynamoDBStreamChangedRecordModel, DynamoDBStreamRecordModel
from pydantic import BaseModel, Discriminator, Field, Tag, create_model

from tests.benchmarks.contestants.by_hand import ByHand
from tests.benchmarks.contestants.entry import Entry, Seen, event_loop
from tests.benchmarks.workloads import Workload

__all__ = ["powertools", "powertools_models"]

RecordHandler = Callable[[Any], Any]


def powertools(workload: Workload, seen: Seen | None) -> Entry:
    """Powertools' processor and data class, a dict of models, and ``model_validate``."""
    by_hand = ByHand(workload, seen)
    handle = record_handler(workload, by_hand)
    if workload.done:
        handle = unless_done(workload.done, handle)
    return entry_of(workload, handle, processor_of(workload), by_hand)


def record_handler(workload: Workload, by_hand: ByHand) -> RecordHandler:
    """The function that the processor calls with a record."""

    def handle_new(record: DynamoDBRecord) -> None:
        body = record.dynamodb
        assert body is not None
        by_hand.image(body.new_image)

    def handle_old(record: DynamoDBRecord) -> None:
        body = record.dynamodb
        assert body is not None
        by_hand.image(body.old_image)

    def handle_both(record: DynamoDBRecord) -> None:
        body = record.dynamodb
        assert body is not None
        by_hand.both(body.new_image, body.old_image)

    async def wait_for_new(record: DynamoDBRecord) -> None:
        body = record.dynamodb
        assert body is not None
        await by_hand.wait(body.new_image)

    if workload.handlers == "async":
        return wait_for_new
    return {"INSERT": handle_new, "REMOVE": handle_old, "MODIFY": handle_both}[workload.event_name]


def unless_done(done: frozenset[str], handle: RecordHandler) -> RecordHandler:
    """Skip records that are known as done."""

    def skip_or_handle(record: DynamoDBRecord) -> None:
        if record.event_id not in done:
            handle(record)

    return skip_or_handle


def powertools_models(workload: Workload, seen: Seen | None) -> Entry:
    """Powertools' processor with a record model, whose images are a union of the entities' models.

    https://docs.aws.amazon.com/powertools/python/latest/utilities/batch/#pydantic-integration
    """
    by_hand = ByHand(workload, seen)

    def handle_image(record: Any) -> None:
        image = getattr(record.dynamodb, workload.images[0])
        if isinstance(image, BaseModel):
            by_hand.of_model(image)

    def handle_both(record: Any) -> None:
        new, old = record.dynamodb.NewImage, record.dynamodb.OldImage
        if isinstance(new, BaseModel):
            for handle in by_hand.wanted(new.status, old.status):  # type: ignore[attr-defined]  # each model has one
                handle(new, old)

    handle = handle_both if len(workload.images) > 1 else handle_image
    return entry_of(workload, handle, processor_of(workload, model=record_model(workload)), by_hand)


def record_model(workload: Workload) -> type[DynamoDBStreamRecordModel]:
    """The record model of a workload: as in Powertools' documentation, with a tagged union where there are entities."""
    image: Any = image_type(workload)
    body = create_model(
        "Body", __base__=DynamoDBStreamChangedRecordModel, NewImage=(image | None, None), OldImage=(image | None, None)
    )
    return create_model("RecordModel", __base__=DynamoDBStreamRecordModel, dynamodb=(body, ...))


def image_type(workload: Workload) -> Any:
    models = tuple(workload.models.values())
    if set(workload.entities) <= set(workload.models):
        # The quickest that pydantic has: it looks up the tag itself.
        return models[0] if len(models) == 1 else Annotated[Union[models], Field(discriminator="EntityType")]  # noqa: UP007 - of a tuple
    known = frozenset(workload.models)
    tagged = tuple(Annotated[model, Tag(entity)] for entity, model in workload.models.items())
    rest = Annotated[dict[str, Any], Tag("")]
    tag = Discriminator(lambda image: entity if (entity := image["EntityType"]) in known else "")
    return Annotated[Union[(*tagged, rest)], tag]


def processor_of(workload: Workload, **options: Any) -> Any:
    kind = AsyncBatchProcessor if workload.handlers == "async" else BatchProcessor
    return kind(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=workload.valid, **options)


def entry_of(workload: Workload, handle: RecordHandler, processor: Any, by_hand: ByHand) -> Entry:
    def process(event: Any, context: Any) -> Any:
        return process_partial_response(event, handle, processor, context)

    def process_async(event: Any, context: Any) -> Any:
        with as_in_lambda():
            return async_process_partial_response(event, handle, processor, context)

    def process_batches(event: Any, context: Any) -> Any:
        response = process_partial_response(event, handle, processor, context)
        assert by_hand.batches is not None
        by_hand.batches.call()
        return response

    run = {"plain": process, "async": process_async, "batch": process_batches}[workload.handlers]
    if workload.metrics:
        metrics = Metrics(namespace="Shop", service="shop")
        handle = counted(handle, metrics)
        run = metrics.log_metrics(run)

    def failures(event: Any, context: Any) -> int:
        run(event, context)
        return len(processor.fail_messages)

    return Entry(run, failures)


def counted(handle: RecordHandler, metrics: Metrics) -> RecordHandler:
    """Count each record that succeeds."""

    def handle_and_count(record: Any) -> None:
        handle(record)
        metrics.add_metric(name="RecordsDone", unit=MetricUnit.Count, value=1)

    async def wait_and_count(record: Any) -> None:
        await handle(record)
        metrics.add_metric(name="RecordsDone", unit=MetricUnit.Count, value=1)

    return wait_and_count if iscoroutinefunction(handle) else handle_and_count


@contextmanager
def as_in_lambda() -> Iterator[None]:
    """Let the processor keep its event loop, as it does in Lambda only."""
    if LAMBDA_TASK_ROOT_ENV in os.environ:
        yield
        return
    os.environ[LAMBDA_TASK_ROOT_ENV] = "/var/task"
    asyncio.set_event_loop(event_loop())
    try:
        yield
    finally:
        del os.environ[LAMBDA_TASK_ROOT_ENV]
        asyncio.set_event_loop(None)
