"""``router explain``: why routes take records or do not."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.shop import CANCELLED, COUPON, PLACED, SHIPPED, event, order, record, write


def test_each_route_has_a_verdict_and_a_reason(run: Run) -> None:
    """The entity, then one line a route."""
    ended = run("explain", write("event.json", event(SHIPPED)))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "event.json",
        "  0 MODIFY Order, read from NewImage  sequence number 2  by attribute('EntityType')",
        "    no     shop.place   it takes INSERT",
        "    yes    shop.ship    entity and event match, and changed('status', to='SHIPPED') is met",
        ended.out.splitlines()[4],
        "    no     shop.cancel  it takes REMOVE",
        "    yes    shop.index   entity and event match",
    ]
    assert ended.out.splitlines()[4].startswith("    maybe  shop.praise  entity and event match; where(")


def test_nothing_runs(run: Run) -> None:
    """A handler that would fail, and one that prints, do neither."""
    ended = run("explain", write("event.json", event(PLACED, CANCELLED)))
    assert (ended.code, ended.err) == (0, "")


def test_the_json_is_one_line_an_event(run: Run) -> None:
    """The shape of an explanation in JSON."""
    ended = run("explain", "--json", write("events.jsonl", CANCELLED, COUPON))
    first, second = map(json.loads, ended.out.splitlines())
    assert (first["source"], second["source"]) == ("events.jsonl:1", "events.jsonl:2")
    (explained,) = first["records"]
    routes = explained.pop("routes")
    assert explained == {
        "position": 0,
        "event": "DELETE",
        "event_name": "REMOVE",
        "event_id": "e3",
        "sequence_number": "3",
        "entity": "Order",
        "read_from": "OldImage",
        "discriminator": "attribute('EntityType')",
        "found": None,
        "problem": None,
    }
    assert routes[0] == {
        "handler": "shop.place",
        "route": "on_insert(Order)",
        "matches": False,
        "reason": "it takes INSERT",
    }
    assert first["error"] is None


def test_a_record_without_a_route_is_explained_and_0(run: Run) -> None:
    """An entity without a route is not a failure."""
    ended = run("explain", write("event.json", event(COUPON)))
    assert ended.code == 0
    assert "it takes entity 'Order'" in ended.out


def test_a_record_that_cannot_be_routed_is_1(run: Run) -> None:
    """A record that is malformed says where, and the others are still explained."""
    ended = run("explain", write("event.json", event(record("RENAME", order()), PLACED)))
    assert ended.code == 1
    assert "    cannot be routed: " in ended.out
    assert "  0 RENAME no entity" in ended.out
    assert "  1 INSERT Order, read from NewImage" in ended.out


def test_an_unknown_event_is_its_own_error_and_1(run: Run) -> None:
    """The message is the app's; other events are explained."""
    ended = run("explain", write("events.jsonl", {"detail": 1}, PLACED))
    assert ended.code == 1
    assert ended.out.splitlines()[1].startswith("  UnknownEventError: found an event with the keys 'detail'")
    assert "shop.place" in ended.out
    document = json.loads(run("explain", "--json", write("event.json", {"detail": 1})).out)
    assert (document["records"], document["error"]["error"]) == ([], "UnknownEventError")


def test_narrow_terminals_break_no_row(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 60 columns each verdict stays with its route."""
    monkeypatch.setenv("COLUMNS", "60")
    lines = run("explain", write("event.json", event(SHIPPED))).out.splitlines()
    assert max(map(len, lines)) <= 60
    assert "    no  shop.place  it takes INSERT" in lines


def test_a_wrong_file_is_2_before_the_app_is_imported(run: Run, folder: Path) -> None:
    """Events are read first."""
    ended = run("explain", "missing.json", app="no_such_module:app")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "missing.json" in ended.err


def test_a_discriminator_that_prints_does_not_spoil_the_json(run: Run, folder: Path) -> None:
    """Standard error gets the output of the user's discriminator."""
    source = (folder / "shop.py").read_text(encoding="utf-8")
    rule = "app = Dispatcher(routes, discriminator=lambda image: print('asked') or 'Order')"
    (folder / "shop.py").write_text(source.replace("app = Dispatcher(routes)", rule), encoding="utf-8")
    ended = run("explain", "--json", write("event.json", PLACED))
    assert json.loads(ended.out)["records"][0]["entity"] == "Order"
    assert ended.err == "asked\n"
