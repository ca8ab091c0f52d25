"""An index never goes back to an older state of an item, and a refused document is of its record alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Change, Depends, Dispatcher, MemoryParking, RegistrationError, Reject, Routes
from router.context import Clock, running_on
from router.effects import GONE, Index, MemoryIndexes, RefusedEntryError
from router.record import BACKFILLED
from tests.builders import SUCCESS, Context, Order, batch, failures, insert, inserts, record, statuses
from tests.effects.schedules import Item, change, changes_of, deliver
from tests.effects.search_server import answer_of
from tests.examples import examples

A, B = {"id": "x", "n": 1}, {"id": "x", "n": 2}


class Refusing(MemoryIndexes):
    """Indexes that refuse documents.

    Args:
        errors: For the ID of a document: the names of the errors of its next writes, in turn.
    """

    def __init__(self, **errors: list[str]) -> None:
        super().__init__()
        self.errors = errors

    def bulk(self, *, index: str, body: bytes) -> dict[str, Any]:
        lines = body.splitlines(keepends=True)
        items: list[Any] = []
        for place in range(0, len(lines), 2):
            pair = lines[place : place + 2]
            refused = [name for name in self.errors if f'"_id":"{name}"'.encode() in pair[0] and self.errors[name]]
            if refused:
                items.append(answer_of(refused[0], self.errors[refused[0]].pop(0)))
            else:
                items += super().bulk(index=index, body=b"".join(pair))["items"]
                self.requests.pop()
        self.requests.append(len(items))
        return {"took": 1, "errors": True, "items": items}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which take no time."""
    taken: list[float] = []
    monkeypatch.setattr("time.sleep", taken.append)
    return taken


@pytest.fixture
def indexes() -> MemoryIndexes:
    return MemoryIndexes()


@pytest.fixture
def index(indexes: MemoryIndexes) -> Index:
    return Index("orders", client=indexes)


