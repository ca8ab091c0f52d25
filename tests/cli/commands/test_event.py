"""``router event``: events that are made from models, and what the app does with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from router import Dispatcher
from router.cli.app_loader import load_app
from tests.cli.conftest import Run

APP = """
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal
from pydantic import BaseModel, Field, field_validator
from router import Change, Dispatcher, Modify, Routes, changed, discriminators

class Colour(Enum):
    RED = "red"
    BLUE = "blue"

class Card(BaseModel):
    kind: Literal["card"] = "card"
    digits: Annotated[str, Field(pattern=r"^[0-9]{4}$")]

class Bank(BaseModel):
    kind: Literal["bank"] = "bank"
    iban: Annotated[str, Field(min_length=15)]

class Line(BaseModel):
    sku: str
    quantity: Annotated[int, Field(gt=0)]

class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    order_id: Annotated[str, Field(max_length=4)]
    status: Literal["PLACED", "SHIPPED"]
    colour: Colour
    total: Annotated[Decimal, Field(gt=10, lt=11)]
    placed_at: datetime
    pay: Annotated[Card | Bank, Field(discriminator="kind")]
    lines: Annotated[list[Line], Field(min_length=1)]
    tags: set[str]
    icon: bytes
    note: str | None = None

class Even(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def check(cls, number: int) -> int:
        if number % 2:
            raise ValueError
        return number

routes = Routes()

@routes.on(Order)
def audit(change: Change[Order]) -> None: ...

@routes.on_modify(Order, changed("status", to="SHIPPED"))
def ship(change: Modify[Order]) -> None: ...

@routes.on(Even)
def count(change: Change[Even]) -> None: ...

app = Dispatcher(routes)
keyed = Dispatcher(routes, discriminator=discriminators.prefix("pk"))
"""
Event = Callable[..., Any]


@pytest.fixture
def event(folder: Path, run: Run) -> Event:
    """Run the command; the event that it prints."""
    (folder / "models_app.py").write_text(APP, encoding="utf-8")

    def made(*argv: str, app: str = "models_app:app") -> Any:
        ended = run("event", *argv, app=app)
        assert (ended.code, ended.err) == (0, "")
        return json.loads(ended.out)

    return made


@pytest.fixture
def wrong(event: Event, run: Run) -> Callable[..., str]:
    """Run a wrong command line: its one line."""

    def refused(*argv: str, app: str = "models_app:app") -> str:
        ended = run("event", *argv, app=app)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        return ended.err

    return refused


def statuses(event: Any, app: str = "models_app:app") -> list[tuple[str, str | None]]:
    """The outcomes of an event in the app."""
    loaded: Dispatcher = load_app(app)
    return [(outcome.status, outcome.route.name if outcome.route else None) for outcome in loaded.dispatch(event)]


def image(event: Any, name: str = "NewImage") -> Any:
    return event["Records"][0]["dynamodb"][name]


def test_an_item_has_readable_values_that_its_model_takes(event: Event) -> None:
    """Constraints, enums, nested models and unions included."""
    made = event("Order", "--key", "order_id")
    assert image(made) == {
        "EntityType": {"S": "Order"},
        "order_id": {"S": "ord1"},
        "status": {"S": "PLACED"},
        "colour": {"S": "red"},
        "total": {"N": "10.5"},
        "placed_at": {"S": "2026-01-01T00:00:00Z"},
        "pay": {"M": {"kind": {"S": "card"}, "digits": {"S": "0000"}}},
        "lines": {"L": [{"M": {"sku": {"S": "sku-1"}, "quantity": {"N": "1"}}}]},
        "tags": {"SS": ["tags-1"]},
        "icon": {"B": "aWNvbi0x"},
        "note": {"NULL": True},
    }
    assert statuses(made) == [("done", "models_app.audit")]


def test_the_same_command_line_prints_the_same_event(event: Event) -> None:
    """A file in tests/events changes only when the model does."""
    assert event("Order", "--count", "2") == event("Order", "--count", "2")


def test_a_modification_has_another_value_before(event: Event) -> None:
    """So that the condition on the change holds."""
    made = event("Order", "--modify", "--set", "status=SHIPPED")
    assert image(made, "OldImage")["status"] == {"S": "PLACED"}
    assert statuses(made) == [("done", "models_app.audit"), ("done", "models_app.ship")]


def test_a_modification_keeps_a_key_that_is_given(event: Event) -> None:
    """Also where the key is guessed."""
    made = event("Order", "--modify", "--set", "order_id=7", "--set", "status=SHIPPED")
    assert image(made, "OldImage")["order_id"] == image(made)["order_id"] == {"S": "7"}


def test_values_are_read_as_the_types_of_the_fields(event: Event) -> None:
    """With paths, and a whole nested model as JSON."""
    made = event(
        "Order",
        *("--set", "total=10.70", "--set", "colour=blue", "--set", "order_id=7", "--set", "note=null"),
        *("--set", "lines.1.quantity=3", "--set", 'pay={"kind": "bank", "iban": "DE00 0000 0000 0000"}'),
        *("--set", "placed_at=2026-02-03T04:05:06Z"),
    )
    found = image(made)
    assert [found[name] for name in ("total", "colour", "order_id", "placed_at")] == [
        {"N": "10.7"},
        {"S": "blue"},
        {"S": "7"},
        {"S": "2026-02-03T04:05:06Z"},
    ]
    assert [line["M"]["quantity"] for line in found["lines"]["L"]] == [{"N": "1"}, {"N": "3"}]
    assert found["pay"]["M"]["iban"] == {"S": "DE00 0000 0000 0000"}


@pytest.mark.parametrize(
    ("kind", "name", "identity"),
    [("--insert", "INSERT", False), ("--remove", "REMOVE", False), ("--expire", "REMOVE", True)],
)
def test_the_kind_of_the_change(event: Event, kind: str, name: str, identity: bool) -> None:
    """An expiry has DynamoDB's identity."""
    (record,) = event("Order", kind)["Records"]
    assert (record["eventName"], "userIdentity" in record) == (name, identity)


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("KEYS_ONLY", set()),
    ],
)
def test_the_view_decides_the_images(event: Event, view: str, images: set[str]) -> None:
    """As the table's stream does."""
    (record,) = event("Order", "--modify", "--set", "status=SHIPPED", "--view", view)["Records"]
    assert record["dynamodb"].keys() & {"NewImage", "OldImage"} == images


