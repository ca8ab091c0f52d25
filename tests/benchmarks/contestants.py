"""The contestants: the application, the alternatives that a team would write, and the floor.

Each contestant takes a workload and its event, and returns a function that handles the event once. Handlers get the
same models from each contestant; they do nothing, or keep the models for a comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Union

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.parser.models import DynamoDBStreamChangedRecordModel, DynamoDBStreamRecordModel
from boto3.dynamodb.types import TypeDeserializer
from pydantic import BaseModel, Discriminator, Field, Tag, ValidationError, create_model

from router import Dispatcher, Drop, Insert, Modify, Routes, changed
from router.testing import Context
from router.wire.decode import decode_image
from tests.benchmarks.workloads import Models, Workload

__all__ = ["CONTESTANTS", "Contestant", "Entry", "Seen"]

Seen = list[tuple[Any, ...]]
"""The arguments of handlers, a tuple for each call. ``None``: handlers do nothing."""


@dataclass(frozen=True)
class Entry:
    """A contestant, ready.

    Args:
        run: Handles the event once.
        failures: Handles the event once and counts the records on which validation failed.
    """

    run: Callable[[], Any]
    failures: Callable[[], int]


Contestant = Callable[[Workload, dict[str, Any], "Seen | None"], Entry]
Handler = Callable[..., None]


def dispatcher(workload: Workload, event: dict[str, Any], seen: Seen | None) -> Entry:
    """``app(event, context)``: a route for each entity, or one for each of its conditions."""
    context = Context(remaining=900)
    routes = Routes()
    for model in workload.models.values():
        if workload.event_name == "INSERT":
            routes.on_insert(model)(insert_handler(seen))
        elif not workload.conditions:
            routes.on_modify(model)(modify_handler(seen))
        for status in workload.statuses:
            routes.on_modify(model, changed("status", to=status))(modify_handler(seen, status))
    # By default the first failure ends a batch, because Lambda delivers the rest again. Here all failures count.
    app = Dispatcher(routes) if workload.valid else Dispatcher(routes, on_error=Drop())
    return Entry(
        lambda: app(event, context),
        lambda: sum(outcome.stage == "validate" for outcome in app.dispatch(event, context)),
    )


def insert_handler(seen: Seen | None) -> Any:  # a Callable has no parameter names, which registration needs
    def nothing(change: Insert[Any]) -> None: ...

    def keep(change: Insert[Any]) -> None:
        assert seen is not None
        seen.append((change.new,))

    return nothing if seen is None else keep


def modify_handler(seen: Seen | None, *labels: str) -> Any:  # as above
    def nothing(change: Modify[Any]) -> None: ...

    def keep(change: Modify[Any]) -> None:
        assert seen is not None
        seen.append((*labels, change.new, change.old))

    return nothing if seen is None else keep


def handler(workload: Workload, seen: Seen | None, *labels: str) -> Handler:
    """The function that the other contestants call with a record's models."""

    def insert(new: BaseModel) -> None: ...

    def modify(new: BaseModel, old: BaseModel) -> None: ...

    def keep(*models: BaseModel) -> None:
        assert seen is not None
        seen.append((*labels, *models))

    if seen is not None:
        return keep
    return insert if workload.event_name == "INSERT" else modify


@dataclass(frozen=True)
class ByHand:
    """What a team writes for itself: a dict of models, and where there are conditions, a list of them.

    Args:
        models: The models by entity.
        handle: The handler.
        conditional: The handlers that wait for a status, each with that status.
    """

    models: Models
    handle: Handler
    conditional: tuple[tuple[str, Handler], ...]

    @classmethod
    def of(cls, workload: Workload, seen: Seen | None) -> ByHand:
        conditional = tuple((status, handler(workload, seen, status)) for status in workload.statuses)
        return cls(workload.models, handler(workload, seen), conditional)

    def wanted(self, new_status: Any, old_status: Any) -> list[Handler]:
        """The conditional handlers that take such a change."""
        return [handle for status, handle in self.conditional if new_status != old_status and new_status == status]

    def insert(self, new: dict[str, Any]) -> None:
        model = self.models.get(new["EntityType"])
        if model is not None:
            self.handle(model.model_validate(new))

    def modify(self, new: dict[str, Any], old: dict[str, Any]) -> None:
        model = self.models.get(new["EntityType"])
        if model is None:
            return
        handlers = self.wanted(new["status"], old["status"]) if self.conditional else [self.handle]
        if handlers:
            after, before = model.model_validate(new), model.model_validate(old)
            for handle in handlers:
                handle(after, before)


