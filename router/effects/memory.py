"""Tables in memory, in place of a client of DynamoDB: for tests, and to run without AWS."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from copy import deepcopy
from itertools import islice
from typing import Any

from router.effects.attributes import from_attributes, to_attributes
from router.effects.memory_expressions import Expression
from router.effects.memory_table import MemoryTable

__all__ = ["MemoryTables", "MemoryTablesError"]

Item = dict[str, Any]
_CONDITION = "ConditionalCheckFailed"


class MemoryTablesError(Exception):
    """What DynamoDB answers to a write that it does not make, in the form of botocore's error.

    Args:
        code: The code.
        details: The other members of the answer.
    """

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}, **details}


class MemoryTables:
    """Tables in memory behind the methods of boto3's client that the effects call.

    So an effect runs in a test as it does on AWS: ``View("Pages", client=MemoryTables())``. A table is there when it is
    used. An index shows every item that has its attributes, at once. Expressions may have top-level attributes,
    comparisons, ``BETWEEN``, ``AND``, ``OR``, ``NOT``, ``attribute_exists``, ``attribute_not_exists``, ``begins_with``,
    ``if_not_exists``; ``SET`` with ``+`` and ``-``, ``REMOVE``, and ``ADD`` of numbers.

    Args:
        key: The key attributes of the tables.

    Example:
        >>> tables = MemoryTables()
        >>> tables.put("Shop", {"pk": "PRODUCT#MUG", "sk": "PRODUCT", "stock": 5})
        >>> tables.items("Shop")
        [{'pk': 'PRODUCT#MUG', 'sk': 'PRODUCT', 'stock': 5}]
    """

    def __init__(self, key: tuple[str, ...] = ("pk", "sk")) -> None:
        self.key = key
        self.requests: list[str] = []
        """The methods that were called, in order."""
        self._tables: dict[str, MemoryTable] = defaultdict(lambda: MemoryTable(key))
        self._lock = threading.RLock()

    # ---------------------------------------------------------------------------------------------------- for tests

    def put(self, table: str, item: Mapping[str, Any]) -> None:
        """Put an item of Python values."""
        self._put(table, to_attributes(item))

    def items(self, table: str) -> list[dict[str, Any]]:
        """The items of a table as Python values, in the order of their keys; tombstones of views and markers, too."""
        with self._lock:
            return [from_attributes(item) for item in self._tables[table]]

    # --------------------------------------------------------------------------------------------- as boto3's client

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Put an item, if its condition holds."""
        with self._noted("put_item"):
            return self._write({"Put": request})

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Update an item, if its condition holds."""
        with self._noted("update_item"):
            new = self._write({"Update": request})
            return {"Attributes": deepcopy(new)} if request.get("ReturnValues") == "ALL_NEW" else {}

    def delete_item(self, **request: Any) -> dict[str, Any]:
        """Delete an item, if its condition holds."""
        with self._noted("delete_item"):
            self._write({"Delete": request})
            return {}

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Get an item."""
        with self._noted("get_item"):
            item = self._tables[request["TableName"]].get(request["Key"])
            return {} if item is None else {"Item": deepcopy(item)}

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        """Put and delete items without conditions."""
        with self._noted("batch_write_item"):
            for table, writes in request["RequestItems"].items():
                for write in writes:
                    if "PutRequest" in write:
                        self._put(table, write["PutRequest"]["Item"])
                    else:
                        self._tables[table].remove(write["DeleteRequest"]["Key"])
            return {"UnprocessedItems": {}}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        """Make all writes, or none where a condition does not hold."""
        with self._noted("transact_write_items"):
            writes = request["TransactItems"]
            reasons = [{"Code": "None" if self._allowed(write) else _CONDITION} for write in writes]
            if any(reason["Code"] != "None" for reason in reasons):
                raise MemoryTablesError("TransactionCanceledException", CancellationReasons=reasons)
            for write in writes:
                self._write(write)
            return {}

    def query(self, **request: Any) -> dict[str, Any]:
        """The items that meet the key condition and the filter, ``Limit`` of them at a time."""
        with self._noted("query"):
            condition = Expression(request["KeyConditionExpression"], request)
            rest = Expression(request["FilterExpression"], request) if "FilterExpression" in request else None
            table, after = self._tables[request["TableName"]], request.get("ExclusiveStartKey")
            found = (item for item in table.with_value(condition.equality, after) if condition.holds(item))
            page = [*islice(found, request.get("Limit"))]
            items = [deepcopy(item) for item in page if rest is None or rest.holds(item)]
            if next(found, None) is None:
                return {"Items": items}
            return {"Items": items, "LastEvaluatedKey": self._key_attributes(page[-1])}

    # -------------------------------------------------------------------------------------------------------- items

    def _noted(self, method: str) -> AbstractContextManager[bool]:
        self.requests.append(method)
        return self._lock

    def _write(self, write: Mapping[str, Any]) -> Item:
        ((kind, request),) = write.items()
        if not self._allowed(write):
            stored = self._stored(request)
            asked = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and stored is not None
            raise MemoryTablesError(f"{_CONDITION}Exception", **({"Item": deepcopy(stored)} if asked else {}))
        if kind == "Put":
            self._put(request["TableName"], request["Item"])
        elif kind == "Delete":
            self._tables[request["TableName"]].remove(request["Key"])
        elif kind == "Update":
            stored = self._stored(request)
            new = Expression(request["UpdateExpression"], request).updated(dict(stored or request["Key"]))
            self._put(request["TableName"], new)
            return new
        return {}

    def _allowed(self, write: Mapping[str, Any]) -> bool:
        ((_, request),) = write.items()
        condition = request.get("ConditionExpression")
        stored = self._stored(request)
        return condition is None or Expression(condition, request).holds(stored or {})

    def _stored(self, request: Mapping[str, Any]) -> Item | None:
        return self._tables[request["TableName"]].get(request.get("Key") or request["Item"])

    def _put(self, table: str, item: Item) -> None:
        with self._lock:
            self._tables[table].put(item)

    def _key_attributes(self, item: Item) -> Item:
        return {name: item[name] for name in self.key if name in item}
