"""``router.local.lint.rules.images``: the table, its stream and its time to live."""

from typing import Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from router import (
    Change,
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


class Plain(BaseModel):
    pk: str


class Near(BaseModel):
    pk: str
    expire_at: int


class Aliased(BaseModel):
    pk: str
    until: int | None = Field(None, alias="expires_at")


class Choosing(BaseModel):
    pk: str
    until: int | None = Field(None, validation_alias=AliasChoices("ttl", "expires_at"))


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    pk: str


def expiring(model: Any) -> Dispatcher:
    routes = Routes()

    @routes.on_remove(model, cause="ttl", entity="Order")
    def expire(change: Remove[Any]) -> None: ...

    return Dispatcher(routes)


@pytest.mark.parametrize(("model", "meant"), [(Plain, ""), (Near, " It has expire_at.")])
def test_a_model_without_the_attribute_of_time_to_live(check: Check, model: Any, meant: str) -> None:
    """Items without it never expire; the finding names a similar attribute."""
    (found,) = check(app=expiring(model))
    assert (found.rule, found.severity) == ("ttl-attribute-missing", "warning")
    assert f"expire lacks.{meant} If the items lack it too" in found.why
    assert line_of(found).startswith("TimeToLiveSpecification: {")


@pytest.mark.parametrize("model", [Order, Aliased, Choosing, Open, dict[str, Any]])
def test_a_model_that_reads_the_attribute_of_time_to_live(check: Check, model: Any) -> None:
    """By its name, by an alias, or with all attributes of the item."""
    assert check(app=expiring(model)) == []


def test_a_handler_of_all_removals_needs_no_attribute_of_time_to_live(check: Check) -> None:
    """Users delete items too."""
    routes = Routes()

    @routes.on(Plain, entity="Order")
    def audit(change: Change[Plain]) -> None: ...

    assert check(app=Dispatcher(routes)) == []


def test_an_unknown_attribute_of_time_to_live_is_not_judged(check: Check) -> None:
    """A parameter without a default."""
    assert ids(check((TTL, TTL.replace("expires_at", "!Ref Attribute")))) == ["not-judged"]


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