def powertools(workload: Workload, event: dict[str, Any], seen: Seen | None) -> Entry:
    """Powertools' processor and data class, a dict of models, and ``model_validate``."""
    by_hand = ByHand.of(workload, seen)

    def handle_insert(record: DynamoDBRecord) -> None:
        body = record.dynamodb
        assert body is not None
        by_hand.insert(body.new_image)

    def handle_modify(record: DynamoDBRecord) -> None:
        body = record.dynamodb
        assert body is not None
        by_hand.modify(body.new_image, body.old_image)

    processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=workload.valid)
    return processed(event, handle_insert if workload.event_name == "INSERT" else handle_modify, processor)


def powertools_models(workload: Workload, event: dict[str, Any], seen: Seen | None) -> Entry:
    """Powertools' processor with a record model, whose images are a union of the entities' models.

    https://docs.aws.amazon.com/powertools/python/latest/utilities/batch/#pydantic-integration
    """
    by_hand = ByHand.of(workload, seen)

    def handle_insert(record: Any) -> None:
        new = record.dynamodb.NewImage
        if isinstance(new, BaseModel):
            by_hand.handle(new)

    def handle_modify(record: Any) -> None:
        new, old = record.dynamodb.NewImage, record.dynamodb.OldImage
        if not isinstance(new, BaseModel):
            return
        handlers = by_hand.wanted(new.status, old.status) if by_hand.conditional else [by_hand.handle]  # type: ignore[attr-defined]  # each model has one
        for handle in handlers:
            handle(new, old)

    processor = BatchProcessor(
        event_type=EventType.DynamoDBStreams,
        model=record_model(workload),
        raise_on_entire_batch_failure=workload.valid,
    )
    return processed(event, handle_insert if workload.event_name == "INSERT" else handle_modify, processor)


def record_model(workload: Workload) -> type[DynamoDBStreamRecordModel]:
    """The record model of a workload: as in Powertools' documentation, with a tagged union where there are entities."""
    image: Any = image_type(workload)
    body = create_model(
        "Body", __base__=DynamoDBStreamChangedRecordModel, NewImage=(image, None), OldImage=(image | None, None)
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


def processed(event: dict[str, Any], handle: Callable[..., Any], processor: BatchProcessor) -> Entry:
    context: Any = Context(remaining=900)

    def run() -> Any:
        return process_partial_response(event, handle, processor, context)

    def failures() -> int:
        run()
        return len(processor.fail_messages)

    return Entry(run, failures)


def bare_loop(workload: Workload, event: dict[str, Any], seen: Seen | None) -> Entry:
    """boto3's deserializer in a loop that reads the entity on the wire first and catches the exceptions of a record."""
    by_hand = ByHand.of(workload, seen)
    modified = workload.event_name == "MODIFY"
    deserialize = TypeDeserializer().deserialize

    def run() -> list[str]:
        failed = []
        for record in event["Records"]:
            body = record["dynamodb"]
            try:
                wire = body["NewImage"]
                if wire["EntityType"]["S"] not in by_hand.models:
                    continue
                new = {name: deserialize(value) for name, value in wire.items()}
                if modified:
                    by_hand.modify(new, {name: deserialize(value) for name, value in body["OldImage"].items()})
                else:
                    by_hand.insert(new)
            except Exception:  # noqa: BLE001 - any exception fails the record
                failed.append(body["SequenceNumber"])
        return failed

    return Entry(run, lambda: len(run()))


def floor(workload: Workload, event: dict[str, Any], seen: Seen | None) -> Entry:
    """``model_validate`` of values that are already decoded and routed, and the call of the handler."""
    calls = {status: handler(workload, seen, status) for status in workload.statuses}
    handle = handler(workload, seen)
    ready: list[tuple[Callable[[Any], BaseModel], Handler, list[dict[str, Any]]]] = [
        (
            workload.models[entity].model_validate,
            calls.get(body["NewImage"].get("status", {}).get("S"), handle),
            [decode_image(body[name]) for name in workload.images],
        )
        for body in (record["dynamodb"] for record in event["Records"])
        if (entity := body["NewImage"]["EntityType"]["S"]) in workload.models
    ]
    inserts = [(validate, call, images[0]) for validate, call, images in ready]
    modifications: list[tuple[Callable[[Any], BaseModel], Handler, Any, Any]] = (
        [(validate, call, images[0], images[1]) for validate, call, images in ready] if len(workload.images) > 1 else []
    )

    def insert() -> None:
        for validate, call, new in inserts:
            call(validate(new))

    def modify() -> None:
        for validate, call, new, old in modifications:
            call(validate(new), validate(old))

    def refuse() -> int:
        failed = 0
        for validate, _, new in inserts:
            try:
                validate(new)
            except ValidationError:
                failed += 1
        return failed

    if not workload.valid:
        return Entry(refuse, refuse)
    return Entry(insert if workload.event_name == "INSERT" else modify, lambda: 0)


CONTESTANTS: dict[str, Contestant] = {
    "app": dispatcher,
    "powertools": powertools,
    "powertools-models": powertools_models,
    "boto3": bare_loop,
    "floor": floor,
}
