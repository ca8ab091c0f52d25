"""``router.local.lint.rules.loops``: handlers whose writes invoke them again."""

from typing import Any

import pytest

from router import (
    Change,
    Dispatcher,
    Modify,
    Routes,
    changed,
)
from tests.local.lint.deployments import POLICY, VIEW, Check, Order, line_of

OWN_TABLE = "ORDERS"


class OwnTable:
    def save(self) -> str:
        return OWN_TABLE


def get_own_table() -> OwnTable:
    return OwnTable()


def writing(**options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on_modify(Order, **options)
    def count(change: Modify[Order]) -> None:
        get_own_table()

    @routes.on(Order)
    def show(change: Change[Order]) -> None: ...

    return Dispatcher(routes)


@pytest.mark.parametrize("policy", ["DynamoDBCrudPolicy", "DynamoDBWritePolicy"])
def test_a_handler_that_names_its_own_table_is_reported(check: Check, policy: str) -> None:
    """At the handler's line, by the environment variable; routes without the name are not suspected then."""
    (found,) = check((POLICY, policy + ": {TableName: !Ref Orders}"), app=writing())
    assert found.rule == "writes-own-table"
    assert found.place.startswith(__file__)
    assert found.instead == 'on_modify(Order, changed("what_it_does_not_write"))'


def test_a_condition_ends_the_loop(check: Check) -> None:
    """The handler's own write does not meet it."""
    routes = Routes()

    @routes.on_modify(Order, changed("status"))
    def count(change: Modify[Order]) -> None:
        get_own_table()

    @routes.on(Order)
    def show(change: Change[Order]) -> None: ...

    assert check((POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}"), app=Dispatcher(routes)) == []


def test_without_the_permission_to_write_there_is_no_loop(check: Check) -> None:
    """The role allows reading only."""
    assert check(app=writing()) == []


def test_stamped_writes_end_the_loop(check: Check) -> None:
    """The app skips the records of its own writes."""
    app = Dispatcher(writing().routes, skip_own_writes=True)
    assert check((POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}"), app=app) == []


@pytest.mark.parametrize(
    ("view", "options", "lacking"),
    [
        ("NEW_IMAGE", {"skip_own_writes": True}, "skip_own_writes"),
        ("OLD_IMAGE", {"skip_own_writes": "indexer"}, "skip_own_writes"),
        ("NEW_IMAGE", {"skip_replicated": True}, "skip_replicated"),
        ("KEYS_ONLY", {"skip_replicated": "writtenIn", "skip_own_writes": True}, "skip_own_writes and skip_replicated"),
        ("NEW_IMAGE", {"skip_replicated": "writtenIn"}, ""),
        ("NEW_AND_OLD_IMAGES", {"skip_replicated": True, "skip_own_writes": True}, ""),
    ],
)
def test_the_stream_has_the_images_of_a_guard(check: Check, view: str, options: dict[str, Any], lacking: str) -> None:
    """Without them no record is skipped."""
    routes = Routes()

    @routes.fallback
    def other(change: Change[dict[str, Any]]) -> None: ...

    found = [
        each
        for each in check((VIEW, VIEW.replace("NEW_AND_OLD_IMAGES", view)), app=Dispatcher(routes, **options))
        if each.rule == "guard-without-images"
    ]
    assert [f"and {lacking} of the app" in each.why for each in found] == [True] * bool(lacking)


def test_all_handlers_are_suspected_if_none_names_the_table(check: Check) -> None:
    """The finding is at the role's line."""
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order]) -> None: ...

    @routes.fallback
    def other(change: Change[dict[str, Any]]) -> None: ...

    (found,) = check((POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}"), app=Dispatcher(routes))
    assert line_of(found) == "Policies:"
    assert "on(Order) of" in found.why
    assert "fallback of" in found.why


def test_a_handler_of_inserts_makes_no_loop(check: Check) -> None:
    """A write to the same item is a MODIFY."""
    assert check((POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}")) == []
