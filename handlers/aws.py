"""The ports on AWS: views and stock in DynamoDB, domain events on EventBridge."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from boto3.dynamodb.types import TypeSerializer

from handlers.ports import DomainEvent, Movement, UnknownProductError, View

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

__all__ = ["DynamoViews", "DynamoWarehouse", "EventBridgeBus", "PublishError"]

# Longer than a record can come again: for a day from the stream, then from the bucket of failed records, where
# template.yaml keeps it for fewer days.
_KEPT_SECONDS = 30 * 24 * 3600

# A sequence number has up to 40 digits, more than a DynamoDB number holds. Texts of equal length compare like numbers.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
_VERSION_DIGITS = 40

_FAILED_CONDITION = "ConditionalCheckFailed"


class DynamoViews:
    """Views in a table of their own, so that a write of a view adds no record to the stream of the shop's table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def save(self, view: View) -> None:
        version = str(view.version).zfill(_VERSION_DIGITS)
        # The view of a deleted item stays for some time: a late delivery of an older change must not restore it.
        body = {"gone": True, "expires_at": int(time.time()) + _KEPT_SECONDS} if view.body is None else view.body
        try:
            # With the condition a second delivery changes nothing, and an older change does not replace a newer one.
            self._client.put_item(
                TableName=self._table,
                Item=_wire({**body, "pk": view.pk, "sk": view.sk, "version": version}),
                ConditionExpression="attribute_not_exists(version) OR version < :version",
                ExpressionAttributeValues=_wire({":version": version}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return


class DynamoWarehouse:
    """Stock in the product items.

    Movements add, so their order does not matter, but each must count once. A marker in the same transaction ensures
    that: a second delivery finds it and changes nothing. The request token makes DynamoDB recognise the transaction for
    ten minutes, so a redelivery right after a failure succeeds without a cancelled transaction. Each product has a
    transaction of its own, so that a deleted product does not stop the others.
    """

    def __init__(self, client: "DynamoDBClient", products: str, markers: str) -> None:
        self._client = client
        self._products = products
        self._markers = markers

    def move(self, movement: Movement) -> None:
        unknown = [sku for sku in movement.pieces if not self._move(movement, sku)]
        if any(movement.pieces[sku] < 0 for sku in unknown):
            raise UnknownProductError

    def _move(self, movement: Movement, sku: str) -> bool:
        """Move one product; return whether the product exists."""
        try:
            # DynamoDB refuses a token with another request, so nothing in the request may depend on this delivery.
            self._client.transact_write_items(
                TransactItems=[self._mark(movement, sku), self._add(sku, movement.pieces[sku])],
                ClientRequestToken=str(uuid5(NAMESPACE_URL, f"{self._markers}/{movement.id}/{sku}")),
            )
        except self._client.exceptions.TransactionCanceledException as error:
            marker, product = (reason.get("Code") for reason in error.response.get("CancellationReasons", []))
            if marker == _FAILED_CONDITION:
                return True  # moved by an earlier delivery
            if product == _FAILED_CONDITION:
                return False
            raise  # a conflict with another transaction, or a throttle: a retry can succeed
        return True

    def _mark(self, movement: Movement, sku: str) -> "TransactWriteItemTypeDef":
        expires_at = int(movement.at.timestamp()) + _KEPT_SECONDS
        return {
            "Put": {
                "TableName": self._markers,
                "Item": _wire({"pk": f"MOVEMENT#{movement.id}", "sk": f"PRODUCT#{sku}", "expires_at": expires_at}),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _add(self, sku: str, count: int) -> "TransactWriteItemTypeDef":
        return {
            "Update": {
                "TableName": self._products,
                "Key": _wire({"pk": f"PRODUCT#{sku}", "sk": "PRODUCT"}),
                "UpdateExpression": "ADD stock :count",
                # Without it, ADD would create an item that has only a stock.
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeValues": _wire({":count": count}),
            }
        }


class PublishError(Exception):
    """EventBridge accepted the call but refused the event."""


class EventBridgeBus:
    """EventBridge. It delivers at least once too, so the detail has the event's ID, by which listeners recognise it."""

    def __init__(self, client: Any, bus: str) -> None:  # Any: the stubs of the client `events` are not among the tools
        self._client = client
        self._bus = bus

    async def publish(self, event: DomainEvent) -> None:
        entry = {
            "EventBusName": self._bus,
            "Source": "shop",
            "DetailType": event.name,
            "Time": event.at,
            "Detail": json.dumps({"id": event.id, **event.detail}),
        }
        response = await asyncio.to_thread(self._client.put_events, Entries=[entry])
        # A refused event raises nothing.
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
        if response["FailedEntryCount"]:
            raise PublishError(response["Entries"][0].get("ErrorCode"))


def _wire(attributes: Mapping[str, Any]) -> dict[str, Any]:
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in attributes.items()}
