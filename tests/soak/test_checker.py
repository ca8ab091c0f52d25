"""The checker finds what is wrong with effects: each kind of fault is put into effects that are right."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.soak.checker import check
from tests.soak.database import Database

Changed = Callable[[str], dict[str, int]]

EVENTS = {0: "INSERT", 1: "MODIFY", 2: "MODIFY", 3: "REMOVE"}
HANDLERS = {"INSERT": ("audit", "index"), "MODIFY": ("audit", "follow", "index"), "REMOVE": ("audit", "close", "index")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The right effects of two items with four changes each."""
    path = tmp_path / "soak.db"
    database = Database(path)
    for item in ("a", "b"):
        database.write_changes((item, number, event, "plain") for number, event in EVENTS.items())
        database.write_stream((f"{item}{number}", item, number) for number in EVENTS)
        for number, event in EVENTS.items():
            for handler in HANDLERS[event]:
                database.write_handled(handler, item, number)
    database.write_deliveries({f"{item}{number}": 1 for item in ("a", "b") for number in EVENTS}, {})
    database.close()
    return path


@pytest.fixture
def faults_after(path: Path) -> Iterator[Changed]:
    """Change the effects by a statement of SQL, and return the faults that the checker finds."""
    with closing(sqlite3.connect(path)) as connection:

        def change(statement: str) -> dict[str, int]:
            connection.executescript(statement)
            return check(path).faults

        yield change


def test_right_effects_have_no_fault(path: Path) -> None:
    """Every change was handled once, in order."""
    found = check(path)
    assert (found.faults, found.changes, found.counts["handlers ran again"]) == ({}, 8, 0)


def test_a_lost_effect_is_found(faults_after: Changed) -> None:
    """A handler missed a change."""
    assert faults_after("DELETE FROM log WHERE route = 'close' AND item = 'b'") == {"lost": 1}


def test_a_swapped_pair_is_found(faults_after: Changed) -> None:
    """A change came before an earlier one of its item."""
    swap = "UPDATE log SET number = CASE number WHEN 1 THEN 2 ELSE 1 END WHERE route = 'follow' AND item = 'a'"
    assert faults_after(swap) == {"out_of_order": 1, "stale": 1}


def test_a_doubled_effect_is_found(faults_after: Changed) -> None:
    """A handler ran twice for a record that was delivered once."""
    assert faults_after(_ran("close", 3)) == {"doubled": 1}


def test_a_second_delivery_may_run_again(faults_after: Changed, path: Path) -> None:
    """A handler that ran twice for a record that was delivered twice counts, and is no fault."""
    assert faults_after(_ran("close", 3) + "UPDATE deliveries SET count = 2 WHERE event_id = 'a3'") == {}
    assert check(path).counts["handlers ran again"] == 1


def test_a_run_after_a_crash_is_told_from_one_after_a_response(faults_after: Changed, path: Path) -> None:
    """A handler runs again for every record of a delivery without a response, whoever remembers what."""
    faults_after(_ran("close", 3) + "UPDATE deliveries SET count = 2 WHERE event_id = 'a3'")
    assert check(path).counts["handlers ran again after an answer"] == 1
    faults_after("UPDATE deliveries SET unanswered = 1 WHERE event_id = 'a3'")
    assert check(path).counts["handlers ran again after an answer"] == 0


def test_an_older_change_that_stands_last_is_found(faults_after: Changed) -> None:
    """A change ran again behind a later one of its item, which did not run again."""
    assert faults_after(_ran("audit", 2) + "UPDATE deliveries SET count = 2") == {"stale": 1}


def test_later_changes_that_run_again_too_are_right(faults_after: Changed) -> None:
    """All changes from an older one on ran again, as after a crash."""
    assert faults_after(_ran("audit", 2) + _ran("audit", 3) + "UPDATE deliveries SET count = 2") == {}


def test_an_effect_of_no_change_is_found(faults_after: Changed) -> None:
    """A handler ran for a change that was never written, and for an event that it is not meant for."""
    assert faults_after(_ran("audit", 9) + _ran("close", 0))["invented"] == 2


@pytest.mark.parametrize(
    "document",
    [
        {"route": "close", "record": {"eventID": "b3"}},
        {"route": None, "record": {"eventID": "b3"}},
        {"route": None, "payload": json.dumps({"Records": [{"eventID": "b3"}]})},
    ],
    ids=["parked at the handler", "parked before it reached one", "in a failure document"],
)
def test_a_document_stands_for_a_handler(document: dict[str, object], faults_after: Changed, path: Path) -> None:
    """A change that is parked or in a failure document is not lost."""
    assert faults_after("DELETE FROM log WHERE route = 'close' AND item = 'b'") == {"lost": 1}
    database = Database(path)
    route = document.pop("route")
    database.write_document("parked", None if route is None else str(route), json.dumps(document))
    database.close()
    assert check(path).faults == {}


def test_a_document_of_another_record_does_not(faults_after: Changed, path: Path) -> None:
    """A document stands for its own record and handler only."""
    faults_after("DELETE FROM log WHERE route = 'close' AND item = 'b'")
    database = Database(path)
    database.write_document("parked", "close", json.dumps({"record": {"eventID": "a3"}}))
    database.write_document("parked", "audit", json.dumps({"record": {"eventID": "b3"}}))
    database.close()
    assert check(path).faults == {"lost": 1}


def test_without_order_no_order_is_judged(path: Path, faults_after: Changed) -> None:
    """A source that keeps no order may deliver in any."""
    faults_after("UPDATE log SET number = CASE number WHEN 1 THEN 2 ELSE 1 END WHERE route = 'follow'")
    assert check(path, ordered=False).faults == {}


def _ran(handler: str, number: int) -> str:
    """The statement by which a handler runs for a change of the item ``a``."""
    return f"INSERT INTO log (kind, route, item, number) VALUES ('handled', '{handler}', 'a', {number});"
