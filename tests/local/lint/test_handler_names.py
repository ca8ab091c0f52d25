"""``router.local.lint.handler_names``: the code that names a table."""

import pytest

from router import (
    Dispatcher,
    Modify,
    Routes,
)
from tests.local.lint.deployments import POLICY, Check, Order

TABLE = "Orders"


class Counter:
    def __init__(self, table: str) -> None:
        self._table = table

    def count(self, change: Modify[Order]) -> None: ...


class Counting:
    table = "Orders"

    @staticmethod
    def count() -> None: ...


@pytest.mark.parametrize("kind", ["method", "closure", "class", "variable"])
def test_a_table_can_be_named_in_objects_closures_classes_and_globals(check: Check, kind: str) -> None:
    """The search follows the handler's code to all of them."""
    routes = Routes()
    counter = Counter("Orders")

    def counting(change: Modify[Order]) -> None:
        counter.count(change)

    def of_class(change: Modify[Order]) -> None:
        Counting.count()

    def of_module(change: Modify[Order]) -> None:
        TABLE.lower()

    handlers = {"method": counter.count, "closure": counting, "class": of_class, "variable": of_module}
    routes.on_modify(Order)(handlers[kind])
    allowed = (POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}")
    (found,) = check(allowed, app=Dispatcher(routes))
    assert "names table Orders" in found.why
