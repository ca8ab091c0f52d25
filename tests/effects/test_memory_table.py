"""A table in memory finds the items of a query without a scan, and finds the same ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.effects import MemoryTables
from router.effects.attributes import from_attributes, to_attributes
from router.effects.memory_expressions import Expression
from tests.effects.schedules import Tables
from tests.examples import examples

NAMES = st.sampled_from("ABC")
ITEMS = st.fixed_dictionaries({"pk": NAMES, "sk": NAMES}, optional={"parent": NAMES})
PARENT: dict[str, Any] = {"KeyConditionExpression": "parent = :p", "IndexName": "by-parent"}
PARTITION: dict[str, Any] = {"KeyConditionExpression": "#pk = :p", "ExpressionAttributeNames": {"#pk": "pk"}}


def queried(tables: Any, table: str, query: dict[str, Any], value: Any, limit: int = 2) -> list[dict[str, Any]]:
    """All items that a query finds, some at a time."""
    found: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while True:
        values = {"ExpressionAttributeValues": {":p": to_attributes({"p": value})["p"]}}
        answer = tables.query(TableName=table, Limit=limit, **query, **values, **after)
        found += map(from_attributes, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return found
        after = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


@settings(max_examples=examples(200))
@given(st.lists(st.tuples(st.booleans(), ITEMS)), NAMES, st.sampled_from([1, 2, 9]))
def test_a_query_finds_what_a_scan_finds(writes: list[tuple[bool, dict[str, Any]]], name: str, limit: int) -> None:
    """Items are put, replaced, and deleted between two queries of each kind."""
    tables = MemoryTables()
    for puts, item in writes:
        if puts:
            tables.put("Items", item)
        else:
            tables.delete_item(TableName="Items", Key=to_attributes({key: item[key] for key in ("pk", "sk")}))
        for query, attribute in ((PARTITION, "pk"), (PARENT, "parent")):
            expected = [each for each in tables.items("Items") if each.get(attribute) == name]
            assert queried(tables, "Items", query, name, limit) == expected


def test_an_item_that_moves_in_an_index_is_found_at_its_new_value(tables: Tables) -> None:
    """An update changes the attribute, and a replacement leaves it out."""
    table = tables.name("Items")
    for name in ("1", "2", "3"):
        tables.put("Items", {"pk": "A", "sk": name, "parent": "X"})
    assert len(queried(tables.client, table, PARENT, "X")) == 3
    tables.client.update_item(
        TableName=table,
        Key=to_attributes({"pk": "A", "sk": "1"}),
        UpdateExpression="SET parent = :y",
        ExpressionAttributeValues=to_attributes({":y": "Y"}),
    )
    tables.put("Items", {"pk": "A", "sk": "2"})
    assert [item["sk"] for item in queried(tables.client, table, PARENT, "X")] == ["3"]
    assert [item["sk"] for item in queried(tables.client, table, PARENT, "Y")] == ["1"]


def test_numbers_are_found_by_their_value() -> None:
    """Not by their text."""
    tables = MemoryTables()
    tables.put_item(TableName="Items", Item={"pk": {"N": "1.0"}, "sk": {"S": "A"}})
    tables.put_item(TableName="Items", Item={"pk": {"S": "1"}, "sk": {"S": "A"}})
    assert [item["pk"] for item in queried(tables, "Items", PARTITION, 1)] == [1]


def test_a_query_reads_the_items_of_its_partition_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a test with thousands of items takes no minutes."""
    tables, read = MemoryTables(), list[Any]()
    holds = Expression.holds

    def counted(expression: Expression, item: dict[str, Any]) -> bool:
        read.append(item)
        return holds(expression, item)

    monkeypatch.setattr(Expression, "holds", counted)
    for number in range(100):
        tables.put("Items", {"pk": f"P{number}", "sk": "1", "parent": f"P{number % 50}"})
    assert len(queried(tables, "Items", PARTITION, "P7")) == 1
    assert len(queried(tables, "Items", PARENT, "P7")) == 2
    assert len(read) == 3


@pytest.mark.parametrize(
    ("expression", "found"),
    [("parent = :p OR pk = :p", ["A", "B"]), ("NOT parent = :p", ["A"]), ("pk <> :p AND :p = parent", ["B"])],
)
def test_a_condition_of_another_form_is_read_for_each_item(expression: str, found: list[str]) -> None:
    """It names no value that all items have which it finds."""
    tables = MemoryTables()
    tables.put("Items", {"pk": "A", "sk": "1"})
    tables.put("Items", {"pk": "B", "sk": "1", "parent": "A"})
    assert [item["pk"] for item in queried(tables, "Items", {"KeyConditionExpression": expression}, "A")] == found
