"""Keys that ElectroDB made name their entity, or nothing.

``tests/libraries/electrodb_keys.js`` made ``electrodb_keys.json`` with ElectroDB's own code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Change, Dispatcher, Event, RegistrationError, Routes
from router.discriminator_rules import among, undecided
from router.discriminators import ELECTRODB, Discriminator, chain, electrodb_key, folded

MADE = json.loads(Path(__file__).with_name("libraries").joinpath("electrodb_keys.json").read_text())["rows"]
NAMES = list({row["entity"].casefold(): row["entity"] for row in MADE}.values())
LABELS = ["team", "line", "note", "id"]

UNREADABLE = {
    "service my#shop": "a # ends the service",
    "version beta": "only a version with a number distinguishes an entity from a collection",
    "version 1_0": "order_1 of version 0 has the same key",
    "version ": "there is none",
    "version 1#2": None,
    "a collection like an entity": "order_1 may be the entity",
    "scope of a number": "order_1 of version 77 has the same key",
    "sort key of a template": "the user made it",
    "both keys of templates": "the user made them",
}
"""What makes a key unreadable, and why; ``None`` where the key is readable."""


def wire(texts: dict[str, str]) -> dict[str, Any]:
    return {name: {"S": text} for name, text in texts.items()}


def rule(*entities: str) -> Discriminator:
    """The preset of a Dispatcher with routes of these entities."""
    return among(ELECTRODB, entities)


def case(row: dict[str, Any]) -> str:
    return f"{row['entity']} {row['how']}"


def test_there_are_keys_of_every_layout() -> None:
    """The tests below need them."""
    assert len(MADE) == 261


@pytest.mark.parametrize("row", MADE, ids=case)
def test_an_image_names_its_entity(row: dict[str, Any]) -> None:
    """The attribute decides, not the key."""
    preset = rule(row["entity"], *LABELS) if "__edb_e__" in row["named"] else among(chain("__e__"), [row["entity"]])
    assert preset.read(wire({**row["keys"], **row["named"]})) == row["entity"]


@pytest.mark.parametrize("row", MADE, ids=case)
def test_a_key_names_its_entity(row: dict[str, Any]) -> None:
    """It does if no other entity that it could name has a route."""
    read = rule(row["entity"], "Invoice", "in", "work").read(wire(row["keys"]))
    assert read == (None if UNREADABLE.get(row["how"]) else row["entity"])


@pytest.mark.parametrize("row", MADE, ids=case)
def test_a_key_never_names_another_entity_with_a_route(row: dict[str, Any]) -> None:
    """With routes of all entities, even of those whose names are labels, it names its own or nothing."""
    others = [name for name in (*NAMES, *LABELS) if name.casefold() != row["entity"].casefold()]
    assert rule(row["entity"], *others).read(wire(row["keys"])) in (row["entity"], None)


@pytest.mark.parametrize(
    "row", [row for row in MADE if "collection" not in row["how"] and row["how"] not in UNREADABLE], ids=case
)
def test_a_key_without_a_collection_names_no_other_entity(row: dict[str, Any]) -> None:
    """An entity without a route reaches no handler because one of its labels has the name of a route's entity."""
    others = [name for name in (*NAMES, *LABELS) if name.casefold() != row["entity"].casefold()]
    assert rule(*others).read(wire(row["keys"])) is None


@pytest.mark.parametrize(
    ("sort_key", "entities", "entity"),
    [
        # The collection team_work is no team of version "work".
        ("$team_work#tasks_1#id_7", ["team"], None),
        ("$team_work#tasks_1#id_7", ["team", "tasks"], "tasks"),
        # The version of an order and the number of a team are in the same place.
        ("$order_1#team_5", ["order"], "order"),
        ("$order_1#team_5", ["team"], None),
        ("$order_1#team_5", ["order", "team"], None),
        ("$order_1#team_north", ["order", "team"], "order"),
        # So are the version "beta" and the rest of a collection's name.
        ("$order_beta#team_5", ["order", "team"], None),
        ("$order_beta#team_1", ["order", "team"], "team"),
        ("$work#order_1#team_5", ["order"], "order"),
        ("$work#order_1#team_5", ["team"], None),
        ("$work#order_1#team_5", ["order", "team"], None),
        ("$work#team_5#order_1", ["order"], "order"),
        ("$work#team_5#order_1", ["team"], None),
        ("$work#team_5#id_3#order_1", ["team"], None),
        ("$work#id_3#team_5#order_1", ["team"], None),
        # An underscore belongs to the name.
        ("$order_item_1#line_7", ["order"], None),
        ("$order_item_1#line_7", ["order", "order_item"], "order_item"),
        ("$order_2_1", ["order"], None),
        # A name may contain the separators.
        ("$a#b_1", ["a#b"], "a#b"),
        ("$a#b_1", ["a#b", "b"], None),
        ("#line_3$a$b_1", ["a$b"], "a$b"),
        ("#line_3$a$b_1", ["a$b", "b"], None),
        # Case does not matter; the route's name is read, unless two names differ only in case.
        ("$ORDERITEM_1#LINE_7", ["OrderItem"], "OrderItem"),
        ("$order_1", ["Order", "ORDER"], None),
        # Keys that ElectroDB does not make.
        ("order_1", ["order"], None),
        ("$", ["order"], None),
        ("#", ["order"], None),
        ("$order", ["order"], None),
        ("$_1", ["order"], None),
        ("$order_", ["order"], None),
        ("#order_1", ["order"], None),
    ],
)
def test_registered_entities_decide(sort_key: str, entities: list[str], entity: str | None) -> None:
    """Of all names that a key can hold, the only one with a route is read."""
    assert rule(*entities).read(wire({"pk": "$shop#id_7", "sk": sort_key})) == entity


