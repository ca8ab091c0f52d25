"""``router.local.lint.rules.effects``: the tables of effects."""

import os
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from router import Change, Depends, Dispatcher, Routes
from router.effects import Aggregate, Cascade, MemoryTables, Once, View
from tests.local.lint.deployments import POLICY, Check, Order, ids

TABLE = """
  Pages:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
"""
VARIABLE = ("{ORDERS: !Ref Orders}", "{ORDERS: !Ref Orders, PAGES: !Ref Pages}")
EXPIRY = "      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}\n"


def allowed(*actions: str, resource: str = "!GetAtt Pages.Arn") -> tuple[str, str]:
    names = ", ".join(f"'dynamodb:{action}'" for action in actions)
    return POLICY, f"Statement: [{{Effect: Allow, Action: [{names}], Resource: {resource}}}]"


def using(effect: Any) -> Dispatcher:
    """An app whose handler names an effect that is there."""
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        effect.put(change, {"pk": "1"}, None)

    return Dispatcher(routes)


def injected(factory: Callable[..., Any]) -> Dispatcher:
    """An app whose handler is given what a factory makes."""
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order], pages: Annotated[Any, Depends(factory, scope="cold_start")]) -> None: ...

    return Dispatcher(routes)


def total(**options: Any) -> Aggregate[Order]:
    return Aggregate("Pages", "orders", by=lambda order: {"pk": order.pk}, count="orders", **options)


@pytest.mark.parametrize(
    ("effect", "actions"),
    [
        (View("Pages"), ["PutItem"]),
        (View("Pages", groups={"order": ["total"]}), ["UpdateItem"]),
        (Once("Pages"), ["PutItem"]),
        (total(), ["UpdateItem", "PutItem"]),
        (Cascade("Pages"), ["Query", "DeleteItem"]),
        (Cascade("Pages"), ["Query", "UpdateItem"]),
    ],
)
def test_each_action_is_needed(effect: Any, actions: list[str], check: Check) -> None:
    """The role may do what the effect does, or the finding says what it may not."""
    assert check(allowed(*actions), app=using(effect), more=TABLE) == []
    for action in actions:
        found = check(allowed("GetItem", *{*actions} - {action}), app=using(effect), more=TABLE)
        assert ids(found) == ["effect-not-allowed"]
        assert f"dynamodb:{action}" in found[0].why


def test_an_index_is_a_resource_of_its_own(check: Check) -> None:
    """The role needs the query there, not on the table."""
    app = using(Cascade("Pages", index="by-parent"))
    assert ids(check(allowed("Query", "DeleteItem"), app=app, more=TABLE)) == ["effect-not-allowed"]
    both = '[!GetAtt Pages.Arn, !Sub "${Pages.Arn}/index/*"]'
    assert check(allowed("Query", "DeleteItem", resource=both), app=app, more=TABLE) == []


@pytest.mark.parametrize("effect", [View("Pages"), Once("Pages"), total()])
def test_markers_and_tombstones_expire(effect: Any, check: Check) -> None:
    """The table has time to live on the attribute of the effect."""
    role = allowed("PutItem", "UpdateItem")
    assert ids(check(role, app=using(effect), more=TABLE.replace(EXPIRY, ""))) == ["effect-never-expires"]
    (found,) = check(role, app=using(effect), more=TABLE.replace("expires_at", "ttl"))
    assert (found.rule, "its time to live on ttl" in found.why) == ("effect-never-expires", True)
    assert "  AttributeName: expires_at" in found.instead


def test_markers_of_another_table(check: Check) -> None:
    """The totals need no time to live where the markers are elsewhere."""
    role = allowed("UpdateItem")
    app = using(total(markers="Elsewhere"))
    assert check(role, app=app, more=TABLE.replace(EXPIRY, "")) == []


@pytest.mark.parametrize("effect", [View("Elsewhere"), View("Pages", client=MemoryTables()), Cascade("Elsewhere")])
def test_nothing_is_said_of_other_tables_and_clients(effect: Any, check: Check) -> None:
    """A table of another template, and a client that may have other credentials, are not judged."""
    assert check(app=using(effect), more=TABLE.replace(EXPIRY, "")) == []


def _setting(name: str) -> str | None:
    return os.environ.get(name)


def get_pages() -> View:
    table = _setting("PAGES")
    return View(table) if table else View("Pages", client=MemoryTables())


calls: list[str] = []


class Stock:
    """What has an effect."""

    def __init__(self, once: Once) -> None:
        self.once = once


def get_stock() -> Stock:
    calls.append("get_stock")
    return Stock(Once(os.environ["PAGES"], expiry_attribute="ttl"))


@pytest.mark.parametrize("factory", [get_pages, get_stock])
def test_a_factory_is_read_and_not_called(factory: Callable[..., Any], check: Check) -> None:
    """It names one variable with a table of the template, so the effect is on that."""
    assert ids(check(VARIABLE, app=injected(factory), more=TABLE))[0] == "effect-not-allowed"
    more = TABLE.replace("expires_at", "ttl") if factory is get_stock else TABLE
    assert check(VARIABLE, allowed("PutItem"), app=injected(factory), more=more) == []
    assert calls == []


def get_one_of_two() -> View:
    return View(os.environ["PAGES"] if os.environ.get("NEW") else os.environ["ORDERS"])


def get_with_a_client() -> View:
    return View(os.environ["PAGES"], client=MemoryTables())


def get_with_an_unknown_option() -> View:
    return View(os.environ["PAGES"], expiry_attribute=os.environ["EXPIRY"])


def get_of_a_logical_id() -> View:
    return View("Pages")


@pytest.mark.parametrize(
    "factory",
    [get_one_of_two, get_with_a_client, get_with_an_unknown_option, get_of_a_logical_id, lambda: None],
)
def test_what_is_not_certain_is_not_reported(factory: Callable[..., Any], check: Check) -> None:
    """Two tables, a client of its own, an option that is no literal, a name that no table has."""
    assert check(VARIABLE, app=injected(factory), more=TABLE.replace(EXPIRY, "")) == []


def test_a_literal_is_the_name_of_a_table_that_has_one(check: Check) -> None:
    """The table is named in the template as in the code."""
    more = TABLE.replace("    Properties:\n", "    Properties:\n      TableName: Pages\n")
    assert ids(check(app=injected(get_of_a_logical_id), more=more)) == ["effect-not-allowed"]
