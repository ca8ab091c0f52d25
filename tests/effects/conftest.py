"""Tables for the effects: in memory, on the embedded engine, and on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from router.effects import MemoryTables
from router.effects.attributes import from_attributes, to_attributes
from router.local.engines.engine import Engine, open_engine
from router.local.engines.install import EngineMissingError, install, locate
from tests.effects.schedules import Tables
from tests.ministack import ministack
from tests.real import REQUIRED, missing, one_worker

__all__ = ["EngineTables", "ministack"]


class EngineTables:
    """The tables of an engine, with the helpers of :class:`MemoryTables`; a table is there when it is used."""

    def __init__(self, engine: Engine) -> None:
        self.client = engine.client("dynamodb")
        self._made: set[str] = set()

    def close(self) -> None:
        self.client.close()

    def made(self, table: str) -> str:
        if table not in self._made:
            keys = {"pk": "HASH", "sk": "RANGE"}
            names = [{"AttributeName": name, "AttributeType": "S"} for name in (*keys, "parent")]
            index = {
                "IndexName": "by-parent",
                "KeySchema": [{"AttributeName": "parent", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            self.client.create_table(
                TableName=table,
                AttributeDefinitions=names,
                KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
                GlobalSecondaryIndexes=[index],
                BillingMode="PAY_PER_REQUEST",
            )
            self._made.add(table)
        return table

    def put(self, table: str, item: dict[str, Any]) -> None:
        self.client.put_item(TableName=self.made(table), Item=to_attributes(item))

    def items(self, table: str) -> list[dict[str, Any]]:
        found = self.client.scan(TableName=self.made(table), ConsistentRead=True)["Items"]
        return sorted((from_attributes(item) for item in found), key=lambda item: (item["pk"], item["sk"]))


@pytest.fixture(scope="module")
def embedded() -> Iterator[EngineTables]:
    with open_engine("embedded") as engine, closing(EngineTables(engine)) as tables:
        yield tables


@pytest.fixture(scope="module")
def real_tables(real: None) -> Iterator[EngineTables]:
    if REQUIRED:
        with one_worker("engine"):
            install()
    try:
        locate()
    except EngineMissingError as error:
        missing(str(error))
    with open_engine("dynamodb-local") as engine, closing(EngineTables(engine)) as tables:
        yield tables


ENGINES = ["embedded", pytest.param("real_tables", marks=pytest.mark.real)]


@pytest.fixture(params=["memory", *ENGINES])
def tables(request: pytest.FixtureRequest) -> Tables:
    """Each kind of tables, on which all effects do the same."""
    return Tables(MemoryTables() if request.param == "memory" else request.getfixturevalue(request.param))
