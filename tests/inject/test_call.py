"""Handlers get the arguments that they declare."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any

import pytest
import structlog
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext as PowertoolsContext

from router import (
    Batch,
    Change,
    Deadline,
    Depends,
    Dispatcher,
    LambdaContext,
    Record,
    Routes,
)
from router.testing import kinesis_event, pipes_event, sqs_event
from tests.builders import (
    SUCCESS,
    Context,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
)
from tests.clock import Clock

Log = structlog.typing.FilteringBoundLogger


def test_a_handler_gets_the_record() -> None:
    """A parameter annotated Record is the change's own record."""
    seen = []

    def handler(change: Change[Order], record: Record) -> None:
        seen.append(record is change.record)

    dispatcher(handler)(inserts(1))
    assert seen == [True]


def test_a_handler_gets_the_context() -> None:
    """A parameter annotated LambdaContext is the object that Lambda passed."""
    seen: list[Any] = []

    def handler(change: Change[Order], context: LambdaContext) -> None:
        seen.append(context)

    context = Context()
    dispatcher(handler)(inserts(1), context)
    assert seen == [context]


def test_powertools_context_class_does_as_well() -> None:
    """Any class of the name LambdaContext stands for the context."""
    seen: list[Any] = []

    def handler(change: Change[Order], context: PowertoolsContext) -> None:
        seen.append(context)

    context = Context()
    dispatcher(handler)(inserts(1), context)
    assert seen == [context]


def test_a_handler_gets_the_deadline() -> None:
    """A parameter annotated Deadline has the time until the reserve begins."""
    seen: list[float] = []

    def handler(change: Change[Order], deadline: Deadline) -> None:
        seen.append(deadline.remaining)

    dispatcher(handler, reserve=1)(inserts(1), Context(remaining=60_000))
    assert seen == [pytest.approx(59, abs=5)]


def test_there_is_no_deadline_without_a_remaining_time() -> None:
    """Without a remaining time, as in tests, the deadline is infinite."""
    seen: list[Any] = []

    def handler(change: Change[Order], deadline: Deadline | None) -> None:
        assert deadline is not None
        seen.append((deadline.remaining, deadline.timeout))

    dispatcher(handler)(inserts(1))
    assert seen == [(math.inf, None)]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_all_of_an_invocation_have_one_deadline(concurrency: int) -> None:
    """Factories and handlers, also those of batches, have the same deadline in every lane."""
    seen: list[Deadline] = []

    def get_client(deadline: Deadline) -> str:
        seen.append(deadline)
        return "client"

    routes = Routes()

    @routes.on(Order)
    def place(
        change: Change[Order], deadline: Deadline, client: Annotated[str, Depends(get_client, scope="invocation")]
    ) -> None:
        seen.append(deadline)

    @routes.on_batch(Order)
    async def index(changes: Sequence[Change[Order]], deadline: Deadline) -> None:
        seen.append(deadline)

    Dispatcher(routes, concurrency=concurrency)(inserts(1, 2), Context())
    assert len(seen) == 4
    assert len(set(seen)) == 1


def test_the_deadline_that_handlers_see_is_the_one_that_defers(clock: Clock) -> None:
    """After a deadline that passes inside a handler nothing starts."""
    seen: list[bool] = []

    def handler(change: Change[Order], deadline: Deadline) -> None:
        seen.append(deadline.passed)
        clock.advance(0.1)
        seen.append(deadline.passed)

    app = dispatcher(handler, reserve=0)
    assert (app(inserts(1, 2), Context(remaining=50)), seen) == (failures(2), [False, True])


def test_a_handler_gets_the_batch() -> None:
    """A parameter annotated Batch has all records of the invocation, also failed ones."""
    seen = []

    def handler(change: Change[Order], batch: Batch) -> None:
        seen.append((batch.size, len(batch), batch[0].event_id, [record.sequence_number for record in batch[1:]]))

    dispatcher(handler)(batch(insert(1), insert(2, entity="Stranger")))
    assert seen == [(2, 2, "e1", ["2"])]


def test_an_optional_parameter_is_supplied_too() -> None:
    """A parameter annotated Record | None is supplied."""
    seen = []

    def handler(change: Change[Order], record: Record | None = None) -> None:
        seen.append(record)

    dispatcher(handler)(inserts(1))
    assert seen[0] is not None


def test_a_default_is_left_alone() -> None:
    """A parameter that nothing supplies keeps its default."""
    seen = []

    def handler(change: Change[Order], limit: int = 5) -> None:
        seen.append(limit)

    dispatcher(handler)(inserts(1))
    assert seen == [5]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_logger_is_bound_to_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    """A handler's log lines carry entity, event, event ID, sequence number and route, and the request."""

    def handler(change: Change[Order], log: Log) -> None:
        log.info("hello", total=change.image.total)

    dispatcher(handler)(batch(insert(1, total=5)), Context())
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "hello")
    del line["timestamp"]
    assert line == {
        "event": "hello",
        "level": "info",
        "total": 5,
        "entity": "Order",
        "event_name": "INSERT",
        "event_id": "e1",
        "sequence_number": "1",
        "route": f"{__name__}.test_the_logger_is_bound_to_the_record.handler",
        "request_id": "req-1",
    }


