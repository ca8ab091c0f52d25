"""Records that are refused alike have one log line together; each that a handler fails has its own."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from router import Change, Dispatcher, MemoryParking, Reject, Routes
from tests.builders import Context, Customer, Handled, Json, Order, batch, dispatcher, insert, inserts

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The logger as in a function without settings."""
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    monkeypatch.delenv("LOG_ERROR_TEXT", raising=False)
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def lines(capsys: Capture) -> list[Json]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def events_of(capsys: Capture) -> list[str]:
    return [line["event"] for line in lines(capsys)]


def test_records_that_are_refused_alike_have_one_line_together(capsys: Capture) -> None:
    """The first of a thousand refused records has a line, and all have one with their number and the first 20 IDs."""
    event = batch(*(insert(number, f"key-{number}", total="many") for number in range(1000)))
    dispatcher(Handled(), parking=MemoryParking())(event, Context())
    first, together = [line for line in lines(capsys) if line["level"] == "warning"]
    assert (first["event"], first["sequence_number"], first["faults"]) == ("record parked", "0", ["total: int_parsing"])
    del together["timestamp"]
    assert together == {
        "event": "records parked",
        "level": "warning",
        "request_id": "req-1",
        "route": "tests.builders.Handled",
        "entity": "Order",
        "stage": "validate",
        "error": "ValidationError",
        "count": 1000,
        "event_ids": [f"e{number}" for number in range(20)],
        "sequence_numbers": [str(number) for number in range(20)],
        "faults": ["total: int_parsing"],
    }


def test_three_refused_records_of_many_are_all_named(capsys: Capture) -> None:
    """Every record of a few that are refused can be found, with the places of all of them."""
    totals: dict[int, Any] = {3: "many", 5: {"NULL": True}, 8: "few"}
    event = batch(*(insert(number, f"key-{number}", total=totals.get(number, 1)) for number in range(20)))
    dispatcher(Handled(), parking=MemoryParking())(event)
    (line,) = [line for line in lines(capsys) if line["event"] == "records parked"]
    assert (line["count"], line["sequence_numbers"]) == (3, ["3", "5", "8"])
    assert line["faults"] == ["total: int_parsing", "total: int_type"]


def test_a_single_refused_record_has_one_line(capsys: Capture) -> None:
    """There is no second line of one record."""
    dispatcher(Handled(), parking=MemoryParking())(batch(insert(1), insert(2, total="many"), insert(3)))
    assert events_of(capsys) == ["batch received", "record parked"]


def test_other_stages_and_routes_have_other_lines(capsys: Capture) -> None:
    """Records are counted together only if they were refused at the same stage of the same route."""
    routes = Routes()
    routes.on(Order)(Handled())

    @routes.on(Customer)
    def greet(change: Change[Customer]) -> None: ...

    records = [
        *(insert(number, total="many") for number in (1, 2)),
        *(insert(number, total={"N": "many"}) for number in (3, 4)),
        *(insert(number, entity="Customer", name={"NULL": True}) for number in (5, 6, 7)),
    ]
    Dispatcher(routes, parking=MemoryParking())(batch(*records))
    together = [line for line in lines(capsys) if line["event"] == "records parked"]
    assert [(line["entity"], line["stage"], line["count"]) for line in together] == [
        ("Order", "validate", 2),
        ("Order", "decode", 2),
        ("Customer", "validate", 3),
    ]
    assert together[1]["reasons"][0].startswith("attribute 'total' of NewImage")


def test_what_a_handler_raises_has_a_line_for_each_record(capsys: Capture) -> None:
    """Lines of code differ from record to record, and each is what a developer looks for."""
    app = dispatcher(Handled({1: Reject("no"), 2: Reject("no")}), parking=MemoryParking())
    app(inserts(1, 2))
    assert events_of(capsys) == ["batch received", "record parked", "record parked"]


def test_records_without_a_route_that_are_parked_are_counted(capsys: Capture) -> None:
    """The line of records without a route names no entity, which is data."""
    event = batch(*(insert(number, entity=f"secret-{number}") for number in range(3)))
    dispatcher(Handled(), unrouted="park", parking=MemoryParking())(event)
    (line,) = [line for line in lines(capsys) if line["event"] == "records parked"]
    assert (line["count"], line["error"], "entity" in line, "route" in line) == (3, "UnroutedError", False, False)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_refused_records_are_counted_when_the_invocation_is_ended(concurrency: int, capsys: Capture) -> None:
    """What ends the process does not keep the line from being written."""

    def handler(change: Change[Order]) -> None:
        raise KeyboardInterrupt

    event = batch(insert(1, "a", total="many"), insert(2, "a", total="few"), insert(3, "a"))
    with pytest.raises(KeyboardInterrupt):
        dispatcher(handler, parking=MemoryParking(), concurrency=concurrency)(event)
    assert events_of(capsys) == ["batch received", "record parked", "records parked"]


@pytest.mark.parametrize("value", ["s3cret", {"N": "s3cret"}, {"M": {"s3cret": {"S": "s3cret"}}}, {"s3cret": {}}])
def test_no_value_reaches_the_line_of_several_records(value: Any, capsys: Capture) -> None:
    """The line of several records shows places and kinds, as that of one does."""
    dispatcher(Handled(), parking=MemoryParking())(
        batch(*(insert(number, "s3cret", total=value) for number in range(3)))
    )
    written = capsys.readouterr().out
    assert '"event": "records parked"' in written
    assert "s3cret" not in written


def test_the_switch_for_texts_is_read_at_each_invocation(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container whose environment changes writes texts of errors from its next invocation on."""
    app, event = dispatcher(Handled(), parking=MemoryParking()), batch(insert(1, total="many"))
    app(event)
    assert "reason" not in lines(capsys)[1]
    monkeypatch.setenv("LOG_ERROR_TEXT", "1")
    app(event)
    assert "reason" in lines(capsys)[1]
