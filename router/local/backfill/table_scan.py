"""The items of a table, by a parallel Scan."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from router.aws_client import code_of_error
from router.local.aws_clients import aws_client
from router.local.backfill.capacity import CapacityRate
from router.local.backfill.existing_items import BackfillError, ExistingItem, Position
from router.sources.backfilled_item import backfilled_item
from router.sources.lambda_record import wire_image

__all__ = ["TableScan", "key_names"]

_MOST_KEYS = 100  # of BatchGetItem
_UNITS_AN_ITEM = 1.0  # until the first page says what its items cost
_MOST_REFUSALS = 20  # of BatchGetItem in a row


class TableScan:
    """Reads a table in segments, each in pages.

    The position of an item is its key: DynamoDB goes on behind any key of the segment, so the next run need not read a
    page from its beginning.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.ParallelScan

    Args:
        table: The table's name.
        segments: How many segments.
        rate: The capacity units that may be consumed.
        consistent: Whether to read what is written up to now, at twice the units.
        endpoint_url: The endpoint of DynamoDB; by default AWS.

    Raises:
        BackfillError: There is no such table, or it cannot be read.
    """

    def __init__(
        self, table: str, segments: int, rate: CapacityRate, *, consistent: bool, endpoint_url: str | None = None
    ) -> None:
        self._rate = rate
        self._consistent = consistent
        self._client = aws_client(
            "dynamodb",
            endpoint_url,
            max_pool_connections=max(10, segments),
            retries={"total_max_attempts": 10, "mode": "standard"},
        )
        self.table = table
        found = self._call("describe_table", TableName=table)["Table"]
        self._keys = [each["AttributeName"] for each in found["KeySchema"]]
        self.total: int | None = found.get("ItemCount") or None
        self.parts = [str(segment) for segment in range(segments)]
        self.identity: Mapping[str, Any] = {"table": str(found.get("TableArn", table)), "segments": segments}

    def read(self, part: str, after: Position | None) -> Iterator[ExistingItem]:
        """The items of a segment behind a key."""
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "Segment": int(part),
            "TotalSegments": len(self.parts),
            "ConsistentRead": self._consistent,
            "ReturnConsumedCapacity": "TOTAL",
        }
        if after is not None:
            parameters["ExclusiveStartKey"] = _for_client(after)
        cost = _UNITS_AN_ITEM
        while True:
            limit = self._rate.items_for(1 / len(self.parts), cost)
            self._rate.paid()
            page = self._call("scan", **parameters, **({} if limit is None else {"Limit": limit}))
            units = float(page.get("ConsumedCapacity", {}).get("CapacityUnits", 0))
            self._rate.consume(units)
            cost = max(units / page["ScannedCount"], 1 / 512) if page.get("ScannedCount") else cost
            yield from map(self._item, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            parameters["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def read_again(self, part: str, positions: Sequence[Position]) -> Iterator[ExistingItem]:  # noqa: ARG002 - keys suffice
        """The items with these keys, as they are now."""
        for start in range(0, len(positions), _MOST_KEYS):
            keys = [_for_client(key) for key in positions[start : start + _MOST_KEYS]]
            yield from self._get(keys)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _get(self, keys: list[dict[str, Any]]) -> Iterator[ExistingItem]:
        for _ in range(_MOST_REFUSALS):
            if not keys:
                return
            self._rate.paid()
            request = {self.table: {"Keys": keys, "ConsistentRead": True}}
            answer = self._call("batch_get_item", RequestItems=request, ReturnConsumedCapacity="TOTAL")
            self._rate.consume(sum(float(each.get("CapacityUnits", 0)) for each in answer.get("ConsumedCapacity", ())))
            yield from map(self._item, answer["Responses"].get(self.table, ()))
            keys = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
        msg = f"found {self.table} to leave keys unread {_MOST_REFUSALS} times, expected their items; try it later"
        raise BackfillError(msg)

    def _item(self, item: Mapping[str, Any]) -> ExistingItem:
        image = wire_image(item)
        keys = {name: image[name] for name in self._keys}
        return ExistingItem(backfilled_item(self.table, keys, {"NewImage": image}), keys)

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return _called(self._client, self.table, operation, parameters)


def key_names(table: str, endpoint_url: str | None = None) -> list[str]:
    """The names of a table's key attributes.

    Raises:
        BackfillError: There is no such table any more, or it cannot be described.
    """
    with closing(aws_client("dynamodb", endpoint_url)) as client:
        try:
            found = _called(client, table, "describe_table", {"TableName": table})
        except BackfillError as error:
            msg = f"{error}; name the key attributes with --key"
            raise BackfillError(msg) from None
    return [each["AttributeName"] for each in found["Table"]["KeySchema"]]


def _called(client: Any, table: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(client, operation)(**parameters)
    except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
        msg = f"found {code_of_error(error)} on {operation} of table {table}, expected an answer"
        raise BackfillError(msg) from None
    return answer


def _for_client(key: Mapping[str, Any]) -> dict[str, Any]:
    """A key as boto3 takes it: with bytes in place of base64."""
    return {
        name: {"B": b64decode(value["B"])} if isinstance(value, Mapping) and "B" in value else value
        for name, value in key.items()
    }
