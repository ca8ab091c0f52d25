"""Corrections of ministack's writes: stream records of PartiQL statements, and refusals of updates and stream settings.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

__all__ = ["correct_statements", "correct_stream_settings", "correct_updates"]

Response = tuple[int, dict[str, str], Any]
Execute = Callable[..., Response]

_OK = 200
_KEY_UPDATE = "One or more parameter values were invalid: Cannot update attribute. This attribute is part of the key"
_WRONG_OPERAND = "An operand in the update expression has an incorrect data type"
_REPEATED = "Transaction request cannot include multiple operations on one item"


@dataclass
class _Transaction:
    keys: set[tuple[str, str, str]] = field(default_factory=set)  # table, partition and sort key
    changes: list[tuple[str, Any, Any]] = field(default_factory=list)
    repeats_key: bool = False


class _Statements:
    """Executes PartiQL statements that write, and emits a stream record for each item that changes.

    The records of a transaction follow when all of its statements have succeeded.

    Args:
        dynamodb: ministack's module, before its functions are replaced.
    """

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._execute_transaction: Execute = dynamodb._execute_transaction  # noqa: SLF001 - there is no public way
        self._transaction: _Transaction | None = None

    def insert(self, execute: Execute) -> Execute:
        """A function that inserts an item with valid values and a whole key."""
        dynamodb = self._dynamodb

        def insert(table: dict[str, Any], parsed: dict[str, Any]) -> Response:
            item = parsed.get("item") or {}
            item = item["M"] if item.keys() == {"M"} else item
            fault = dynamodb._validate_item(item, table["pk_name"], table["sk_name"])  # noqa: SLF001 - as above
            fault = fault or dynamodb._validate_index_key_values(table, item)  # noqa: SLF001 - as above
            partition, sort, key_fault = dynamodb._resolve_table_key_values(table, item, True)  # noqa: SLF001 - as above
            fault = fault or key_fault
            return fault or self._run(table, (partition, sort), lambda: execute(table, parsed))

        return insert

    def update(self, execute: Execute) -> Execute:
        """A function that updates an item, but no attribute of its key."""
        dynamodb = self._dynamodb

        def update(table: dict[str, Any], parsed: dict[str, Any], data: Any = None) -> Response:
            paths = [path for path, _ in parsed.get("assignments") or ()] + (parsed.get("removes") or [])
            partition, sort, _, fault = dynamodb._partiql_key_target(table, parsed)  # noqa: SLF001 - as above
            fault = fault or dynamodb._key_attribute_update_error(table, {path[0] for path in paths})  # noqa: SLF001 - as above
            return fault or self._run(table, (partition, sort), lambda: execute(table, parsed, data))

        return update

    def delete(self, execute: Execute) -> Execute:
        """A function that deletes an item."""
        dynamodb = self._dynamodb

        def delete(table: dict[str, Any], parsed: dict[str, Any], data: Any = None) -> Response:
            partition, sort, _, fault = dynamodb._partiql_key_target(table, parsed)  # noqa: SLF001 - as above
            return fault or self._run(table, (partition, sort), lambda: execute(table, parsed, data))

        return delete

    def transaction(self, data: dict[str, Any]) -> Response:
        """Execute a transaction: all statements, or none of them and no record."""
        self._transaction = transaction = _Transaction()
        try:
            response = self._execute_transaction(data)
        finally:
            self._transaction = None
        if transaction.repeats_key:
            return _refused(self._dynamodb, _REPEATED)
        if response[0] == _OK:
            for change in transaction.changes:
                self._emit(*change)
        return response

    def _run(self, table: dict[str, Any], key: tuple[str, str], execute: Callable[[], Response]) -> Response:
        if self._transaction is not None and self._repeats(self._transaction, (table["TableName"], *key)):
            return _refused(self._dynamodb, _REPEATED)
        old = _item(table, key)
        response = execute()
        new = _item(table, key)
        if response[0] == _OK and new is not old:
            if new is not None:  # numbers of parameters have any form
                self._dynamodb._validate_item(new)  # noqa: SLF001 - as above
            change = (table["TableName"], old, new)
            self._emit(*change) if self._transaction is None else self._transaction.changes.append(change)
        return response

    @staticmethod
    def _repeats(transaction: _Transaction, key: tuple[str, str, str]) -> bool:
        transaction.repeats_key = key in transaction.keys
        transaction.keys.add(key)
        return transaction.repeats_key

    def _emit(self, table: str, old: Any, new: Any) -> None:
        name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        self._dynamodb._emit_stream_event(table, name, old, new)  # noqa: SLF001 - as above


def correct_statements(dynamodb: Any) -> None:
    """Let PartiQL statements write stream records as all other writes do.

    Args:
        dynamodb: ministack's module.
    """
    statements = _Statements(dynamodb)
    dynamodb._partiql_insert = statements.insert(dynamodb._partiql_insert)  # noqa: SLF001 - as above
    dynamodb._partiql_update = statements.update(dynamodb._partiql_update)  # noqa: SLF001 - as above
    dynamodb._partiql_delete = statements.delete(dynamodb._partiql_delete)  # noqa: SLF001 - as above
    dynamodb._execute_transaction = statements.transaction  # noqa: SLF001 - as above


def correct_updates(dynamodb: Any) -> None:
    """Refuse updates that DynamoDB refuses: of a key in a transaction, and with operands of a wrong type.

    Args:
        dynamodb: ministack's module.
    """
    transact, evaluate = dynamodb._transact_write_items, dynamodb._eval_set_value  # noqa: SLF001 - as above

    def transact_write_items(data: dict[str, Any]) -> Any:
        writes = data.get("TransactItems") or ()
        faults = {at: _KEY_UPDATE for at, write in enumerate(writes) if _updates_key(dynamodb, write.get("Update"))}
        if faults:
            return dynamodb._transact_validation_cancel_response(len(writes), faults)  # noqa: SLF001 - as above
        return transact(data)

    def eval_set_value(tokens: list[Any], item: Any, values: Any, names: Any) -> Any:
        tag, operands = _operands(dynamodb, tokens)
        for operand in operands:
            value = eval_set_value(operand, item, values, names)
            if value is not None and tag not in value:
                raise ValueError(_WRONG_OPERAND)
        return evaluate(tokens, item, values, names)

    dynamodb._transact_write_items = transact_write_items  # noqa: SLF001 - as above
    dynamodb._eval_set_value = eval_set_value  # noqa: SLF001 - as above


def correct_stream_settings(dynamodb: Any) -> None:
    """Refuse the changes of a stream that AWS refuses, and describe no stream that is not enabled.

    Args:
        dynamodb: ministack's module.
    """
    create, update = dynamodb._create_table, dynamodb._update_table  # noqa: SLF001 - as above
    describe = dynamodb._table_description  # noqa: SLF001 - as above

    def create_table(data: dict[str, Any]) -> Any:
        asked = data.get("StreamSpecification")
        if asked and (fault := _view_fault(asked)):
            return _refused(dynamodb, fault)
        if asked and not asked.get("StreamEnabled"):
            data = {name: value for name, value in data.items() if name != "StreamSpecification"}
        return create(data)

    def update_table(data: dict[str, Any]) -> Any:
        name = dynamodb._normalize_table_name(data.get("TableName"))  # noqa: SLF001 - as above
        table, asked = dynamodb._tables.get(name), data.get("StreamSpecification")  # noqa: SLF001 - as above
        if table is None or not asked:
            return update(data)
        fault = _view_fault(asked) or _switch_fault(asked, _has_stream(table))
        return _refused(dynamodb, fault) if fault else update(data)

    def table_description(name: str) -> dict[str, Any]:
        table = dynamodb._tables[name]  # noqa: SLF001 - as above
        described: dict[str, Any] = describe(name)
        if not _has_stream(table):
            described.pop("StreamSpecification", None)
        # A disabled stream stays readable for a day, so its table still names it.
        return described | {key: table[key] for key in ("LatestStreamLabel", "LatestStreamArn") if table.get(key)}

    dynamodb._create_table, dynamodb._update_table = create_table, update_table  # noqa: SLF001 - as above
    dynamodb._table_description = table_description  # noqa: SLF001 - as above


def _refused(dynamodb: Any, fault: str) -> Response:
    response: Response = dynamodb.error_response_json("ValidationException", fault, 400)
    return response


def _item(table: dict[str, Any], key: Iterable[str]) -> Any:
    partition, sort = key
    return table["items"].get(partition, {}).get(sort)


def _has_stream(table: dict[str, Any]) -> bool:
    return bool((table.get("StreamSpecification") or {}).get("StreamEnabled"))


def _updates_key(dynamodb: Any, update: Any) -> bool:
    name = dynamodb._normalize_table_name(update.get("TableName")) if update else None  # noqa: SLF001 - as above
    table = dynamodb._tables.get(name)  # noqa: SLF001 - as above
    if table is None or "Key" not in update:
        return False
    item = deepcopy(dynamodb._get_item_by_key(table, update["Key"]) or update["Key"])  # noqa: SLF001 - as above
    paths: set[Any] = set()
    values, names = update.get("ExpressionAttributeValues", {}), update.get("ExpressionAttributeNames", {})
    with suppress(ValueError):  # ministack refuses the expression
        text = update.get("UpdateExpression", "")
        dynamodb._apply_update_expression(item, text, values, names, paths)  # noqa: SLF001 - as above
    return dynamodb._key_attribute_update_error(table, paths) is not None  # noqa: SLF001 - as above


def _operands(dynamodb: Any, tokens: list[Any]) -> tuple[str, list[list[Any]]]:
    """The operands of a function or an operator, and the type that all of them must have."""
    kinds = [token[0] for token in tokens]
    if kinds[:2] == ["IDENT", "LPAREN"] and tokens[0][1].lower() == "list_append":
        return "L", dynamodb._split_by_comma(tokens[2 : dynamodb._find_matching_paren(tokens, 1)])  # noqa: SLF001 - as above
    depth = 0
    for at, kind in enumerate(kinds):
        depth += (kind == "LPAREN") - (kind == "RPAREN")
        if depth == 0 and at and kind in ("PLUS", "MINUS"):
            return "N", [tokens[:at], tokens[at + 1 :]]
    return "", []


def _view_fault(asked: dict[str, Any]) -> str | None:
    enabled, view = asked.get("StreamEnabled"), asked.get("StreamViewType")
    if enabled and not view:
        return "Invalid StreamViewType: Stream ViewType must not be null or empty when enabling streams."
    if view and not enabled:
        return "Invalid StreamViewType: Stream StreamEnabled was false but a StreamViewType was present."
    return None


def _switch_fault(asked: dict[str, Any], enabled: bool) -> str | None:
    if asked["StreamEnabled"] == enabled:
        return "Table already has an enabled stream" if enabled else "Table has no stream to disable"
    return None
