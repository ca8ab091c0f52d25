"""The writes of DynamoDB's API as cases: an operation, its parameters, and the changes that it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.local.engines.tables import KEY

__all__ = ["ADDED", "INSERT", "SEED", "UNAVAILABLE", "WITHOUT_WRITES", "WRITES", "Change", "Item", "Write", "on_table"]

Item = dict[str, Any]

SEED: Item = {**KEY, "n": {"N": "1"}, "note": {"S": "old"}, "tags": {"SS": ["x", "y"]}, "map": {"M": {"x": {"N": "1"}}}}
ADDED: Item = {"pk": {"S": "b"}, "n": {"N": "5"}}

UNAVAILABLE = {
    "embedded": {"CreateGlobalTable", "UpdateGlobalTable"},
    "dynamodb-local": {
        *("CreateBackup", "CreateGlobalTable", "ImportTable", "RestoreTableFromBackup", "RestoreTableToPointInTime"),
        "UpdateGlobalTable",
    },
}
"""Operations that an engine refuses as unknown."""

WITHOUT_WRITES = {
    *("BatchGetItem", "GetItem", "Query", "Scan", "SearchVectors", "TransactGetItems"),
    *("CreateBackup", "DeleteBackup", "DescribeBackup", "DescribeContinuousBackups", "ListBackups"),
    *("DescribeExport", "DescribeImport", "ExportTableToPointInTime", "ListExports", "ListImports"),
    *("DescribeContributorInsights", "ListContributorInsights", "UpdateContributorInsights"),
    *("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy"),
    *("DescribeKinesisStreamingDestination", "DisableKinesisStreamingDestination"),
    *("EnableKinesisStreamingDestination", "UpdateKinesisStreamingDestination"),
    *("DescribeGlobalTable", "DescribeGlobalTableSettings", "ListGlobalTables", "UpdateGlobalTableSettings"),
    *("DescribeEndpoints", "DescribeLimits", "DescribeTable", "DescribeTableReplicaAutoScaling", "DescribeTimeToLive"),
    *("ListTables", "ListTagsOfResource", "TagResource", "UntagResource"),
    *("UpdateContinuousBackups", "UpdateTableReplicaAutoScaling"),
}
"""Operations that write no items and change no stream."""


class Change(NamedTuple):
    """The item before and after a change."""

    old: Item | None
    new: Item | None

    @property
    def event(self) -> str:
        return "INSERT" if self.old is None else "REMOVE" if self.new is None else "MODIFY"


@dataclass(frozen=True)
class Write:
    """One call of an operation on a table with the item SEED, and the changes that it makes.

    Args:
        operation: The operation.
        name: What is special about the call.
        request: Makes the parameters for a table's name.
        changes: The changes in the order of the stream.
        refused: The error code, if the operation refuses the call.
    """

    operation: str
    name: str
    request: Callable[[str], Item]
    changes: tuple[Change, ...] = ()
    refused: str | None = None


def put(name: str, item: Item, *changes: Change, refused: str | None = None, **more: Any) -> Write:
    return Write("PutItem", name, lambda table: {"TableName": table, "Item": item, **more}, changes, refused)


def update(name: str, *changes: Change, refused: str | None = None, **more: Any) -> Write:
    return Write("UpdateItem", name, lambda table: {"TableName": table, "Key": KEY, **more}, changes, refused)


def expression(name: str, text: str, new: Item | None, **values: Any) -> Write:
    """An update of SEED by an expression; without a new item it changes nothing."""
    given: Item = {"ExpressionAttributeValues": {f":{key}": value for key, value in values.items()}} if values else {}
    changes = () if new is None else (Change(SEED, new),)
    return update(name, *changes, UpdateExpression=text, **given)


def delete(name: str, *changes: Change, refused: str | None = None, **more: Any) -> Write:
    return Write("DeleteItem", name, lambda table: {"TableName": table, "Key": KEY, **more}, changes, refused)


def batch(name: str, *writes: Item, changes: tuple[Change, ...]) -> Write:
    return Write("BatchWriteItem", name, lambda table: {"RequestItems": {table: list(writes)}}, changes)


def transaction(
    name: str, *writes: tuple[str, Item], changes: tuple[Change, ...] = (), refused: str | None = None
) -> Write:
    def request(table: str) -> Item:
        return {"TransactItems": [{kind: {"TableName": table, **names}} for kind, names in writes]}

    return Write("TransactWriteItems", name, request, changes, refused)


def statement(name: str, text: str, *changes: Change, values: Any = (), refused: str | None = None) -> Write:
    """A PartiQL statement, in which T stands for the table."""
    given = {"Parameters": list(values)} if values else {}
    return Write(
        "ExecuteStatement", name, lambda table: {"Statement": on_table(table, text), **given}, changes, refused
    )


def statements(name: str, *texts: str, changes: tuple[Change, ...] = ()) -> Write:
    def request(table: str) -> Item:
        return {"Statements": [{"Statement": on_table(table, text)} for text in texts]}

    return Write("BatchExecuteStatement", name, request, changes)


def partiql_transaction(name: str, *texts: str, changes: tuple[Change, ...] = (), refused: str | None = None) -> Write:
    def request(table: str) -> Item:
        return {"TransactStatements": [{"Statement": on_table(table, text)} for text in texts]}

    return Write("ExecuteTransaction", name, request, changes, refused)


def on_table(table: str, text: str) -> str:
    return text.replace(" T ", f' "{table}" ')


def seed(**changed: Any) -> Item:
    """The item SEED with other attributes; ``None`` removes one."""
    return {name: value for name, value in {**SEED, **changed}.items() if value is not None}


FAILED = "ConditionalCheckFailedException"
CANCELLED = "TransactionCanceledException"
NEVER = "attribute_not_exists(pk)"
CREATED, REMOVED = Change(None, ADDED), Change(SEED, None)
INSERT = "INSERT INTO T VALUE {'pk': 'b', 'n': 5}"

WRITES = [
    put("a new item", ADDED, CREATED),
    put("another item in its place", seed(note=None), Change(SEED, seed(note=None))),
    put("an equal item", SEED),
    put("an equal item with another form of its number", seed(n={"N": "1.00"})),
    put("an equal item with another order of its set", seed(tags={"SS": ["y", "x"]})),
    put("a condition that holds", ADDED, CREATED, ConditionExpression=NEVER),
    put("a condition that fails", {**KEY, "n": {"N": "9"}}, refused=FAILED, ConditionExpression=NEVER),
    put("an expectation that fails", KEY, refused=FAILED, Expected={"n": {"Value": {"N": "9"}}}),
    put("an item without its key", {"n": {"N": "1"}}, refused="ValidationException"),
    put("the old item returned", KEY, Change(SEED, KEY), ReturnValues="ALL_OLD"),
    Write(
        "UpdateItem",
        "an item that is created",
        lambda table: {
            "TableName": table,
            "Key": {"pk": {"S": "b"}},
            "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": {":n": {"N": "5"}},
        },
        (CREATED,),
    ),
    Write(
        "UpdateItem",
        "a key alone, which creates an item",
        lambda table: {"TableName": table, "Key": {"pk": {"S": "b"}}},
        (Change(None, {"pk": {"S": "b"}}),),
    ),
    update("a key alone, of an item"),
    expression("SET", "SET n = :n", seed(n={"N": "2"}), n={"N": "2"}),
    expression("SET of an equal value", "SET n = :n", None, n={"N": "1.0"}),
    expression("SET of arithmetic", "SET n = n + :n", seed(n={"N": "3.5"}), n={"N": "2.5"}),
    update(
        "SET inside a map",
        Change(SEED, seed(map={"M": {"x": {"N": "2"}}})),
        UpdateExpression="SET #m.x = :n",
        ExpressionAttributeNames={"#m": "map"},
        ExpressionAttributeValues={":n": {"N": "2"}},
    ),
    expression("SET if it does not exist, which does", "SET n = if_not_exists(n, :n)", None, n={"N": "2"}),
    expression("ADD to a number", "ADD n :n", seed(n={"N": "3"}), n={"N": "2"}),
    expression("ADD of zero", "ADD n :n", None, n={"N": "0"}),
    expression("ADD to a set", "ADD tags :t", seed(tags={"SS": ["x", "y", "z"]}), t={"SS": ["z"]}),
    expression("ADD of a member", "ADD tags :t", None, t={"SS": ["x"]}),
    expression("ADD of a new set", "ADD ids :i", seed(ids={"NS": ["1"]}), i={"NS": ["1"]}),
    expression("DELETE from a set", "DELETE tags :t", seed(tags={"SS": ["y"]}), t={"SS": ["x"]}),
    expression("DELETE of the last members", "DELETE tags :t", seed(tags=None), t={"SS": ["x", "y"]}),
    expression("DELETE of a missing member", "DELETE tags :t", None, t={"SS": ["z"]}),
    expression("REMOVE", "REMOVE note", seed(note=None)),
    expression("REMOVE of a missing attribute", "REMOVE nothing", None),
    update(
        "AttributeUpdates",
        Change(SEED, seed(note=None, n={"N": "3"}, on={"BOOL": True})),
        AttributeUpdates={
            "n": {"Action": "ADD", "Value": {"N": "2"}},
            "note": {"Action": "DELETE"},
            "on": {"Action": "PUT", "Value": {"BOOL": True}},
        },
    ),
    update("a condition that fails", refused=FAILED, UpdateExpression="REMOVE note", ConditionExpression=NEVER),
    update("a key attribute", refused="ValidationException", UpdateExpression="REMOVE pk"),
    update(
        "list_append to no list",
        refused="ValidationException",
        UpdateExpression="SET n = list_append(n, :l)",
        ExpressionAttributeValues={":l": {"L": []}},
    ),
    update(
        "arithmetic with a text",
        refused="ValidationException",
        UpdateExpression="SET n = n + note",
    ),
    delete("an item", REMOVED),
    delete("an item, returned", REMOVED, ReturnValues="ALL_OLD"),
    Write("DeleteItem", "a missing item", lambda table: {"TableName": table, "Key": {"pk": {"S": "nobody"}}}),
    delete("a condition that fails", refused=FAILED, ConditionExpression=NEVER),
    batch(
        "puts and deletes",
        {"PutRequest": {"Item": ADDED}},
        {"DeleteRequest": {"Key": KEY}},
        {"DeleteRequest": {"Key": {"pk": {"S": "nobody"}}}},
        changes=(CREATED, REMOVED),
    ),
    batch("an item in the place of another", {"PutRequest": {"Item": KEY}}, changes=(Change(SEED, KEY),)),
    batch("an equal item", {"PutRequest": {"Item": SEED}}, changes=()),
    transaction(
        "all kinds",
        ("Put", {"Item": ADDED}),
        ("Delete", {"Key": {"pk": {"S": "nobody"}}}),
        ("Update", {"Key": {"pk": {"S": "c"}}, "UpdateExpression": "REMOVE x"}),
        ("ConditionCheck", {"Key": KEY, "ConditionExpression": "attribute_exists(pk)"}),
        changes=(CREATED, Change(None, {"pk": {"S": "c"}})),
    ),
    transaction("a deletion", ("Delete", {"Key": KEY}), changes=(REMOVED,)),
    transaction(
        "an update",
        ("Update", {"Key": KEY, "UpdateExpression": "REMOVE note"}),
        changes=(Change(SEED, seed(note=None)),),
    ),
    transaction("an equal item", ("Put", {"Item": SEED})),
    transaction(
        "a key attribute",
        ("Put", {"Item": ADDED}),
        ("Update", {"Key": KEY, "UpdateExpression": "REMOVE pk"}),
        refused=CANCELLED,
    ),
    transaction(
        "a check that fails",
        ("Put", {"Item": ADDED}),
        ("ConditionCheck", {"Key": KEY, "ConditionExpression": NEVER}),
        refused=CANCELLED,
    ),
    transaction("two on one item", ("Delete", {"Key": KEY}), ("Put", {"Item": KEY}), refused="ValidationException"),
    statement("INSERT", INSERT, CREATED),
    statement(
        "INSERT with parameters", "INSERT INTO T VALUE {'pk': ?, 'n': ?}", CREATED, values=({"S": "b"}, {"N": "5"})
    ),
    statement(
        "INSERT of all types",
        "INSERT INTO T VALUE {'pk': 'b', 's': <<'x'>>, 'l': [1, NULL, true], 'm': {'x': 'y'}, 'b': ?}",
        Change(
            None,
            {
                "pk": {"S": "b"},
                "s": {"SS": ["x"]},
                "l": {"L": [{"N": "1"}, {"NULL": True}, {"BOOL": True}]},
                "m": {"M": {"x": {"S": "y"}}},
                "b": {"B": "Ynl0ZXM="},
            },
        ),
        values=({"B": b"bytes"},),
    ),
    statement("INSERT of an item that exists", "INSERT INTO T VALUE {'pk': 'a'}", refused="Duplicate"),
    statement("INSERT without the key", "INSERT INTO T VALUE {'n': 1}", refused="ValidationException"),
    statement("INSERT with a key of another type", "INSERT INTO T VALUE {'pk': 1}", refused="ValidationException"),
    statement("UPDATE", "UPDATE T SET n = 2 WHERE pk = 'a'", Change(SEED, seed(n={"N": "2"}))),
    statement(
        "UPDATE with parameters",
        "UPDATE T SET n = ? WHERE pk = ?",
        Change(SEED, seed(n={"N": "2"})),
        values=({"N": "2"}, {"S": "a"}),
    ),
    statement(
        "UPDATE of several",
        "UPDATE T SET n = n + 1 SET note = 'new' WHERE pk = 'a'",
        Change(SEED, seed(n={"N": "2"}, note={"S": "new"})),
    ),
    statement(
        "UPDATE inside a map",
        "UPDATE T SET \"map\".x = 2 WHERE pk = 'a'",
        Change(SEED, seed(map={"M": {"x": {"N": "2"}}})),
    ),
    statement("UPDATE with an equal value", "UPDATE T SET n = 1.0 WHERE pk = 'a'"),
    statement("UPDATE that removes", "UPDATE T REMOVE note WHERE pk = 'a'", Change(SEED, seed(note=None))),
    statement(
        "UPDATE that adds to a set",
        "UPDATE T SET tags = set_add(tags, <<'z'>>) WHERE pk = 'a'",
        Change(SEED, seed(tags={"SS": ["x", "y", "z"]})),
    ),
    statement("UPDATE that adds a member", "UPDATE T SET tags = set_add(tags, <<'x'>>) WHERE pk = 'a'"),
    statement(
        "UPDATE that deletes from a set",
        "UPDATE T SET tags = set_delete(tags, <<'x'>>) WHERE pk = 'a'",
        Change(SEED, seed(tags={"SS": ["y"]})),
    ),
    *(
        statement(
            returning,
            " ".join(("UPDATE T SET n = 2 WHERE pk = 'a'", returning)),
            Change(SEED, seed(n={"N": "2"})),
        )
        for returning in (
            "RETURNING ALL OLD *",
            "RETURNING ALL NEW *",
            "RETURNING MODIFIED OLD *",
            "RETURNING MODIFIED NEW *",
        )
    ),
    statement(
        "UPDATE with a condition", "UPDATE T SET n = 2 WHERE pk = 'a' AND n = 1", Change(SEED, seed(n={"N": "2"}))
    ),
    statement("UPDATE with a condition that fails", "UPDATE T SET n = 2 WHERE pk = 'a' AND n = 9", refused=FAILED),
    statement("UPDATE of a missing item", "UPDATE T SET n = 2 WHERE pk = 'nobody'", refused=FAILED),
    statement("UPDATE of a key attribute", "UPDATE T SET pk = 'z' WHERE pk = 'a'", refused="ValidationException"),
    statement("UPDATE without a key", "UPDATE T SET n = 2 WHERE n = 1", refused="ValidationException"),
    statement("DELETE", "DELETE FROM T WHERE pk = 'a'", REMOVED),
    statement("DELETE with a parameter", "DELETE FROM T WHERE pk = ?", REMOVED, values=({"S": "a"},)),
    statement("DELETE RETURNING", "DELETE FROM T WHERE pk = 'a' RETURNING ALL OLD *", REMOVED),
    statement("DELETE of a missing item", "DELETE FROM T WHERE pk = 'nobody'"),
    statement("DELETE with a condition that fails", "DELETE FROM T WHERE pk = 'a' AND n = 9", refused=FAILED),
    statement("SELECT", "SELECT * FROM T WHERE pk = 'a'"),
    statements(
        "all kinds",
        INSERT,
        "UPDATE T SET n = 2 WHERE pk = 'a'",
        "DELETE FROM T WHERE pk = 'nobody'",
        changes=(CREATED, Change(SEED, seed(n={"N": "2"}))),
    ),
    statements("one that fails", "INSERT INTO T VALUE {'pk': 'a'}", INSERT, changes=(CREATED,)),
    statements("a deletion", "DELETE FROM T WHERE pk = 'a'", changes=(REMOVED,)),
    statements("reads", "SELECT * FROM T WHERE pk = 'a'"),
    partiql_transaction("all kinds", INSERT, "DELETE FROM T WHERE pk = 'a'", changes=(CREATED, REMOVED)),
    partiql_transaction("an update", "UPDATE T SET n = 2 WHERE pk = 'a'", changes=(Change(SEED, seed(n={"N": "2"})),)),
    partiql_transaction("an equal update", "UPDATE T SET n = 1 WHERE pk = 'a'"),
    partiql_transaction(
        "a check that holds", "EXISTS(SELECT * FROM T WHERE pk = 'a' AND n = 1)", INSERT, changes=(CREATED,)
    ),
    partiql_transaction(
        "a check that fails", INSERT, "EXISTS(SELECT * FROM T WHERE pk = 'a' AND n = 9)", refused=CANCELLED
    ),
    partiql_transaction("an item that exists", INSERT, "INSERT INTO T VALUE {'pk': 'a'}", refused=CANCELLED),
    partiql_transaction("a missing item", INSERT, "UPDATE T SET n = 2 WHERE pk = 'nobody'", refused=CANCELLED),
    partiql_transaction(
        "two on one item",
        "UPDATE T SET n = 2 WHERE pk = 'a'",
        "DELETE FROM T WHERE pk = 'a'",
        refused="ValidationException",
    ),
    partiql_transaction("reads", "SELECT * FROM T WHERE pk = 'a'"),
]