def app_of(index: Index, **options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        index.put(change, change.image.pk, None if change.new is None else {"total": change.new.total})

    return Dispatcher(routes, **options)


# -------------------------------------------------------------------------------------------------------- versions


@pytest.mark.parametrize(("older", "later"), [(9, 10), (99, 100), (10**21 - 1, 10**21), (10**39, 10**39 + 1)])
def test_an_older_change_does_not_overwrite(indexes: MemoryIndexes, index: Index, older: int, later: int) -> None:
    """Numbers compare as integers, of any length: a version of OpenSearch has 63 bits."""
    index.put(change(later, A, B), "x", {"title": "new"})
    index.put(change(older, None, A), "x", {"title": "old"})
    assert indexes.documents("orders") == {"x": {"title": "new"}}


def test_a_put_replaces_the_document(indexes: MemoryIndexes, index: Index) -> None:
    """No field of the one before stays."""
    index.put(change(1, None, A), "x", {"title": "a", "draft": True})
    index.put(change(2, A, B), "x", {"title": "b"})
    assert indexes.documents("orders") == {"x": {"title": "b"}}


def test_a_second_delivery_changes_nothing(indexes: MemoryIndexes, index: Index) -> None:
    """The version is the same."""
    index.put(change(1, None, A), "x", {"title": "a"})
    before = indexes.sources("orders")
    index.put(change(1, None, A), "x", {"title": "b"})
    assert indexes.sources("orders") == before


def test_a_deleted_document_stays_deleted(indexes: MemoryIndexes, index: Index) -> None:
    """An older change does not restore it, however late it comes; a later one does."""
    index.delete(change(2, A, None), "x")
    index.put(change(1, None, A), "x", {"title": "late"})
    assert indexes.documents("orders") == {}
    index.put(change(3, None, A), "x", {"title": "back"})
    assert indexes.documents("orders") == {"x": {"title": "back"}}


def test_a_tombstone_says_when_it_may_be_deleted(indexes: MemoryIndexes) -> None:
    """No sooner than a record can come again; a document that is back says nothing."""
    index = Index("orders", client=indexes, keep_deleted=timedelta(days=2))
    with running_on(Clock(lambda: 1000.5, lambda: 0.0)):
        index.delete(change(1, A, None), "x")
    source = indexes.sources("orders")["x"]
    assert (source[GONE], source["routerExpiresAt"]) == (True, 1000 + 2 * 86_400)
    index.put(change(2, None, A), "x", {})
    assert set(indexes.sources("orders")["x"]) == {"routerVersion", "routerChangedAt"}


def test_a_document_moves_with_its_id(indexes: MemoryIndexes, index: Index) -> None:
    """The one under the old ID is deleted, unless it is the same one; an older change moves nothing back."""
    index.put(change(1, None, A), "1", {"n": 1})
    index.put(change(2, A, B), "1", {"n": 2}, was="1")
    index.put(change(3, B, A), "2", {"n": 3}, was="1")
    index.put(change(2, A, B), "1", {"n": 2}, was="1")
    assert indexes.documents("orders") == {"2": {"n": 3}}


def test_without_a_sequence_number_the_time_decides(indexes: MemoryIndexes, index: Index) -> None:
    """To the microsecond, as with a view."""
    for number, microseconds in ((1, 2), (2, 1)):
        each = change(
            number, A, B, SequenceNumber=None, ApproximateCreationDateTime=1_760_000_000_000_000 + microseconds
        )
        index.put(each, "x", {"n": number})
    assert indexes.documents("orders") == {"x": {"n": 1}}


def backfilled(seconds: float) -> Change[Item]:
    """An item that a backfill delivers, last written at a time."""
    each = change(1, None, A, SequenceNumber=None, ApproximateCreationDateTime=seconds)
    each.record.wire = {**each.record.wire, "eventSource": BACKFILLED}
    return each


def test_a_backfill_fills_what_no_change_has_written(indexes: MemoryIndexes, index: Index) -> None:
    """Every change of the stream then counts as later, unless it is older by more than a minute."""
    index.put(backfilled(1_760_000_500), "x", {"title": "found"})
    index.put(change(439, None, A), "x", {"title": "old"})
    assert indexes.documents("orders") == {"x": {"title": "found"}}
    index.put(change(440, None, A), "x", {"title": "new"})
    index.put(backfilled(1_760_000_500), "x", {"title": "found"})
    assert indexes.documents("orders") == {"x": {"title": "new"}}


def test_a_backfill_repairs_what_an_older_change_has_written(indexes: MemoryIndexes, index: Index) -> None:
    """It knows that the item was written more than a minute later."""
    index.put(change(100, None, A), "x", {"title": "wrong"})
    index.put(backfilled(1_760_000_500), "x", {"title": "right"})
    assert indexes.documents("orders") == {"x": {"title": "right"}}


def test_a_record_without_number_and_time_is_rejected(index: Index) -> None:
    """Nothing orders it."""
    with pytest.raises(Reject, match="without SequenceNumber and time"):
        index.put(change(1, None, A, SequenceNumber=None, ApproximateCreationDateTime=None), "x", {})


# -------------------------------------------------------------------------------------------------------- requests


@pytest.mark.parametrize("concurrency", [1, 4])
def test_the_documents_of_an_invocation_are_in_one_request(
    indexes: MemoryIndexes, index: Index, concurrency: int
) -> None:
    """It is made before the answer."""
    assert app_of(index, concurrency=concurrency)(inserts(*range(100, 200))) == SUCCESS
    assert len(indexes.documents("orders")) == 100
    assert indexes.requests == [100]


def test_a_request_has_no_more_documents_than_the_index_says(indexes: MemoryIndexes) -> None:
    assert app_of(Index("orders", client=indexes, most_documents=30))(inserts(*range(100, 200))) == SUCCESS
    assert sorted(indexes.requests) == [10, 30, 30, 30]


def test_a_request_has_no_more_bytes_than_the_index_says(indexes: MemoryIndexes) -> None:
    """Those of the script included; a document that is larger alone is sent alone."""
    index = Index("orders", client=indexes, most_bytes=3_000)
    assert app_of(index)(inserts(*range(100, 110))) == SUCCESS
    assert sum(indexes.requests) == 10
    assert 1 < max(indexes.requests) < 10
    small = Index("orders", client=indexes, most_bytes=1)
    indexes.requests.clear()
    assert app_of(small)(inserts(*range(200, 203))) == SUCCESS
    assert indexes.requests == [1, 1, 1]


def test_two_indexes_have_requests_of_their_own(indexes: MemoryIndexes) -> None:
    """Each has an address."""
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        for name in ("orders", "audit"):
            Index(name, client=indexes).put(change, change.image.pk, {})

    assert Dispatcher(routes)(inserts(*range(100, 110))) == SUCCESS
    assert indexes.requests == [10, 10]
    assert indexes.documents("orders") == indexes.documents("audit")


@pytest.mark.parametrize("concurrency", [1, 8])
def test_an_async_handler_puts_without_a_thread(indexes: MemoryIndexes, concurrency: int) -> None:
    """It makes no request itself; the index is injected like anything else, once for the container."""
    routes = Routes()

    def get_index() -> Index:
        return Index("orders", client=indexes)

    @routes.on(Order)
    async def show(change: Change[Order], index: Annotated[Index, Depends(get_index, scope="cold_start")]) -> None:
        await asyncio.sleep(0)
        index.put(change, change.image.pk, {"total": change.image.total})

    event = batch(*(insert(number, f"key-{number}", total=number) for number in range(100, 140)))
    assert Dispatcher(routes, concurrency=concurrency)(event) == SUCCESS
    assert sorted(document["total"] for document in indexes.documents("orders").values()) == list(range(100, 140))
    assert indexes.requests == [40]


def test_a_batch_handler_puts_all_of_its_changes(indexes: MemoryIndexes, index: Index) -> None:
    routes = Routes()

    @routes.on_batch(Order)
    def show(changes: Sequence[Change[Order]]) -> None:
        for each in changes:
            index.put(each, each.image.pk, {})

    assert Dispatcher(routes)(inserts(*range(100, 110))) == SUCCESS
    assert indexes.requests == [10]


def test_a_handler_that_fails_puts_nothing(indexes: MemoryIndexes, index: Index) -> None:
    """Its record comes again, and puts then."""
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        index.put(change, change.image.pk, {})
        if change.record.sequence_number == "101":
            raise TimeoutError

    assert Dispatcher(routes)(inserts(100, 101)) == failures(101)
    assert list(indexes.documents("orders")) == ["key-100"]


def test_two_documents_under_one_id_are_refused(indexes: MemoryIndexes, index: Index) -> None:
    """By the record's version the second would be taken for the first, come again."""
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        index.put(change, "1", {"n": 1})
        index.put(change, "1", {"n": 1})
        if change.image.pk == "key-101":
            index.put(change, "1", {"n": 2})

    report = Dispatcher(routes, parking=MemoryParking()).dispatch(inserts(100, 101))
    assert statuses(report) == ["done", "parked"]
    assert indexes.requests == [1]


def test_outside_of_an_invocation_a_put_is_made_at_once(index: Index, indexes: MemoryIndexes) -> None:
    """So a handler that a test calls like any function has written when it returns."""
    index.put(change(1, None, A), "x", {})
    assert indexes.requests == [1]


def test_outside_of_an_invocation_an_error_is_raised_at_once() -> None:
    with pytest.raises(Reject, match="mapper_parsing_exception"):
        Index("orders", client=Refusing(x=["mapping"])).put(change(1, None, A), "x", {})


# --------------------------------------------------------------------------------------------------------- refusals


def test_a_document_that_does_not_fit_parks_its_record_at_its_route() -> None:
    """The other records, and the other routes of the record, are done."""
    indexes, parking, routes, seen = Refusing(**{"key-101": ["mapping"]}), MemoryParking(), Routes(), list[str]()
    index = Index("orders", client=indexes)

    @routes.on(Order)
    def note(change: Change[Order]) -> None:
        seen.append(change.image.pk)

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        index.put(change, change.image.pk, {})

    report = Dispatcher(routes, parking=parking).dispatch(inserts(100, 101, 102))
    assert report.response == SUCCESS
    assert statuses(report) == ["done", "done", "done", "parked", "done", "done"]
    assert sorted(indexes.documents("orders")) == ["key-100", "key-102"]
    assert len(parking) == 1


@pytest.mark.parametrize("error", ["rejected", "no shard", "conflict", "blocked", "disk full"])
def test_what_can_succeed_later_is_sent_again_alone(error: str, pauses: list[float]) -> None:
    """With growing pauses, and without the documents that are written."""
    indexes = Refusing(**{"key-101": [error, error]})
    assert app_of(Index("orders", client=indexes))(inserts(100, 101, 102)) == SUCCESS
    assert indexes.requests == [3, 1, 1]
    assert len(pauses) == 2


def test_tries_end_at_the_deadline(pauses: list[float], clock: Any) -> None:
    """Then the record is reported, with the type of the last error."""
    indexes = Refusing(**{"key-101": ["rejected"] * 99})
    report = app_of(Index("orders", client=indexes), reserve=1.0).dispatch(inserts(100, 101), Context(1_010))
    assert report.response == failures(101)
    (_, failed) = report
    assert isinstance(failed.error, RefusedEntryError)
    assert failed.error.code == "rejected_execution_exception"
    assert pauses == []


def test_a_later_change_of_an_item_need_not_wait_for_a_refused_one() -> None:
    """Versions put them in order."""
    indexes = Refusing()
    indexes.errors["a"] = ["mapping"]
    event = batch(insert(100, "a", total=1), insert(101, "a", total=2))
    report = app_of(Index("orders", client=indexes)).dispatch(event)
    assert statuses(report)[:1] == ["failed"]
    assert indexes.documents("orders") == {"a": {"total": 2}}


def test_a_missing_index_rejects_the_record() -> None:
    """As a missing table does."""
    parking = MemoryParking()
    indexes = Refusing(**{"key-100": ["no index"], "key-101": ["no index"]})
    report = app_of(Index("orders", client=indexes), parking=parking).dispatch(inserts(100, 101))
    assert statuses(report) == ["parked", "parked"]
    assert indexes.requests == [2]


def test_no_value_of_a_document_leaves_the_framework() -> None:
    """OpenSearch quotes it in the reason of the error."""
    indexes, parking = Refusing(**{"key-100": ["mapping"]}), MemoryParking()
    (outcome,) = app_of(Index("orders", client=indexes), parking=parking).dispatch(inserts(100))
    assert "secret" not in f"{outcome.error!r} {outcome.error} {parking.parked}"


# ------------------------------------------------------------------------------------------------------ registration


class Async:
    async def bulk(self, **_: Any) -> None: ...


@pytest.mark.parametrize("client", [Async(), object()])
def test_a_client_without_a_synchronous_bulk_is_refused(client: Any) -> None:
    """When the index is made, not when a record comes."""
    with pytest.raises(RegistrationError, match=r"expected a client with a synchronous bulk\(\)"):
        Index("orders", client=client)


def test_it_prints_as_it_was_written() -> None:
    assert repr(Index("orders", client=MemoryIndexes())) == "Index('orders')"


# -------------------------------------------------------------------------------------------------------- properties

WRITES = st.lists(
    st.tuples(st.sampled_from("xyz"), st.none() | st.fixed_dictionaries({"n": st.integers(0, 3)})), max_size=8
)


class Indexes:
    """Indexes and the client for schedules of deliveries."""

    def __init__(self, client: MemoryIndexes) -> None:
        self.client = client


def put(client: Any, each: Change[Item]) -> None:
    Index("orders", client=client).put(each, each.image["id"], None if each.new is None else {"n": each.new["n"]})


def move(client: Any, each: Change[Item]) -> None:
    """The value is a part of the ID, so a change may move the document."""
    old, new = (f"{item['id']}{item['n']}" if item else None for item in (each.old, each.new))
    Index("orders", client=client).put(each, new or old or "", {} if new else None, was=old)


def state(indexes: MemoryIndexes) -> dict[str, Item]:
    """All documents, tombstones and versions included; only the moment of an expiry may differ."""
    sources = indexes.sources("orders")
    return {name: {**each, "routerExpiresAt": "routerExpiresAt" in each} for name, each in sources.items()}


def expected(handler: Any, changes: Sequence[Change[Item]]) -> dict[str, Item]:
    """What a search finds in the end, from the items that are left."""
    items = {name: item for name, item in {each.image["id"]: each.new for each in changes}.items() if item is not None}
    if handler is move:
        return {f"{name}{item['n']}": {} for name, item in items.items()}
    return {name: {"n": item["n"]} for name, item in items.items()}


def check(handler: Any, changes: Sequence[Change[Item]], seed: int) -> None:
    once, others = MemoryIndexes(), MemoryIndexes()
    for each in changes:
        handler(once, each)
    assert once.documents("orders") == expected(handler, changes)
    deliver(Indexes(others), handler, changes, seed)
    assert state(others) == state(once)


@pytest.mark.parametrize("handler", [put, move])
@given(writes=WRITES, seed=st.integers(0, 2**32))
@settings(max_examples=examples(200))
def test_every_schedule_ends_as_delivery_in_order_does(
    handler: Any, writes: list[tuple[str, Item | None]], seed: int
) -> None:
    """Each record one to five times, in any order, from containers that crash."""
    check(handler, changes_of(writes), seed)


@given(writes=WRITES, seed=st.integers(0, 2**32))
@settings(max_examples=examples(100))
def test_every_schedule_of_kinesis_ends_so(writes: list[tuple[str, Item | None]], seed: int) -> None:
    """With the time of each change, a millisecond after the one before, and no sequence number."""
    changes = changes_of(writes)
    for number, each in enumerate(changes):
        time = 1_760_000_000_000 + number
        each.record.body = {**each.record.body, "ApproximateCreationDateTime": time, "SequenceNumber": None}
    check(put, changes, seed)


class Unreliable(MemoryIndexes):
    """Indexes that refuse some writes for now, some requests, and each document of an item for good.

    Args:
        seed: Chooses what is refused.
        poison: The ID of the document that never fits.
    """

    def __init__(self, seed: int, poison: str | None) -> None:
        super().__init__()
        self._random = Random(seed)  # noqa: S311 - a schedule that can be repeated
        self._poison = poison

    def bulk(self, *, index: str, body: bytes) -> dict[str, Any]:
        if self._random.random() < 0.1:
            raise ConnectionError
        lines = body.splitlines(keepends=True)
        items = [self._item(index, lines[place : place + 2]) for place in range(0, len(lines), 2)]
        return {"took": 1, "errors": True, "items": items}

    def _item(self, index: str, lines: list[bytes]) -> Any:
        name = json.loads(lines[0])["update"]["_id"]
        if name == self._poison:
            return answer_of(name, "mapping")
        if self._random.random() < 0.2:
            return answer_of(name, self._random.choice(["rejected", "no shard", "conflict"]))
        (item,) = super().bulk(index=index, body=b"".join(lines))["items"]
        return item


def event_of(changes: Sequence[Change[Item]]) -> dict[str, Any]:
    """What Lambda delivers for changes."""
    records = []
    for each in changes:
        made = record(each.record.sequence_number or "", type(each).__name__.upper(), each.image["id"])
        records.append({**made, "dynamodb": {**made["dynamodb"], **each.record.body}})
    return batch(*records)


@given(
    writes=WRITES,
    sizes=st.lists(st.integers(1, 4), min_size=8, max_size=8),
    concurrency=st.sampled_from([1, 3]),
    poison=st.sampled_from([None, "x"]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=examples(200))
def test_every_schedule_of_batches_ends_so(
    writes: list[tuple[str, Item | None]], sizes: list[int], concurrency: int, poison: str | None, seed: int
) -> None:
    """Through a dispatcher, with requests that fail; only the records of the document that never fits are parked."""
    changes = changes_of(writes)
    rest, events = iter(changes), list[Any]()
    for size in sizes:
        if chunk := list(islice(rest, size)):
            events.append(event_of(chunk))
    once, others, parking = MemoryIndexes(), Unreliable(seed, poison), MemoryParking()
    fitting = [each for each in changes if each.image["id"] != poison]
    for each in fitting:
        put(once, each)

    def handle(client: Any, event: Any) -> None:
        routes, index = Routes(), Index("orders", client=client, most_documents=3)

        @routes.fallback
        def show(change: Change[dict[str, Any]]) -> None:
            body = None if change.new is None else {"n": change.new["n"]}
            index.put(change, change.image["id"], body)

        app = Dispatcher(routes, parking=parking, concurrency=concurrency)
        assert any(app(event) == SUCCESS for _ in range(9))  # tries of the effect end, and Lambda delivers again

    deliver(Indexes(others), handle, events, seed)
    assert others.documents("orders") == expected(put, fitting)
    assert state(others) == state(once)
    parked = {each.record["dynamodb"]["SequenceNumber"] for each in parking}
    assert parked == {each.record.sequence_number for each in changes if each not in fitting}