@pytest.mark.parametrize(
    ("keys", "entity"),
    [
        ({"pk": "$shop$order_1#id_7"}, "order"),
        ({"pk": "$shop$order_1_eu#id_7"}, "order"),
        ({"pk": "$shop#id_x$order_1"}, None),  # a value of a table whose sort key has another name
        ({"pk": "$shop$order_1#id_7", "sk": "line_3"}, None),  # a sort key of a template
        ({"pk": "$shop$order_2_1_eu#id_7"}, None),  # the entity order_2
        ({"pk": "order_1"}, None),
        ({"id": "$shop$order_1#id_7"}, None),
    ],
)
def test_partition_key(keys: dict[str, str], entity: str | None) -> None:
    """It names the entity of a table without a sort key, after the service."""
    assert rule("order").read(wire(keys)) == entity


def test_a_sort_key_that_is_no_text() -> None:
    """A table with any sort key has no entity in its partition key."""
    assert rule("order").read({"pk": {"S": "$shop$order_1#id_7"}, "sk": {"N": "1"}}) is None


@pytest.mark.parametrize(
    ("sort_key", "entity"),
    [("$order_1#line_3", "order"), ("$work#order_1", "order"), ("#line_3$order_1", "order"), ("$a#b_1#c_2", None)],
)
def test_without_a_dispatcher(sort_key: str, entity: str | None) -> None:
    """A rule that knows no entities reads the only name that a key can hold."""
    assert ELECTRODB.read(wire({"pk": "$shop#id_7", "sk": sort_key})) == entity


def test_other_names() -> None:
    """Keys and identifiers may have other names; case may matter."""
    renamed = among(folded(chain("__e__", electrodb_key("PK", "SK"))), ["Order"])
    assert renamed.read(wire({"PK": "$shop#id_7", "SK": "$order_1"})) == "Order"
    assert renamed.read(wire({"pk": "$shop#id_7", "sk": "$order_1"})) is None
    assert renamed.read(wire({"PK": "$shop#id_7", "SK": "$order_1", "__e__": "Customer"})) == "Customer"


@pytest.mark.parametrize(("names", "found"), [(("", "sk"), "partition_key"), (("pk", ""), "sort_key")])
def test_an_empty_name_is_refused(names: tuple[str, str], found: str) -> None:
    """The message names the parameter."""
    with pytest.raises(RegistrationError, match=rf"electrodb_key\(\) found an empty string as {found}"):
        electrodb_key(*names)


def test_a_rule_of_a_dispatcher_equals_the_preset() -> None:
    """It prints as the preset does, without the names of entities."""
    assert rule("order") == ELECTRODB
    assert repr(rule("order")) == "folded(chain(attribute('__edb_e__'), electrodb_key('pk', 'sk')))"


def test_undecided() -> None:
    """The entities of routes that a key may name are known, so that a message can name them."""
    keys = wire({"pk": "$shop#id_7", "sk": "$order_1#team_5"})
    assert undecided(rule("order", "team"), keys) == ("order", "team")
    assert undecided(rule("order"), keys) == ()
    assert undecided(chain("type"), keys) == ()


@given(st.text("$#_1v.-aB", max_size=24), st.text("$#_1v.-aB", max_size=24), st.booleans())
def test_any_key_names_an_entity_with_a_route_or_none(partition_key: str, sort_key: str, sorts: bool) -> None:
    """And none that is not in it."""
    keys = {"pk": partition_key, "sk": sort_key} if sorts else {"pk": partition_key}
    name = rule("a", "aB", "a_B", "a#a", "$a").read(wire(keys))
    assert name is None or f"{name}_".casefold() in (sort_key if sorts else partition_key).casefold()


def keys_only(sort_key: str, number: int) -> dict[str, Any]:
    keys = wire({"pk": "$shop#id_7", "sk": sort_key})
    body = {"Keys": keys, "SequenceNumber": str(number), "StreamViewType": "KEYS_ONLY"}
    return {"eventID": str(number), "eventName": "REMOVE", "eventSource": "aws:dynamodb", "dynamodb": body}


def test_records_with_keys_only() -> None:
    """A Dispatcher routes each record to its entity's handler or to none, and explains what is ambiguous."""
    routes, reached = Routes(), []

    @routes.on(None, Event.REMOVE, entity="team")
    def team(change: Change[None]) -> None:
        reached.append("team")

    @routes.on(None, Event.REMOVE, entity="tasks")
    def tasks(change: Change[None]) -> None:
        reached.append("tasks")

    app = Dispatcher(routes, discriminator=ELECTRODB, view="KEYS_ONLY")
    records = [keys_only(text, 100 + n) for n, text in enumerate(["$team_work#tasks_1#id_7", "$tasks_1#team_5"])]
    outcomes = app.dispatch({"Records": records}).outcomes
    assert reached == ["tasks"]
    assert [(outcome.status, outcome.record.entity) for outcome in outcomes] == [("done", "tasks"), ("unrouted", None)]
    assert "no entity (its key may name 'tasks' or 'team')" in str(app.explain(records[1]))
