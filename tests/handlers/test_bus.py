"""Domain events on EventBridge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import ANY, Stubber

from handlers.bus import DomainEvent, EventBridgeBus, PublishError

AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
EVENT = DomainEvent("e1/OrderPlaced", "OrderPlaced", AT, {"order_id": "1"})


@pytest.fixture
def events() -> Iterator[Stubber]:
    session = boto3.session.Session("key", "secret", region_name="eu-west-1")
    with Stubber(session.client("events")) as stubber:
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