def test_the_logger_of_a_dependency_is_bound_to_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    """The log lines of a factory of scope record have the fields of its record."""

    def factory(log: Log) -> int:
        log.info("made")
        return 1

    def handler(change: Change[Order], value: Annotated[int, Depends(factory)]) -> None: ...

    dispatcher(handler)(inserts(1))
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "made")
    assert line["sequence_number"] == "1"


def test_a_handler_may_ask_for_a_context_manager() -> None:
    """The value of a factory that @contextmanager decorates is a context manager, which the handler enters."""
    seen: list[str] = []

    @contextmanager
    def opened() -> Iterator[str]:
        yield "a session"
        seen.append("closed")

    def handler(change: Change[Order], session: Annotated[AbstractContextManager[str], Depends(opened)]) -> None:
        with session as value:
            seen.append(value)

    assert dispatcher(handler)(inserts(1)) == SUCCESS
    assert seen == ["a session", "closed"]


@pytest.mark.parametrize("scope", ["invocation", "cold_start"])
def test_the_logger_of_what_outlives_the_record_names_none(scope: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The log lines of a factory of a wider scope have no fields of a record."""

    def factory(log: Log) -> int:
        log.info("made")
        return 1

    def handler(change: Change[Order], value: Annotated[int, Depends(factory, scope=scope)]) -> None: ...

    dispatcher(handler)(inserts(1))
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "made")
    assert {"sequence_number", "event_id", "entity", "route"}.isdisjoint(line)


def test_the_logger_of_a_cold_start_names_no_request(capsys: pytest.CaptureFixture[str]) -> None:
    """The log lines of a factory of scope cold_start have no request ID."""

    def factory(log: Log) -> Log:
        return log

    def handler(change: Change[Order], log: Annotated[Log, Depends(factory, scope="cold_start")]) -> None:
        log.info("hello")

    app = dispatcher(handler)
    app(inserts(1), Context(request_id="req-1"))
    app(inserts(2), Context(request_id="req-2"))
    hellos = [line for line in lines(capsys.readouterr().out) if line["event"] == "hello"]
    assert [line.get("request_id") for line in hellos] == [None, None]


def test_the_logger_of_a_batch_names_the_route(capsys: pytest.CaptureFixture[str]) -> None:
    """An on_batch handler's lines carry the route and no record."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]], log: Log) -> None:
        log.info("indexed")

    Dispatcher(routes)(inserts(1, 2))
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "indexed")
    assert (line["route"].endswith("index"), "sequence_number" in line) == (True, False)


def test_a_handler_gets_powertools_data_class() -> None:
    """A parameter annotated DynamoDBRecord holds the record as the stream wrote it."""
    seen: list[DynamoDBRecord] = []

    def handler(change: Change[Order], record: DynamoDBRecord) -> None:
        seen.append(record)

    event = inserts(1, 2)
    dispatcher(handler)(event)
    assert [type(record) for record in seen] == [DynamoDBRecord, DynamoDBRecord]
    assert [record.raw_event for record in seen] == event["Records"]
    assert seen[0].dynamodb is not None
    assert seen[0].dynamodb.new_image["EntityType"] == "Order"


@pytest.mark.parametrize("deliver", [kinesis_event, sqs_event, pipes_event])
def test_powertools_data_class_is_the_change_in_every_source(deliver: Callable[..., Any]) -> None:
    """A change that comes inside a message is a DynamoDBRecord like that of the stream."""
    seen: list[DynamoDBRecord] = []

    def handler(change: Change[Order], record: DynamoDBRecord, whole: Record) -> None:
        assert record.raw_event is whole.wire
        seen.append(record)

    assert dispatcher(handler)(deliver(*inserts(1)["Records"])) == {"batchItemFailures": []}
    assert [str(record.event_name) for record in seen] == ["DynamoDBRecordEventName.INSERT"]


def test_a_handler_gets_powertools_logger() -> None:
    """A parameter annotated Logger is one Logger for all calls of a container, in handlers and in factories."""
    seen: list[Logger] = []

    def get_bus(logger: Logger) -> str:
        seen.append(logger)
        return "bus"

    def handler(
        change: Change[Order], logger: Logger, bus: Annotated[str, Depends(get_bus, scope="cold_start")]
    ) -> None:
        seen.append(logger)

    app = dispatcher(handler)
    app(inserts(1, 2))
    assert len(seen) == 3
    assert {type(logger) for logger in seen} == {Logger}
    assert len(set(map(id, seen))) == 1


def test_a_batch_has_no_data_class() -> None:
    """An optional DynamoDBRecord of a batch handler is None, as the Record is."""
    seen: list[Any] = []
    routes = Routes()

    @routes.on_batch(Order)
    def handler(changes: Sequence[Change[Order]], record: DynamoDBRecord | None) -> None:
        seen.append(record)

    Dispatcher(routes)(inserts(1, 2))
    assert seen == [None]
