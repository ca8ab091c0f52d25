"""``router.dispatch.backfilled``: routes can refuse the items that a backfill delivers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from router import Change, Dispatcher, Insert, MemoryParking, Modify, Record, Reject, Remove, Routes, Window, stamp
from router.sources.backfilled_item import backfilled_item
from tests.builders import Context, Json, Order, batch, insert, item, statuses
from tests.sources.deliveries import message


class Totals(BaseModel):
    count: int = 0


class Shop:
    """An app of which some routes refuse existing items."""

    def __init__(self, **options: Any) -> None:
        self.calls: list[str] = []
        routes = Routes()

        @routes.on_insert(Order)
        def index(change: Insert[Order]) -> None:
            self.calls.append("index")

        @routes.on_insert(Order, backfill=False)
        def welcome(change: Insert[Order]) -> None:
            self.calls.append("welcome")

        @routes.on_batch(Order, backfill=False)
        def notify(changes: Sequence[Change[Order]]) -> None:
            self.calls.append("notify")

        @routes.on_modify(Order, backfill=False)
        def ship(change: Modify[Order]) -> None:
            self.calls.append("ship")

        @routes.on_remove(Order, backfill=False)
        def clear(change: Remove[Order]) -> None:
            self.calls.append("clear")

        @routes.on_window(Order, state=Totals)
        def total(window: Window[Order, Totals]) -> None:
            self.calls.append("total")

        @routes.fallback
        def other(change: Change[dict[str, Any]]) -> None:
            self.calls.append("other")

        self.app = Dispatcher(routes, **options)


def existing(key: str = "a", **values: Any) -> Json:
    """An item as a backfill delivers it."""
    return backfilled_item("shop", {"pk": {"S": key}}, {"NewImage": item(key, **values)})


def modified(key: str = "a") -> Json:
    return backfilled_item("shop", {"pk": {"S": key}}, {"NewImage": item(key), "OldImage": item(key, total=1)})


def removed(key: str = "a") -> Json:
    return backfilled_item("shop", {"pk": {"S": key}}, {"OldImage": item(key)})


@pytest.mark.parametrize("concurrency", [1, 4])
def test_an_existing_item_runs_at_the_routes_that_take_it(concurrency: int) -> None:
    """Those that refuse it, and windows, are skipped."""
    shop = Shop(concurrency=concurrency)
    report = shop.app.dispatch(batch(existing()))
    assert (report.response["batchItemFailures"], shop.calls) == ([], ["index"])
    assert statuses(report) == ["done", "skipped", "skipped", "skipped"]


def test_a_change_runs_at_every_route() -> None:
    """The option concerns existing items only."""
    shop = Shop()
    shop.app(
        batch(insert(1)) | {"window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:01:00Z"}, "state": {}}
    )
    assert shop.calls == ["index", "welcome", "notify", "total"]


@pytest.mark.parametrize("wire", [modified(), removed()])
def test_modifications_and_removals_of_an_export_can_be_refused_too(wire: Json) -> None:
    """An incremental export has them."""
    shop = Shop()
    shop.app(batch(wire))
    assert shop.calls == []


def test_an_item_whose_routes_all_refuse_it_is_not_for_the_fallback() -> None:
    """Its entity has routes."""
    shop = Shop()
    shop.app(batch(removed(), backfilled_item("shop", {"pk": {"S": "x"}}, {"NewImage": item("x", "Unknown")})))
    assert shop.calls == ["other"]


def test_existing_items_and_changes_of_one_event_are_told_apart() -> None:
    """The restriction is that of a record, and each source reports its own."""
    shop = Shop()
    shop.app(batch(existing("a"), message(insert(2, "b"), 2)))
    assert shop.calls == ["index", "index", "welcome", "notify"]


def test_a_parked_item_that_comes_back_is_refused_still() -> None:
    """Its document carries it as the backfill delivered it."""
    place = MemoryParking()
    app = Dispatcher(Routes(), unrouted="park", parking=place)
    app(batch(existing()))
    document = json.loads(json.dumps(place.parked[0].to_dict()))
    shop = Shop()
    report = shop.app.dispatch(batch(message(document, 1)))
    assert shop.calls == ["index"]
    assert [(each.record.origin, each.record.source) for each in report][:1] == [("backfill", "sqs")]


def test_what_a_handler_learns_of_the_record() -> None:
    """An existing item has an ID, and neither a sequence number nor a time."""
    seen: list[Record] = []
    routes = Routes()

    @routes.on(Order)
    def see(change: Change[Order], record: Record) -> None:
        seen.append(record)

    Dispatcher(routes)(batch(existing(), insert(1)))
    old, new = seen
    assert (old.origin, old.source, old.sequence_number, old.created_at) == ("backfill", "backfill", None, None)
    assert (old.keys, old.event_id) == ({"pk": "a"}, existing()["eventID"])
    assert (new.origin, new.source) == ("change", "dynamodb-streams")


def test_the_items_that_failed_are_reported_and_the_others_run() -> None:
    """Each stands for itself."""
    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None:
        if change.new.total:
            raise TimeoutError

    wires = [existing(str(number), total=number % 2) for number in range(5)]
    report = Dispatcher(routes).dispatch(batch(*wires))
    assert [each["itemIdentifier"] for each in report.response["batchItemFailures"]] == [
        wires[1]["eventID"],
        wires[3]["eventID"],
    ]
    assert statuses(report) == ["done", "failed", "done", "failed", "done"]


def test_the_response_counts_the_outcomes_and_names_what_did_not_start() -> None:
    """Whoever sends the items sends those again, at no attempt."""
    clock, routes = [2000], Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None:
        clock[0] = 0

    wires = [existing(str(number)) for number in range(3)]
    response = Dispatcher(routes)(batch(*wires), Context(lambda: clock[0]))
    assert response["outcomes"] == {"done": 3}
    response = Dispatcher(routes)(batch(*wires), Context(0))
    identifiers = [wire["eventID"] for wire in wires]
    assert (response["outcomes"], response["deferred"]) == ({"deferred": 3}, identifiers)
    assert [each["itemIdentifier"] for each in response["batchItemFailures"]] == identifiers


def test_an_item_that_failed_at_one_route_skips_the_others_when_it_is_sent_again() -> None:
    """As with every other source."""
    calls: list[str] = []
    routes = Routes()

    @routes.on_insert(Order)
    def first(change: Insert[Order]) -> None:
        calls.append("first")

    @routes.on_insert(Order)
    def second(change: Insert[Order]) -> None:
        calls.append("second")
        if len(calls) == 2:
            raise TimeoutError

    app = Dispatcher(routes)
    app(batch(existing()))
    assert app(batch(existing()))["batchItemFailures"] == []
    assert calls == ["first", "second", "second"]


def test_an_old_write_does_not_park_an_item_at_its_first_failure() -> None:
    """An item that is there has not waited since it was written."""
    wire = backfilled_item("shop", {"pk": {"S": "a"}}, {"NewImage": item("a")}, written_at=1_000_000_000)
    (record,) = [each.record for each in Dispatcher().dispatch(batch(wire))]
    assert record.created_at is not None
    assert record.age() is None


def test_an_item_that_carries_the_stamp_of_an_own_write_is_handled() -> None:
    """The guard against loops is about writes; the item is there, whoever wrote it last."""
    wire = backfilled_item("shop", {"pk": {"S": "a"}}, {"NewImage": stamp(item("a"))})
    shop = Shop(skip_own_writes=True)
    shop.app(batch(wire))
    assert shop.calls == ["index"]


def test_rejected_items_are_parked() -> None:
    """As every record that can never work."""
    place, routes = MemoryParking(), Routes()

    @routes.on_insert(Order)
    def place_order(change: Insert[Order]) -> None:
        raise Reject

    assert Dispatcher(routes, parking=place)(batch(existing()))["outcomes"] == {"parked": 1}
    assert [each.source for each in place] == ["backfill"]


def test_explain_says_that_a_route_refuses_existing_items() -> None:
    """And that windows have none."""
    explained = str(Shop().app.explain(existing()))
    assert "+ on_insert(Order) " in explained
    assert explained.count("it refuses items of a backfill") == 4
    assert explained.count("a backfill has no windows") == 1
