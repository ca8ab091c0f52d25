"""Tables in memory answer as DynamoDB does; the tests of each effect compare them with its engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from router import RouterError
from router.aws_client import code_of_error
from router.effects import MemoryTables
from router.effects.attributes import to_attributes
from tests.effects.schedules import Tables

KEY = {"pk": "A", "sk": "1"}

CONDITIONS = [
    ("n = :two", True),
    ("n <> :two", False),
    ("n > :ten", False),  # as numbers: the text 2 is after 10
    ("n >= :two AND NOT n > :two", True),
    ("n BETWEEN :two AND :ten", True),
    ("n < :text", False),
    ("n <> :text", True),
    ("absent <> :two", True),
    ("absent < :two", False),
    ("attribute_exists(n) AND attribute_not_exists(absent)", True),
    ("attribute_exists(absent) OR (begins_with(#text, :prefix) AND n = :two)", True),
    ("n = :ten AND n = :two OR attribute_exists(pk)", True),
]
VALUES = {":two": 2, ":ten": 10, ":text": "2", ":prefix": "ab", ":other": "é"}
UPDATES = [
    ("SET n = n + :two, kept = n", {"n": 4, "kept": 2}),
    ("SET fresh = if_not_exists(fresh, :ten) - :two", {"fresh": 8}),
    ("REMOVE n SET #text = :other", {"n": None, "text": "é"}),
    ("ADD n :ten, fresh :two", {"n": 12, "fresh": 2}),
]


def used(expression: str) -> dict[str, Any]:
    """The names and values of an expression."""
    values = to_attributes({name: value for name, value in VALUES.items() if name in expression})
    names = {"ExpressionAttributeNames": {"#text": "text"}} if "#text" in expression else {}
    return names | ({"ExpressionAttributeValues": values} if values else {})


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_conditions(tables: Tables, condition: str, holds: bool) -> None:
    """A failed one has the item, if it is asked for."""
    tables.put("Items", {**KEY, "n": 2, "text": "abc"})
    request = {"TableName": tables.name("Items"), "Key": to_attributes(KEY), "ConditionExpression": condition}
    request |= {"ReturnValuesOnConditionCheckFailure": "ALL_OLD", **used(condition)}
    code, item = "", None
    try:
        tables.client.delete_item(**request)
    except Exception as error:  # noqa: BLE001 - of boto3, or in its form
        code, item = code_of_error(error), getattr(error, "response", {}).get("Item")
    assert (code, item is None) == (("", True) if holds else ("ConditionalCheckFailedException", False))
    assert len(tables.items("Items")) == (0 if holds else 1)


@pytest.mark.parametrize(("update", "changed"), UPDATES)
def test_updates(tables: Tables, update: str, changed: dict[str, Any]) -> None:
    """All values are those of the item before."""
    tables.put("Items", {**KEY, "n": 2, "text": "abc"})
    answer = tables.client.update_item(
        TableName=tables.name("Items"),
        Key=to_attributes(KEY),
        UpdateExpression=update,
        ReturnValues="ALL_NEW",
        **used(update),
    )
    expected = {name: value for name, value in {**KEY, "n": 2, "text": "abc", **changed}.items() if value is not None}
    assert tables.items("Items") == [expected]
    assert answer["Attributes"] == to_attributes(expected)


def test_a_transaction_is_made_whole_or_not(tables: Tables) -> None:
    """One failed condition prevents all its writes, and the reasons have their order."""
    table = tables.name("Items")
    puts: list[Any] = [
        {"Put": {"TableName": table, "Item": to_attributes({"pk": name, "sk": "1"})}} for name in ("A", "B", "C")
    ]
    tables.put("Items", {"pk": "B", "sk": "1"})
    puts[1]["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
    with pytest.raises(Exception, match="TransactionCanceledException") as raised:
        tables.client.transact_write_items(TransactItems=puts)
    reasons = getattr(raised.value, "response", {})["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "None"]
    assert [item["pk"] for item in tables.items("Items")] == ["B"]
    tables.client.transact_write_items(TransactItems=[puts[0], puts[2]])
    assert [item["pk"] for item in tables.items("Items")] == ["A", "B", "C"]


@pytest.mark.parametrize(
    "expression", ["size(n) > :two", "n.x = :two", "contains(n, :two)", "n IN (:two)", "n = :two x"]
)
def test_an_unknown_expression_is_an_error(expression: str) -> None:
    """It is not taken for one that does not hold."""
    tables = MemoryTables()
    with pytest.raises(RouterError, match="expected what MemoryTables evaluates"):
        tables.delete_item(
            TableName="Items", Key=to_attributes(KEY), ConditionExpression=expression, **used(expression)
        )


def test_threads_share_tables() -> None:
    """No write is lost."""
    tables = MemoryTables()
    add = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    with ThreadPoolExecutor(8) as threads:
        for _ in range(500):
            threads.submit(tables.update_item, TableName="Items", Key=to_attributes(KEY), **add)
    assert tables.items("Items")[0]["n"] == 500