@pytest.mark.parametrize("source", ["dynamodb-streams", "kinesis", "sqs", "sqs-fifo", "pipes", "failure-document"])
def test_the_app_takes_the_event_of_each_source(event: Event, source: str) -> None:
    """Both records of it."""
    made = event("Order", "--source", source, "--count", "2")
    assert [status for status, _ in statuses(made)] == ["done", "done"]


def test_records_of_one_event_are_of_different_items(event: Event) -> None:
    """Their sequence numbers rise."""
    first, second = event("Order", "--count", "2", "--key", "order_id")["Records"]
    assert first["dynamodb"]["Keys"] != second["dynamodb"]["Keys"]
    assert int(first["dynamodb"]["SequenceNumber"]) < int(second["dynamodb"]["SequenceNumber"])


def test_random_items_are_those_of_the_seed(event: Event) -> None:
    """And --set holds for all of them."""
    argv = ("Order", "--count", "3", "--set", "status=SHIPPED", "--random")
    assert event(*argv, "7") == event(*argv, "7") != event(*argv, "8")
    made = event(*argv, "7")
    assert {record["dynamodb"]["NewImage"]["status"]["S"] for record in made["Records"]} == {"SHIPPED"}
    assert [status for status, _ in statuses(made)] == ["done"] * 3


def test_an_attribute_can_be_left_out(event: Event) -> None:
    """Also a required one, for a test of a malformed item."""
    made = event("Order", "--modify", "--unset", "colour")
    assert ("colour" in image(made), "colour" in image(made, "OldImage")) == (False, True)


def test_a_key_names_the_entity_where_the_discriminator_reads_it_there(event: Event) -> None:
    """The model has no such attribute."""
    made = event("Order", app="models_app:keyed")
    assert image(made)["pk"] == {"S": "Order#1"}
    assert statuses(made, "models_app:keyed") == [("done", "models_app.audit")]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("Ordr",), "found no entity 'Ordr' in the app; did you mean Order?"),
        (("Order", "--set", "stauts=PLACED"), "--set stauts, which is no attribute of Order; did you mean status?"),
        (
            ("Order", "--set", "zzz=1"),
            "there are EntityType, order_id, status, colour, total, placed_at, pay, lines, tags, icon, note\n",
        ),
        (("Order", "--set", "lines.0.skuu=1"), "--set skuu, which is no attribute of Line; did you mean sku?"),
        (("Order", "--set", "status=GONE"), "--set status with a value that does not fit: input should be 'PLACED' or"),
        (("Order", "--set", "total=9"), "--set total with a value that does not fit: input should be greater than 10"),
        (("Order", "--set", "lines=[{}]"), "--set lines in 0 with a value that does not fit: field required"),
        (("Order", "--set", "status"), "found --set 'status', expected NAME=VALUE"),
        (("Order", "--modify"), "found --modify without a change, expected --set NAME=VALUE or --unset NAME"),
        (("Order", "--modify", "--set", "order_id=8", "--old", "order_id=7"), "found a change of the key order_id"),
        (("Order", "--modify", "--set", "note=a", "--old", "note=a"), "found the same item before and after"),
        (("Order", "--modify", "--remove"), "found --modify and --remove, expected one of them"),
        (("Order", "--old", "note=a"), "found --old with --insert, expected --modify"),
        (("Order", "--unset", "nte"), "found --unset nte, which is no attribute of Order; did you mean note?"),
        (("Even",), "values of Even that its model refuses (number: value_error), expected valid ones; give them"),
    ],
)
def test_a_wrong_command_line_is_one_line(wrong: Callable[..., str], argv: tuple[str, ...], message: str) -> None:
    """With exit code 2, and the way to correct it."""
    assert message in wrong(*argv)
