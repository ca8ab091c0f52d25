"""The adapters on AWS that need no engine; those of DynamoDB are tested in tests/local."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from handlers.aws import DynamoViews, DynamoWarehouse, EventBridgeBus, PublishError
from handlers.ports import DomainEvent, Movement, View

AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
EVENT = DomainEvent("e1/OrderPlaced", "OrderPlaced", AT, {"order_id": "1"})


def client(service: str) -> Any:
    session = boto3.session.Session("key", "secret", region_name="eu-west-1")
    return session.client(service)


def client_of(stubber: Stubber) -> Any:
    return stubber.client


@pytest.fixture
def events() -> Iterator[Stubber]:
    with Stubber(client("events")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def dynamodb() -> Iterator[Stubber]:
    with Stubber(client("dynamodb")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_an_event_goes_to_the_bus_with_its_id(events: Stubber) -> None:
    """The detail contains the event's ID, by which listeners recognise a second delivery."""
    entry = {
        "EventBusName": "shop",
        "Source": "shop",
        "DetailType": "OrderPlaced",
        "Time": AT,
        "Detail": json.dumps({"id": "e1/OrderPlaced", "order_id": "1"}),
    }
    events.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, {"Entries": [entry]})
    asyncio.run(EventBridgeBus(events.client, "shop").publish(EVENT))


def test_an_event_that_the_bus_refuses_is_an_error(events: Stubber) -> None:
    """EventBridge refuses an event with a successful response, so the adapter reads its body."""
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slower"}]}
    events.add_response("put_events", answer, {"Entries": ANY})
    with pytest.raises(PublishError, match="ThrottlingException"):
        asyncio.run(EventBridgeBus(events.client, "shop").publish(EVENT))


def test_the_request_token_is_the_same_at_every_delivery(dynamodb: Stubber) -> None:
    """The request and its token are the same at every delivery, or DynamoDB would refuse the token."""
    requests: list[Any] = []
    dynamodb.client.meta.events.register(
        "provide-client-params.dynamodb.TransactWriteItems", lambda params, **_: requests.append(params)
    )
    for _ in range(2):
        dynamodb.add_response("transact_write_items", {}, None)
        DynamoWarehouse(client_of(dynamodb), "Shop", "Views").move(Movement("e1", AT, {"MUG-1": -2}))
    assert requests[0] == requests[1]
    assert len(requests[0]["ClientRequestToken"]) == 36


@pytest.mark.parametrize(
    ("reasons", "error"),
    [
        (["TransactionConflict", "None"], ClientError),
        (["None", "TransactionConflict"], ClientError),
        (["None", "ThrottlingError"], ClientError),
    ],
)
def test_a_cancelled_transaction_that_can_work_later_is_an_error(
    dynamodb: Stubber, reasons: list[str], error: type[Exception]
) -> None:
    """A conflict or a throttle raises, so that the record is retried."""
    dynamodb.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": code} for code in reasons]},
    )
    with pytest.raises(error):
        DynamoWarehouse(client_of(dynamodb), "Shop", "Views").move(Movement("e1", AT, {"MUG-1": -2}))


def test_a_throttled_view_is_an_error(dynamodb: Stubber) -> None:
    """Only the failed condition of an older version is no error."""
    dynamodb.add_client_error("put_item", "ProvisionedThroughputExceededException")
    with pytest.raises(ClientError):
        DynamoViews(client_of(dynamodb), "Views").save(View("CATALOGUE", "PRODUCT#1", 1, {"stock": 1}))
