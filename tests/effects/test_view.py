"""Views never go back, however their records come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Change, Insert, RegistrationError, Reject
from router.context import Clock, running_on
from router.effects import GONE, MemoryTables, View
from router.record import BACKFILLED
from tests.effects.conftest import ENGINES
from tests.effects.schedules import Item, Tables, change, changes_of, deliver
from tests.examples import examples

KEY = {"pk": "PAGE", "sk": "1"}
A, B = {"id": "1", "title": "a"}, {"id": "1", "title": "b"}


def shown(tables: Tables) -> list[Item]:
    """What readers see."""
    return [
        {name: value for name, value in item.items() if not name.startswith("router")}
        for item in tables.items("Pages")
        if GONE not in item
    ]


@pytest.fixture
def view(tables: Tables) -> View:
    return View(tables.name("Pages"), client=tables.client)


@pytest.fixture
def merged(tables: Tables) -> View:
    return View(tables.name("Pages"), client=tables.client, groups={"customer": ["name", "tier"], "cart": ["lines"]})


def test_a_later_change_replaces_the_item(tables: Tables, view: View) -> None:
    """Attributes that the later one lacks are gone."""
    assert view.put(change(1, None, A), KEY, {"title": "a", "note": "x"})
    assert view.put(change(2, A, B), KEY, {"title": "b"})
    assert shown(tables) == [{**KEY, "title": "b"}]


@pytest.mark.parametrize("numbers", [(10, 9), (7, 7), (10**55 + 1, 10**55), (10**40, 10**39 + 1)])
def test_an_older_change_or_the_same_writes_nothing(tables: Tables, view: View, numbers: tuple[int, int]) -> None:
    """Sequence numbers are compared as integers of any length."""
    assert view.put(change(numbers[0], A, B), KEY, {"title": "new"})
    assert not view.put(change(numbers[1], None, A), KEY, {"title": "old"})
    assert shown(tables) == [{**KEY, "title": "new"}]


def test_a_deleted_item_stays_deleted(tables: Tables, view: View) -> None:
    """An older change does not restore it, a later one does."""
    view.delete(change(2, A, None), KEY)
    assert not view.put(change(1, None, A), KEY, {"title": "late"})
    assert shown(tables) == []
    assert view.put(change(3, None, A), KEY, {"title": "back"})
    assert shown(tables) == [{**KEY, "title": "back"}]


def test_a_tombstone_expires(tables: Tables) -> None:
    """It has a time to live, which an item that comes back has not."""
    view = View(tables.name("Pages"), client=tables.client, keep_deleted=timedelta(days=2), expiry_attribute="ttl")
    with running_on(Clock(lambda: 1000.5, lambda: 0.0)):
        view.delete(change(1, A, None), KEY)
    assert tables.items("Pages")[0]["ttl"] == 1000 + 2 * 86_400
    view.put(change(2, None, A), KEY, {"title": "back"})
    assert "ttl" not in tables.items("Pages")[0]


def test_an_item_moves_with_its_key(tables: Tables, view: View) -> None:
    """The one under the old key is deleted, unless it is the same one; an older change moves nothing back."""
    other = {**KEY, "sk": "2"}
    view.put(change(1, None, A), KEY, {"n": 1})
    view.put(change(2, A, B), KEY, {"n": 2}, was=KEY)
    view.put(change(3, B, A), other, {"n": 3}, was=KEY)
    view.put(change(2, A, B), KEY, {"n": 2}, was=KEY)
    assert shown(tables) == [{**other, "n": 3}]


def of_kinesis(number: int, seconds: float) -> Change[Item]:
    """A change without a sequence number of its table."""
    return change(number, A, B, SequenceNumber=None, ApproximateCreationDateTime=seconds)


def test_without_a_sequence_number_the_time_decides(tables: Tables, view: View) -> None:
    """To the microsecond."""
    assert view.put(of_kinesis(1, 1_760_000_000_000_002), KEY, {"title": "new"})
    assert not view.put(of_kinesis(2, 1_760_000_000_000_001), KEY, {"title": "old"})
    assert shown(tables) == [{**KEY, "title": "new"}]


def test_changes_of_the_same_time_have_an_order_all_the_same(tables: Tables, view: View) -> None:
    """It is that of their event IDs, which may be the wrong one, in every container."""
    changes = [of_kinesis(number, 1_760_000_000_000) for number in (1, 2)]
    for each in (*changes, *reversed(changes)):
        view.put(each, KEY, {"number": each.record.event_id})
    assert shown(tables) == [{**KEY, "number": "event-2"}]


def test_times_and_sequence_numbers_cannot_be_compared(tables: Tables, view: View) -> None:
    """The record that would do so is rejected, in each direction."""
    view.put(change(1, None, A), KEY, {})
    with pytest.raises(Reject, match="with and without a SequenceNumber"):
        view.put(of_kinesis(2, 1_760_000_000), KEY, {})
    other = {**KEY, "sk": "2"}
    view.put(of_kinesis(2, 1_760_000_000), other, {})
    with pytest.raises(Reject, match="with and without a SequenceNumber"):
        view.put(change(1, None, A), other, {})


def test_a_record_without_number_and_time_is_rejected(view: View) -> None:
    """Nothing orders it."""
    with pytest.raises(Reject, match="without SequenceNumber and time"):
        view.put(change(1, None, A, SequenceNumber=None, ApproximateCreationDateTime=None), KEY, {})


def backfilled(seconds: float | None, number: int = 1) -> Change[Item]:
    """An item that a backfill delivers, last written at a time that its source may know."""
    each = change(number, None, A, SequenceNumber=None, ApproximateCreationDateTime=seconds)
    each.record.wire = {**each.record.wire, "eventSource": BACKFILLED}
    return each


def test_a_backfill_fills_what_no_change_has_written(tables: Tables, view: View) -> None:
    """Every change of the stream then counts as later, unless it is older by more than a minute."""
    assert view.put(backfilled(1_760_000_500), KEY, {"title": "found"})
    assert not view.put(change(439, None, A), KEY, {"title": "old"})
    assert view.put(change(440, None, A), KEY, {"title": "new"})
    assert not view.put(backfilled(1_760_000_500), KEY, {"title": "found"})
    assert shown(tables) == [{**KEY, "title": "new"}]


def test_a_backfill_restores_no_deleted_item(tables: Tables, view: View) -> None:
    """A tombstone of the stream is later than an item that a backfill has read before."""
    view.delete(change(500, A, None), KEY)
    assert not view.put(backfilled(1_760_000_400), KEY, {"title": "found"})
    assert shown(tables) == []


def test_a_backfill_without_times_is_older_than_each_change(tables: Tables, view: View) -> None:
    """The last of two backfills counts."""
    view.put(backfilled(None), KEY, {"title": "found"})
    view.put(backfilled(None), KEY, {"title": "found again"})
    assert shown(tables) == [{**KEY, "title": "found again"}]
    view.put(change(1, None, A, ApproximateCreationDateTime=None), KEY, {"title": "new"})
    view.put(backfilled(None), KEY, {"title": "found"})
    assert shown(tables) == [{**KEY, "title": "new"}]


def test_a_backfill_repairs_what_an_older_change_has_written(tables: Tables, view: View) -> None:
    """It knows that the item was written more than a minute later."""
    view.put(change(100, None, A), KEY, {"title": "wrong"})
    assert view.put(backfilled(1_760_000_500), KEY, {"title": "right"})
    assert shown(tables) == [{**KEY, "title": "right"}]


def test_an_own_write_is_stamped(tables: Tables) -> None:
    """A view in the table whose stream the function reads; tombstones have a stamp, too."""
    for stamped, attribute in ((True, "routerStamp"), ("pages", "pages")):
        view = View(tables.name("Pages"), client=tables.client, stamped=stamped)
        view.put(change(1, None, A), KEY, {})
        (first,) = tables.items("Pages")
        view.delete(change(2, A, None), KEY)
        (second,) = tables.items("Pages")
        assert first[attribute] != second[attribute]
        tables = tables.again()


def test_groups_have_versions_of_their_own(tables: Tables, merged: View) -> None:
    """An older change of one item is later than nothing of another."""
    merged.merge(change(9, None, A), KEY, "cart", {"lines": 2})
    merged.merge(change(3, None, A), KEY, "customer", {"name": "Ann", "tier": "GOLD"})
    assert not merged.merge(change(8, None, A), KEY, "cart", {"lines": 1})
    merged.merge(change(4, A, B), KEY, "customer", {"name": "Ann"})
    assert shown(tables) == [{**KEY, "name": "Ann", "lines": 2}]


def test_an_item_without_attributes_is_a_tombstone(tables: Tables, merged: View) -> None:
    """It expires, until a group comes back."""
    merged.merge(change(1, None, A), KEY, "cart", {"lines": 2})
    merged.merge(change(2, None, A), KEY, "customer", {"name": "Ann"})
    merged.merge(change(3, A, None), KEY, "cart", None)
    assert shown(tables) == [{**KEY, "name": "Ann"}]
    merged.merge(change(4, A, None), KEY, "customer", None)
    assert shown(tables) == []
    assert "expires_at" in tables.items("Pages")[0]
    assert not merged.merge(change(1, None, A), KEY, "cart", {"lines": 2})
    merged.merge(change(5, None, A), KEY, "cart", {"lines": 7})
    assert shown(tables) == [{**KEY, "lines": 7}]


@pytest.mark.parametrize(
    ("group", "attributes", "message"),
    [("order", {}, "one of View"), ("cart", {"lines": 1, "name": "x"}, "found name in the group 'cart'")],
)
def test_a_group_has_the_attributes_that_the_view_names(group: str, attributes: Item, message: str) -> None:
    """Without that, it were unknown which attributes a merge removes."""
    with pytest.raises(RegistrationError, match=message):
        View("Pages", client=MemoryTables(), groups={"cart": ["lines"]}).merge(
            change(1, None, A), KEY, group, attributes
        )


def test_a_view_with_groups_is_not_put() -> None:
    """That would remove the versions of its groups."""
    with pytest.raises(RegistrationError, match="merge\\(\\) writes such a view"):
        View("Pages", client=MemoryTables(), groups={"cart": ["lines"]}).put(change(1, None, A), KEY, {})


@pytest.mark.parametrize("attributes", [["lines", "lines"], [GONE], ["expires_at"]])
def test_an_attribute_is_of_one_group(attributes: list[str]) -> None:
    """Two groups would overwrite each other's, and those of tombstones are the view's own."""
    with pytest.raises(RegistrationError, match="twice"):
        View("Pages", client=MemoryTables(), groups={"cart": attributes})


def test_a_value_that_no_attribute_can_hold_is_rejected(view: View) -> None:
    """The message has the type and the attribute, and no value."""
    with pytest.raises(Reject, match="a value of type object for 'body'"):
        view.put(change(1, None, A), KEY, {"body": object()})


def test_every_kind_of_value_is_written(tables: Tables, view: View) -> None:
    """Bytes and floats included."""
    body = {"bytes": b"x", "all": {b"y"}, "in": [b"z", {"deep": b"q"}], "float": 1.5, "none": None, "set": {"a"}}
    view.put(change(1, None, A), KEY, body)
    assert shown(tables) == [{**KEY, **body}]


# ------------------------------------------------------------------------------------------------------- properties

WRITES = st.lists(
    st.tuples(
        st.sampled_from("xyz"), st.none() | st.fixed_dictionaries({"n": st.integers(0, 3), "note": st.booleans()})
    ),
    max_size=8,
)


def put(client: Any, each: Change[Item], table: str) -> None:
    body = None if each.new is None else {"n": each.new["n"]}
    View(table, client=client).put(each, {"pk": "PAGE", "sk": each.image["id"]}, body)


def move(client: Any, each: Change[Item], table: str) -> None:
    """The value is a part of the key, so a change may move the item."""
    old, new = ({"pk": item["id"], "sk": str(item["n"])} if item else {} for item in (each.old, each.new))
    View(table, client=client).put(each, new or old, {} if new else None, was=old or None)


def merge(client: Any, each: Change[Item], table: str) -> None:
    """The items are groups of one item."""
    view = View(table, client=client, groups={name: [name, f"{name}-even"] for name in "xyz"})
    body, name = each.new, each.image["id"]
    even = {} if body is None or body["n"] % 2 else {f"{name}-even": True}
    view.merge(each, {"pk": "PAGE", "sk": "1"}, name, None if body is None else {name: body["n"], **even})


def state(tables: Tables) -> list[Item]:
    """All that is written, tombstones and versions included; only the moment of an expiry may differ."""
    return [{**item, "expires_at": "expires_at" in item} for item in tables.items("Pages")]


def expected_pages(handler: Any, items: dict[str, Item]) -> list[Item]:
    """What readers see in the end, from the items that are left."""
    if handler is put:
        return [{"pk": "PAGE", "sk": name, "n": item["n"]} for name, item in sorted(items.items())]
    if handler is move:
        return [{"pk": name, "sk": str(item["n"])} for name, item in sorted(items.items())]
    values = {name: item["n"] for name, item in items.items()}
    even = {f"{name}-even": True for name, value in values.items() if value % 2 == 0}
    return [{"pk": "PAGE", "sk": "1", **values, **even}] if items else []


def check(tables: Tables, handler: Any, changes: list[Change[Item]], seed: int) -> None:
    for each in changes:
        handler(tables.client, each, tables.name("Pages"))
    left = {each.image["id"]: each.new for each in changes}
    assert shown(tables) == expected_pages(handler, {name: item for name, item in left.items() if item is not None})
    expected, others = state(tables), tables.again()
    deliver(others, lambda client, each: handler(client, each, others.name("Pages")), changes, seed)
    assert state(others) == expected


@pytest.mark.parametrize("handler", [put, move, merge])
@given(writes=WRITES, seed=st.integers(0, 2**32))
@settings(max_examples=examples(200))
def test_every_schedule_ends_as_delivery_in_order_does(
    handler: Any, writes: list[tuple[str, Item | None]], seed: int
) -> None:
    """In memory, quickly."""
    check(Tables(MemoryTables()), handler, changes_of(writes), seed)


def timed(each: Change[Item], seconds: int | None, **fields: Any) -> Change[Item]:
    """A change at another time, without a sequence number where that is a field."""
    each.record.body = {**each.record.body, "ApproximateCreationDateTime": seconds, **fields}
    return each


@pytest.mark.parametrize("handler", [put, move, merge])
@given(writes=WRITES, seed=st.integers(0, 2**32))
@settings(max_examples=examples(100))
def test_every_schedule_of_kinesis_ends_so(handler: Any, writes: list[tuple[str, Item | None]], seed: int) -> None:
    """With the time of each change, a millisecond after the one before."""
    changes = [
        timed(each, 1_760_000_000_000 + number, SequenceNumber=None) for number, each in enumerate(changes_of(writes))
    ]
    check(Tables(MemoryTables()), handler, changes, seed)


@given(
    before=st.dictionaries(st.sampled_from("xyz"), st.fixed_dictionaries({"n": st.integers(4, 5)})),
    writes=WRITES,
    cut=st.integers(0, 8),
    pace=st.sampled_from([1, 20, 100]),
    knows_times=st.booleans(),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=examples(300))
def test_a_backfill_beside_the_stream_ends_as_the_items_are(
    before: dict[str, Item], writes: list[tuple[str, Item | None]], cut: int, pace: int, knows_times: bool, seed: int
) -> None:
    """Of items from before the stream, and as of a moment in it, at any time before, between and after its changes."""
    items = {name: {"id": name, **item} for name, item in before.items()}
    read = {name: (item, 0) for name, item in items.items()}
    changes = [
        timed(each, 1_760_000_000 + pace * number) for number, each in enumerate(changes_of(writes, items=items), 1)
    ]
    found = [*read.values()]
    for number, each in enumerate(changes[:cut], 1):
        read[each.image["id"]] = (each.new or {}, number)
    found += [(item, number) for item, number in read.values() if item]
    deliveries = [*changes]
    for item, number in found:
        each = backfilled(1_760_000_000 + pace * number if knows_times else None, number)
        deliveries.append(Insert(item, each.record))
    tables = Tables(MemoryTables())
    deliver(tables, lambda client, each: put(client, each, tables.name("Pages")), deliveries, seed)
    assert shown(tables) == expected_pages(put, items)


@pytest.mark.parametrize("handler", [put, move, merge])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_schedule_ends_as_delivery_in_order_does_on_an_engine(
    handler: Any, engine: str, request: pytest.FixtureRequest
) -> None:
    """Where conditions are DynamoDB's own."""
    tables = request.getfixturevalue(engine)

    @given(writes=WRITES, seed=st.integers(0, 2**32))
    @settings(max_examples=examples(20))
    def schedule(writes: list[tuple[str, Item | None]], seed: int) -> None:
        check(Tables(tables), handler, changes_of(writes), seed)

    schedule()
