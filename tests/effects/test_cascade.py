"""Children are deleted or updated, however often the records of their parents come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Change, Dispatcher, Drop, MemoryParking, Reject, Remove, Routes, Unfinished
from router.effects import Cascade, MemoryTables
from tests.builders import SUCCESS, Context, Order, batch, failures, insert, remove
from tests.clock import Clock
from tests.effects.conftest import ENGINES
from tests.effects.schedules import Item, Tables, change, changes_of, deliver
from tests.examples import examples

PROFILE = {"pk": "A", "sk": "PROFILE"}
ORDERS: dict[str, Any] = {"children": {"pk": "A"}, "starts": {"sk": "ORDER#"}}


def fill(tables: Tables, number: int, parent: str = "A") -> None:
    for each in range(number):
        tables.put("Shop", {"pk": parent, "sk": f"ORDER#{each:03}", "parent": parent})


def keys(tables: Tables) -> list[tuple[str, str]]:
    return [(item["pk"], item["sk"]) for item in tables.items("Shop")]


@pytest.fixture
def cascade(tables: Tables) -> Cascade:
    return Cascade(tables.name("Shop"), client=tables.client)


@pytest.mark.parametrize("parent", [PROFILE, None])
def test_the_children_are_deleted(tables: Tables, cascade: Cascade, parent: Item | None) -> None:
    """All of them, also of more than one page, and nothing else."""
    fill(tables, 210)
    fill(tables, 1, "B")
    tables.put("Shop", {"pk": "A", "sk": "NOTE"})
    assert cascade.delete(**ORDERS, parent=parent) == 210
    assert keys(tables) == [("A", "NOTE"), ("B", "ORDER#000")]
    assert cascade.delete(**ORDERS, parent=parent) == 0


def test_nothing_is_deleted_while_the_parent_exists(tables: Tables, cascade: Cascade) -> None:
    """A removal that comes late finds the children of a parent that is there again."""
    fill(tables, 3)
    tables.put("Shop", PROFILE)
    assert cascade.delete(**ORDERS, parent=PROFILE) == 0
    assert cascade.delete({"pk": "A"}, parent=PROFILE) == 0  # of which one is the parent itself
    assert len(keys(tables)) == 4


def test_an_index_finds_children_of_any_partition(tables: Tables) -> None:
    """By their attribute."""
    for name in ("A", "B"):
        tables.put("Shop", {"pk": f"CART#{name}", "sk": "1", "parent": name})
    cascade = Cascade(tables.name("Shop"), index="by-parent", client=tables.client)
    assert cascade.delete({"parent": "A"}, parent=PROFILE) == 1
    assert keys(tables) == [("CART#B", "1")]


def test_children_are_updated_as_of_a_change(tables: Tables, cascade: Cascade) -> None:
    """An older change, or the same one, changes nothing; a new child gets what is known."""
    fill(tables, 2)
    later, earlier = change(2, {"n": "old"}, {"n": "new"}), change(1, None, {"n": "old"})
    assert cascade.touch(later, **ORDERS, attributes={"customer": "new"}, name="customer") == 2
    fill_one = {"pk": "A", "sk": "ORDER#999"}
    tables.put("Shop", fill_one)
    assert cascade.touch(earlier, **ORDERS, attributes={"customer": "old"}, name="customer") == 1
    assert cascade.touch(later, **ORDERS, attributes={"customer": "new"}, name="customer") == 1
    assert {item["customer"] for item in tables.items("Shop")} == {"new"}


def test_an_index_finds_children_to_update(tables: Tables) -> None:
    """Also one that has no version in the index."""
    tables.put("Shop", {"pk": "CART#A", "sk": "1", "parent": "A"})
    cascade = Cascade(tables.name("Shop"), index="by-parent", client=tables.client, stamped=True)
    assert cascade.touch(change(2, None, {}), {"parent": "A"}, {"customer": "new"}, name="customer") == 1
    assert cascade.touch(change(1, None, {}), {"parent": "A"}, {"customer": "old"}, name="customer") == 0
    (item,) = tables.items("Shop")
    assert (item["customer"], "routerStamp" in item) == ("new", True)


@pytest.mark.parametrize("index", [None, "by-parent"])
def test_versions_of_two_kinds_cannot_be_compared(index: str | None, tables: Tables) -> None:
    """As in a view: the change is rejected, in the table as in an index, and not passed over."""
    tables.put("Shop", {"pk": "A", "sk": "1", "parent": "A"})
    cascade = Cascade(tables.name("Shop"), index=index, client=tables.client)
    children = {"parent": "A"} if index else {"pk": "A"}
    cascade.touch(change(2, None, {}), children, {"customer": "new"}, name="customer")
    with pytest.raises(Reject, match="with and without a SequenceNumber"):
        cascade.touch(change(3, None, {}, SequenceNumber=None), children, {"customer": "x"}, name="customer")


class Deleting(MemoryTables):
    """Deletes each child before it is updated."""

    def update_item(self, **request: Any) -> dict[str, Any]:
        self.delete_item(TableName=request["TableName"], Key=request["Key"])
        return super().update_item(**request)


def test_a_child_that_is_deleted_meanwhile_stays_deleted() -> None:
    """The update does not create it again."""
    tables = Tables(Deleting())
    fill(tables, 2)
    cascade = Cascade(tables.name("Shop"), client=tables.client)
    assert cascade.touch(change(1, None, {}), **ORDERS, attributes={"customer": "x"}, name="customer") == 0
    assert keys(tables) == []


class Unprocessing(MemoryTables):
    """Processes the first write of a batch only."""

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        ((table, writes),) = request["RequestItems"].items()
        super().batch_write_item(RequestItems={table: writes[:1]})
        return {"UnprocessedItems": {table: writes[1:]} if writes[1:] else {}}


def test_unprocessed_deletes_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After pauses; where there is no time for one, the record comes again."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    tables = Tables(Unprocessing())
    fill(tables, 5)
    cascade = Cascade(tables.name("Shop"), client=tables.client)
    cascade.delete(**ORDERS, parent=None)
    assert (keys(tables), len(pauses)) == ([], 4)
    fill(tables, 20)
    with pytest.raises(Unfinished, match="before all children are deleted"):
        cascade.delete(**ORDERS, parent=None)
    assert 0 < len(keys(tables)) < 20


# ------------------------------------------------------------------------------------------------- unfinished records


class Slow(MemoryTables):
    """Each request takes a second."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        self.clock.now += 1
        return super().transact_write_items(**request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        self.clock.now += 1
        return super().update_item(**request)


def app_of(cascade: Cascade, handled: list[str], **options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on_remove(Order)
    def clean_up(change: Remove[Order]) -> None:
        cascade.delete(**ORDERS, parent=None if change.old.pk == "x" else PROFILE)

    @routes.on(Order)
    def note(change: Change[Order]) -> None:
        handled.append(change.image.pk)

    return Dispatcher(routes, reserve=1.0, **options)


@pytest.mark.parametrize("on_error", [None, Drop()])
def test_children_that_are_left_defer_the_record(clock: Clock, on_error: Any) -> None:
    """No policy is asked, nothing behind it runs, and the next delivery goes on."""
    tables, handled = Tables(Slow(clock)), list[str]()
    fill(tables, 1000)
    options = {} if on_error is None else {"on_error": on_error}
    app = app_of(Cascade(tables.name("Shop"), client=tables.client), handled, parking=MemoryParking(), **options)
    event = batch(remove(1, "gone"), insert(2, "other"))
    left = []
    for _ in range(2):
        end = clock.now + 4
        report = app.dispatch(event, Context(lambda end=end: (end - clock.now) * 1000))
        assert report.response == failures(1)
        assert {outcome.status for outcome in report} == {"deferred"}
        assert [type(outcome.error) for outcome in report if outcome.error] == [Unfinished]
        left.append(len(keys(tables)))
    assert 1000 > left[0] > left[1] > 0
    assert handled == []
    assert app(event) == SUCCESS
    assert (keys(tables), handled) == ([], ["gone", "other"])


def test_an_update_goes_on_where_it_ended(clock: Clock) -> None:
    """The children that are done cost no write."""
    slow = Slow(clock)
    tables, routes = Tables(slow), Routes()
    fill(tables, 12)
    cascade = Cascade(tables.name("Shop"), client=tables.client)

    @routes.on(Order)
    def rename(change: Change[Order]) -> None:
        cascade.touch(change, **ORDERS, attributes={"customer": "new"}, name="customer")

    app = Dispatcher(routes, reserve=1.0)
    for expected in (failures(1), failures(1), SUCCESS):
        end = clock.now + 5
        assert app(batch(insert(1)), Context(lambda end=end: (end - clock.now) * 1000)) == expected
    assert slow.requests.count("update_item") == 12


def test_an_unfinished_record_has_a_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With the text of the handler, which is no value of an item."""
    routes = Routes()

    @routes.on(Order)
    def clean_up(change: Change[Order]) -> None:
        raise Unfinished("children are left")

    Dispatcher(routes)(batch(insert(1)))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [line for line in lines if line["event"] == "record deferred"]
    assert (line["level"], line["error"], line["reason"]) == ("warning", "Unfinished", "children are left")


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_batch_handler_may_be_unfinished(concurrency: int) -> None:
    """Its changes are deferred, and so is what a message of a queue carries."""
    routes, parking = Routes(), MemoryParking()

    @routes.on_batch(Order)
    def clean_up(changes: Sequence[Change[Order]]) -> None:
        raise Unfinished("children are left")

    app = Dispatcher(routes, parking=parking, concurrency=concurrency)
    report = app.dispatch(batch(insert(1, "a"), insert(2, "b")))
    assert report.response == failures(1)
    assert [outcome.status for outcome in report] == ["deferred", "deferred"]


def test_of_messages_the_unfinished_one_is_reported() -> None:
    """The others are done."""
    from router.testing import sqs_event

    routes = Routes()

    @routes.on(Order)
    def clean_up(change: Change[Order]) -> None:
        if change.image.pk == "a":
            raise Unfinished("children are left")

    event = sqs_event(insert(1, "a"), insert(2, "b"))
    report = Dispatcher(routes).dispatch(event)
    assert sorted(outcome.status for outcome in report) == ["deferred", "done"]
    assert len(report.response["batchItemFailures"]) == 1


# ------------------------------------------------------------------------------------------------------- properties


@st.composite
def families(draw: st.DrawFn) -> list[tuple[str, int, bool, bool]]:
    """Parents with their number of children; whether each is removed, and whether it is there again."""
    return [(name, draw(st.integers(0, 4)), draw(st.booleans()), draw(st.booleans())) for name in "xyz"]


def check_delete(tables: Tables, parents: list[tuple[str, int, bool, bool]], seed: int) -> None:
    expected, removals = [], []
    for number, (name, children, removed, again) in enumerate(parents):
        fill(tables, children, name)
        there = again or not removed
        if there:
            tables.put("Shop", {"pk": name, "sk": "PROFILE"})
            expected += [(name, f"ORDER#{each:03}") for each in range(children)] + [(name, "PROFILE")]
        if removed:
            removals.append(change(number, {"id": name}, None))

    def clean_up(client: Any, each: Change[Item]) -> None:
        name = each.image["id"]
        Cascade(tables.name("Shop"), client=client).delete({"pk": name}, parent={"pk": name, "sk": "PROFILE"})

    deliver(tables, clean_up, removals, seed)
    assert keys(tables) == expected


WRITES = st.lists(st.tuples(st.sampled_from("xy"), st.fixed_dictionaries({"n": st.integers(0, 3)})), max_size=6)


def check_touch(tables: Tables, writes: list[tuple[str, Item | None]], seed: int) -> None:
    changes = changes_of(writes)
    for name in "xy":
        fill(tables, 2, name)

    def rename(client: Any, each: Change[Item]) -> None:
        cascade = Cascade(tables.name("Shop"), client=client)
        cascade.touch(each, {"pk": each.image["id"]}, {"parent-n": each.image["n"]}, name="parent")

    deliver(tables, rename, changes, seed)
    last = {each.image["id"]: each.image["n"] for each in changes}
    assert {(item["pk"], item.get("parent-n")) for item in tables.items("Shop")} == {(n, last.get(n)) for n in "xy"}


@given(parents=families(), seed=st.integers(0, 2**32))
@settings(max_examples=examples(200))
def test_every_schedule_deletes_the_children_of_who_is_gone(
    parents: list[tuple[str, int, bool, bool]], seed: int
) -> None:
    """In memory, quickly."""
    check_delete(Tables(MemoryTables()), parents, seed)


@given(writes=WRITES, seed=st.integers(0, 2**32))
@settings(max_examples=examples(200))
def test_every_schedule_updates_to_the_last_change(writes: list[tuple[str, Item | None]], seed: int) -> None:
    """In memory, quickly."""
    check_touch(Tables(MemoryTables()), writes, seed)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_schedule_ends_so_on_an_engine(engine: str, request: pytest.FixtureRequest) -> None:
    """Where queries, conditions and transactions are DynamoDB's own."""
    tables = request.getfixturevalue(engine)

    @given(parents=families(), writes=WRITES, seed=st.integers(0, 2**32))
    @settings(max_examples=examples(15))
    def schedule(parents: list[tuple[str, int, bool, bool]], writes: list[tuple[str, Item | None]], seed: int) -> None:
        check_delete(Tables(tables), parents, seed)
        check_touch(Tables(tables), writes, seed)

    schedule()
