"""Writes count once, however their records come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Change, Reject
from router.context import Clock, running_on
from router.effects import ConditionFailedError, MemoryTables, Once
from tests.effects.conftest import ENGINES
from tests.effects.schedules import Item, Tables, change, changes_of, deliver
from tests.examples import examples

MUG = {"pk": "PRODUCT#MUG", "sk": "PRODUCT"}
CHANGE = change(1, None, {"id": "1"})


def add(table: str, pieces: int, **request: Any) -> dict[str, Any]:
    values = {":pieces": pieces}
    update = {"TableName": table, "Key": MUG, "UpdateExpression": "ADD stock :pieces"}
    return {"Update": {**update, "ExpressionAttributeValues": values, **request}}


@pytest.fixture
def once(tables: Tables) -> Once:
    return Once(tables.name("Markers"), client=tables.client)


def test_a_second_delivery_writes_nothing(tables: Tables, once: Once) -> None:
    """Another record does, and so does the same one under another name."""
    writes = [add(tables.name("Shop"), -2)]
    assert once.write(CHANGE, "stock", writes)
    assert not once.write(CHANGE.record, "stock", writes)
    assert once.write(change(2, None, {"id": "2"}), "stock", writes)
    assert once.write(CHANGE, "bonus", writes)
    assert tables.items("Shop") == [{**MUG, "stock": -6}]


def test_copies_of_a_record_are_one(tables: Tables, once: Once) -> None:
    """That of a parked document, and the second one of a batch."""
    writes = [add(tables.name("Shop"), 1)]
    for field in ("redrive_of", "twin"):
        copy = change(1, None, {"id": "1"})
        setattr(copy.record, field, "x")
        once.write(copy, "stock", writes)
    assert tables.items("Shop") == [{**MUG, "stock": 1}]


def test_a_marker_expires(tables: Tables) -> None:
    """Its time to live begins with the delivery."""
    once = Once(tables.name("Markers"), client=tables.client, keep=timedelta(days=1), expiry_attribute="ttl")
    with running_on(Clock(lambda: 1000.5, lambda: 0.0)):
        once.write(CHANGE, "stock", [add(tables.name("Shop"), 1)])
    assert tables.items("Markers") == [{"pk": "ONCE#event-1", "sk": "stock", "ttl": 1000 + 86_400}]


def test_a_failed_condition_is_the_handlers_error(tables: Tables, once: Once) -> None:
    """It names the writes, none was made, and the record counts when it comes again."""
    exists = {"ConditionExpression": "attribute_exists(pk)"}
    writes = [add(tables.name("Other"), 1), add(tables.name("Shop"), 1, **exists)]
    with pytest.raises(ConditionFailedError, match="at the writes 1,") as raised:
        once.write(CHANGE, "stock", writes)
    assert raised.value.positions == (1,)
    assert (tables.items("Other"), tables.items("Markers")) == ([], [])
    tables.put("Shop", {**MUG, "stock": 5})
    assert once.write(CHANGE, "stock", writes)
    assert tables.items("Shop") == [{**MUG, "stock": 6}]


def test_a_second_delivery_is_done_though_its_condition_fails_now(tables: Tables, once: Once) -> None:
    """The marker is there, so what the item has become does not matter."""
    tables.put("Shop", {**MUG, "stock": 2})
    writes = [
        add(
            tables.name("Shop"), -2, ConditionExpression="stock >= :least",
            ExpressionAttributeValues={":pieces": -2, ":least": 2},
        )
    ]  # fmt: skip
    assert once.write(CHANGE, "stock", writes)
    assert not once.write(CHANGE, "stock", writes)


def test_a_transaction_has_a_hundred_writes(tables: Tables, once: Once) -> None:
    """99 of the handler and the marker."""
    puts = [{"Put": {"TableName": tables.name("Shop"), "Item": {"pk": f"{n:03}", "sk": "1"}}} for n in range(100)]
    with pytest.raises(Reject, match="found 100 writes, expected at most 99"):
        once.write(CHANGE, "puts", puts)
    assert once.write(CHANGE, "puts", puts[:99])
    assert len(tables.items("Shop")) == 99


def test_no_writes_are_no_request() -> None:
    """There is no marker for nothing."""
    tables = MemoryTables()
    assert not Once("Markers", client=tables).write(CHANGE, "stock", [])
    assert tables.requests == []


def test_a_table_with_one_key_attribute_holds_markers() -> None:
    """Such as that of an idempotency store."""
    tables = MemoryTables(key=("id",))
    once = Once("Markers", key=["id"], client=tables)
    write = {"Put": {"TableName": "Shop", "Item": {"id": "1"}}}
    assert once.write(CHANGE, "put", [write])
    assert not once.write(CHANGE, "put", [write])
    assert tables.items("Markers")[0]["id"] == "ONCE#event-1#put"


def test_a_record_without_event_id_is_rejected(once: Once) -> None:
    """Nothing identifies its second delivery."""
    each = change(1, None, {"id": "1"})
    each.record.wire = {}
    with pytest.raises(Reject, match="without an eventID"):
        once.write(each, "stock", [add("Shop", 1)])


def stock(client: Any, each: Change[Item], tables: Tables) -> None:
    """Each change of an item takes the difference of its number, and writes a line."""
    pieces = (each.old or {"n": 0})["n"] - (each.new or {"n": 0})["n"]
    line = {"pk": f"LINE#{each.record.event_id}", "sk": "1"}
    writes = [add(tables.name("Shop"), pieces), {"Put": {"TableName": tables.name("Shop"), "Item": line}}]
    Once(tables.name("Markers"), client=client).write(each, "stock", writes)


def check(tables: Tables, writes: list[tuple[str, Item | None]], seed: int) -> None:
    changes = changes_of(writes)
    deliver(tables, lambda client, each: stock(client, each, tables), changes, seed)
    left = {each.image["id"]: each.new for each in changes}
    taken = sum(item["n"] for item in left.values() if item is not None)
    lines = sorted(f"LINE#{each.record.event_id}" for each in changes)
    found = {item["pk"]: item for item in tables.items("Shop")}
    assert sorted(found.keys() - {MUG["pk"]}) == lines
    assert found.get(MUG["pk"], {"stock": 0})["stock"] == -taken


WRITES = st.lists(
    st.tuples(st.sampled_from("xyz"), st.none() | st.fixed_dictionaries({"n": st.integers(0, 3)})), max_size=8
)


@given(writes=WRITES, seed=st.integers(0, 2**32))
@settings(max_examples=examples(200))
def test_every_schedule_counts_once(writes: list[tuple[str, Item | None]], seed: int) -> None:
    """In memory, quickly."""
    check(Tables(MemoryTables()), writes, seed)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_schedule_counts_once_on_an_engine(engine: str, request: pytest.FixtureRequest) -> None:
    """Where transactions are DynamoDB's own."""
    tables = request.getfixturevalue(engine)

    @given(writes=WRITES, seed=st.integers(0, 2**32))
    @settings(max_examples=examples(20))
    def schedule(writes: list[tuple[str, Item | None]], seed: int) -> None:
        check(Tables(tables), writes, seed)

    schedule()
