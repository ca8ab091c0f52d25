"""What supplies a parameter is known from its annotation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext as PowertoolsContext

from router import Batch, Depends, Insert, LambdaContext, Record, Routes
from tests.builders import Order
from tests.registration.registering import kinds

Bus = list[str]


def get_bus() -> Bus:
    return []


def test_what_annotations_supply() -> None:
    """The annotation of a parameter, optional or not, says what supplies it."""

    def handler(
        change: Insert[Order],
        record: Record,
        batch: Batch | None,
        context: LambdaContext,
        powertools: PowertoolsContext | None,
        log: structlog.typing.FilteringBoundLogger,
        bound: structlog.stdlib.BoundLogger,
        logger: Logger,
        wrapped: DynamoDBRecord | None,
        bus: Annotated[Bus, Depends(get_bus)],
    ) -> None: ...

    assert kinds(handler) == {
        "record": "record",
        "batch": "batch",
        "context": "context",
        "powertools": "context",
        "log": "log",
        "bound": "log",
        "logger": "logger",
        "wrapped": "record",
        "bus": "depends",
    }


def test_what_defaults_supply() -> None:
    """A parameter with a default needs no supplier, and neither do ``*args`` and ``**kwargs``."""

    def handler(change: Insert[Order], retries: int = 3, *args: int, name="x", **kwargs: Any) -> None: ...  # type: ignore[no-untyped-def]

    assert kinds(handler) == {}


def test_supplied_in_spite_of_a_default() -> None:
    """A parameter that can be supplied is supplied in spite of its default, which serves direct calls."""

    def handler(change: Insert[Order], record: Record | None = None) -> None: ...

    assert kinds(handler) == {"record": "record"}


def test_dependencies_of_dependencies() -> None:
    """The parameters of a factory, be it a class or a generator, are read like those of a handler."""

    @dataclass
    class Client:
        bus: Annotated[Bus, Depends(get_bus, scope="cold_start")]
        name: str = "client"

    def get_session(client: Annotated[Client, Depends(Client)], record: Record) -> Iterator[str]:
        yield client.name

    def handler(change: Insert[Order], session: Annotated[str, Depends(get_session)]) -> None: ...

    routes = Routes()
    routes.on_insert(Order)(handler)
    (parameter,) = next(iter(routes)).signature.parameters
    assert parameter.dependency is not None
    client, record = parameter.dependency.parameters
    assert (client.name, record.name) == ("client", "record")
    assert client.dependency is not None
    (bus,) = client.dependency.parameters
    assert bus.dependency is not None
    assert (bus.dependency.factory, bus.dependency.scope) == (get_bus, "cold_start")
