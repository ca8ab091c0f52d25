"""``router.local.lint.rules.images``: the table, its stream and its time to live."""

from typing import Any

import pytest

from router import (
    Dispatcher,
    Insert,
    Remove,
    Routes,
    discriminators,
)
from tests.local.lint.deployments import TTL, VIEW, Check, Order, ids, line_of


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        (VIEW, "BillingMode: PAY_PER_REQUEST", "no-stream", "Orders:"),
        (VIEW, VIEW.replace("NEW_AND_OLD_IMAGES", "NEW_IMAGE"), "image-missing", "StreamSpecification: {"),
        (TTL, "", "ttl-off", "Orders:"),
        (TTL, TTL.replace("true", "false"), "ttl-off", "TimeToLiveSpecification: {"),
    ],
)
def test_a_wrong_setting_is_the_only_finding(check: Check, old: str, new: str, rule: str, line: str) -> None:
    """At the line of the setting, or of the mapping, function or table that lacks it."""
    findings = check((old, new))
    assert ids(findings) == [rule]
    assert line_of(findings[0]).startswith(line)


def test_another_view_with_all_needed_images_is_a_note(check: Check) -> None:
    """No record fails, but the app checks handlers against another view."""
    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None: ...

    narrow = (VIEW, VIEW.replace("NEW_AND_OLD_IMAGES", "NEW_IMAGE"))
    (found,) = check(narrow, app=Dispatcher(routes))
    assert (found.rule, found.severity, found.instead) == (
        "view-differs",
        "note",
        "Dispatcher(..., view='NEW_IMAGE')",
    )
    assert check(narrow, app=Dispatcher(routes, view="NEW_IMAGE")) == []


def test_records_with_keys_only_need_a_discriminator_that_reads_keys(check: Check) -> None:
    """The attribute that names the entity is no key."""
    routes = Routes()

    @routes.on_remove(None, entity="Order")
    def gone(change: Remove[None]) -> None: ...

    narrow = (VIEW, VIEW.replace("NEW_AND_OLD_IMAGES", "NEW_IMAGE"))
    (found,) = check(narrow, app=Dispatcher(routes, view="NEW_IMAGE"))
    assert found.rule == "entity-unreadable"
    assert "records of REMOVE hold keys only" in found.why
    by_key = Dispatcher(routes, view="NEW_IMAGE", discriminator=discriminators.prefix("pk"))
    assert check(narrow, app=by_key) == []
    by_chain = Dispatcher(routes, view="NEW_IMAGE", discriminator=discriminators.AWS_SAMPLES)
    (found,) = check(narrow, app=by_chain)
    assert "none of EntityType, entityType, entity_type, type, itemType is a key" in found.why
    readable: list[Any] = [discriminators.ELECTRODB, lambda image: "Order"]
    for rule in readable:
        assert check(narrow, app=Dispatcher(routes, view="NEW_IMAGE", discriminator=rule)) == []
    renamed = discriminators.chain("__edb_e__", discriminators.electrodb_key("PK", "SK"))
    assert ids(check(narrow, app=Dispatcher(routes, view="NEW_IMAGE", discriminator=renamed))) == ["entity-unreadable"]


def test_a_handler_of_all_removals_needs_no_ttl(check: Check) -> None:
    """Only a handler of expiries alone never runs."""
    routes = Routes()

    @routes.on_remove(Order)
    def gone(change: Remove[Order]) -> None: ...

    assert check((TTL, ""), app=Dispatcher(routes)) == []


@pytest.mark.parametrize("view", ["text", "[1]", "!Sub []", "!Ref [1]", "!GetAtt 5"])
def test_an_invalid_stream_specification_breaks_no_rule(check: Check, view: str) -> None:
    """Other linters report it."""
    assert set(ids(check((VIEW, f"StreamSpecification: {view}"), (TTL, "")))) <= {"not-judged", "no-stream", "ttl-off"}
