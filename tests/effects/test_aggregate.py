"""Counts and sums are those of the items that are there, however their records come."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Change, Dispatcher, PartialFailure, RegistrationError, Reject, RouterError, Routes
from router.effects import Aggregate, MemoryTables
from tests.builders import SUCCESS, Order, batch, insert, modify, remove
from tests.effects.conftest import ENGINES
from tests.effects.schedules import Item, Tables, change, changes_of, deliver
from tests.examples import examples


def key_of(item: Item) -> Item | None:
    return None if item["status"] == "DRAFT" else {"pk": item["status"], "sk": "TOTAL"}


def by_status(tables: Tables, client: Any = None) -> Aggregate[Item]:
    return Aggregate(
        tables.name("Totals"),
        "by-status",
        by=key_of,
        count="orders",
        sums={"total": lambda item: item["total"]},
        markers=tables.name("Markers"),
        client=client or tables.client,
    )


def item(status: str, total: Any, name: str = "1") -> Item:
    return {"id": name, "status": status, "total": total}


def totals(tables: Tables) -> dict[str, tuple[Any, Any]]:
    """The number of orders and their total, by status, where there are any."""
    found = {each["pk"]: (each["orders"], each["total"]) for each in tables.items("Totals")}
    return {status: numbers for status, numbers in found.items() if any(numbers)}


def test_an_item_is_counted_where_it_is(tables: Tables) -> None:
    """It comes, changes, moves to another key, does not count, comes back, and goes."""
    images = [
        None,
        item("NEW", 5),
        item("NEW", 7),
        item("PAID", 7),
        item("DRAFT", 9),
        item("PAID", Decimal("1.5")),
        None,
    ]
    expected: list[Any] = [{"NEW": (1, 5)}, {"NEW": (1, 7)}, {"PAID": (1, 7)}, {}, {"PAID": (1, Decimal("1.5"))}, {}]
    aggregate = by_status(tables)
    for number, (old, new) in enumerate(itertools.pairwise(images)):
        aggregate.apply(change(number, old, new))
        assert totals(tables) == expected[number]


def test_a_difference_of_nothing_is_no_request() -> None:
    """Most modifications change no number."""
    tables = MemoryTables()
    by_status(Tables(tables)).apply(change(1, item("NEW", 5), {**item("NEW", 5), "note": "x"}))
    assert tables.requests == []


def test_sums_are_exact() -> None:
    """To the 38 digits of DynamoDB, of which the embedded engine keeps fewer."""
    tables, most = Tables(MemoryTables()), Decimal("1" * 38)
    by_status(tables).apply(change(1, None, item("NEW", most)), change(2, None, item("NEW", Decimal(-1), "2")))
    assert totals(tables) == {"NEW": (2, Decimal("1" * 37 + "0"))}


def test_floats_count_as_they_are_written(tables: Tables) -> None:
    """0.1 is a tenth."""
    by_status(tables).apply(change(3, None, item("PAID", 0.1, "3")), change(4, None, item("PAID", 0.2, "4")))
    assert totals(tables)["PAID"] == (2, Decimal("0.3"))


def test_a_batch_shares_transactions() -> None:
    """Up to 99 records and the counters in each; what counted before does not count again."""
    tables = MemoryTables()
    changes = [change(number, None, item("NEW", 1, str(number))) for number in range(1_000)]
    aggregate = by_status(Tables(tables))
    for each in (500, 501):
        aggregate.apply(changes[each])
    tables.requests.clear()
    aggregate.apply(*changes)
    assert 11 <= len(tables.requests) <= 13
    (total, *_) = [each for name in tables._tables for each in tables.items(name) if "orders" in each]
    assert total["orders"] == 1_000


def test_a_record_that_a_batch_has_twice_counts_once(tables: Tables) -> None:
    """Kinesis may deliver so."""
    each = change(1, None, item("NEW", 5))
    by_status(tables).apply(each, each, change(1, None, item("NEW", 5)))
    assert totals(tables) == {"NEW": (1, 5)}


def test_a_stream_without_old_images_cannot_count() -> None:
    """A modification is not taken for an insert."""
    each = change(1, item("NEW", 1), item("NEW", 5))
    each._old = None
    with pytest.raises(RouterError, match="found no OldImage"):
        by_status(Tables(MemoryTables())).apply(each)


class Refusing(MemoryTables):
    """Refuses transactions with a certain record."""

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        if "event-150" in str(request):
            raise PermissionError
        return super().transact_write_items(**request)


def test_a_failure_is_of_the_records_of_its_transaction() -> None:
    """Those of the others are done."""
    changes = [change(number, None, item("NEW", 1, str(number))) for number in range(300)]
    tables = Tables(Refusing())
    with pytest.raises(PartialFailure) as raised:
        by_status(tables).apply(*changes)
    assert len(raised.value.failures) == 99
    assert changes[150] in raised.value.failures
    assert totals(tables) == {"NEW": (201, 201)}
    with pytest.raises(PermissionError):
        by_status(tables).apply(changes[150])


def test_an_item_that_cannot_be_counted_fails_alone() -> None:
    """The error is that of the function."""
    tables = Tables(MemoryTables())
    good, bad = change(1, None, item("NEW", 1)), change(2, None, {"id": "2"})
    with pytest.raises(PartialFailure) as raised:
        by_status(tables).apply(good, bad)
    assert [(each, type(error)) for each, error in raised.value.failures.items()] == [(bad, KeyError)]
    assert totals(tables) == {"NEW": (1, 1)}


def test_a_number_that_is_none_is_rejected() -> None:
    """NaN is no number of DynamoDB."""
    with pytest.raises(Reject, match="expected one that an attribute"):
        by_status(Tables(MemoryTables())).apply(change(1, None, item("NEW", float("nan"))))


def test_nothing_to_count_is_an_error() -> None:
    """When the aggregate is made."""
    with pytest.raises(RegistrationError, match="expected one of them: count='orders'"):
        Aggregate("Totals", "none", by=lambda item: {"pk": "x"}, client=MemoryTables())


@pytest.mark.parametrize("in_batches", [False, True])
def test_handlers_count(in_batches: bool) -> None:
    """A change at a time, or all of an invocation."""
    tables, routes = MemoryTables(), Routes()
    sums = {"sum": lambda order: order.total}
    spent = Aggregate[Order]("Totals", "spent", by=lambda order: {"pk": order.pk}, sums=sums, client=tables)
    if in_batches:

        @routes.on_batch(Order)
        def count_all(changes: Sequence[Change[Order]]) -> None:
            spent.apply(*changes)

    else:

        @routes.on(Order)
        def count(change: Change[Order]) -> None:
            spent.apply(change)

    event = batch(
        insert(1, total=5), modify(2, old={"total": 5}, total=8), insert(3, "b", total=1), remove(4, "b", total=1)
    )
    for _ in range(2):
        assert Dispatcher(routes)(event) == SUCCESS
    assert [each for each in tables.items("Totals") if "sum" in each] == [{"pk": "a", "sum": 8}, {"pk": "b", "sum": 0}]


# ------------------------------------------------------------------------------------------------------- properties

WRITES = st.lists(
    st.tuples(
        st.sampled_from("xyz"),
        st.none()
        | st.fixed_dictionaries({"status": st.sampled_from(["NEW", "PAID", "DRAFT"]), "total": st.integers(-2, 3)}),
    ),
    max_size=8,
)


def batches_of(changes: list[Change[Item]], seed: int) -> list[list[Change[Item]]]:
    """The changes in batches, and again in others: a retry has another beginning, and is bisected."""
    random, batches = Random(seed), list[list[Change[Item]]]()  # noqa: S311 - as the schedule
    for _ in range(2):
        left = [*changes]
        while left:
            size = random.randint(1, 4)
            batches.append(left[:size])
            left = left[size:]
    return batches


def check(tables: Tables, writes: list[tuple[str, Item | None]], seed: int) -> None:
    changes = changes_of(writes)
    deliver(tables, lambda client, each: by_status(tables, client).apply(*each), batches_of(changes, seed), seed)
    left = {each.image["id"]: each.new for each in changes}
    expected: dict[str, tuple[int, int]] = {}
    for each in left.values():
        if each is not None and each["status"] != "DRAFT":
            orders, total = expected.get(each["status"], (0, 0))
            expected[each["status"]] = (orders + 1, total + each["total"])
    assert totals(tables) == expected


@given(writes=WRITES, seed=st.integers(0, 2**32))
@settings(max_examples=examples(200))
def test_every_schedule_counts_what_is_there(writes: list[tuple[str, Item | None]], seed: int) -> None:
    """In memory, quickly."""
    check(Tables(MemoryTables()), writes, seed)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_schedule_counts_what_is_there_on_an_engine(engine: str, request: pytest.FixtureRequest) -> None:
    """Where transactions are DynamoDB's own."""
    tables = request.getfixturevalue(engine)

    @given(writes=WRITES, seed=st.integers(0, 2**32))
    @settings(max_examples=examples(20))
    def schedule(writes: list[tuple[str, Item | None]], seed: int) -> None:
        check(Tables(tables), writes, seed)

    schedule()
