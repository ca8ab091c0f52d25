"""``router.local.lint.rules.filters``: filters that drop records of a route."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from router import (
    Change,
    Dispatcher,
    Insert,
    Modify,
    Routes,
    any_of,
    changed,
    discriminators,
    not_,
    where,
)
from router.local.filter_criteria import filters_of
from tests.local.lint.deployments import (
    ATTEMPTS,
    Check,
    Order,
    ids,
    line_of,
    shop,
)


def filtered(*patterns: str) -> tuple[str, str]:
    listed = "".join(f"                - Pattern: '{pattern}'\n" for pattern in patterns)
    return ATTEMPTS, f"{ATTEMPTS}            FilterCriteria:\n              Filters:\n{listed}"


def taking(image: str = "NewImage", entity: str = "Order", events: Sequence[str] = (), **attributes: Any) -> str:
    """A pattern of an entity, of events where they are named, and of other attributes."""
    of_image = {"EntityType": {"S": [entity]}, **attributes}
    return json.dumps({**({"eventName": list(events)} if events else {}), "dynamodb": {image: of_image}})


REMOVALS = '{"eventName": ["REMOVE"]}'


@pytest.mark.parametrize(
    "patterns",
    [
        [taking(events=["INSERT", "MODIFY"]), taking("OldImage", events=["REMOVE"])],
        [taking(), taking("OldImage")],
        ['{"eventName": [{"exists": true}]}'],
        ['{"eventName": ["INSERT", "MODIFY"]}', '{"userIdentity": {"principalId": ["dynamodb.amazonaws.com"]}}'],
        ['{"eventName": ["INSERT"]}', taking(status={"S": ["SHIPPED"]}), '{"userIdentity": {"type": ["Service"]}}'],
        ['{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "ORDER#"}]}}}}'],
        ['{"dynamodb": {"Keys": {"pk": {"S": [{"suffix": "#1"}, {"wildcard": "a*b"}]}}}}'],
        [taking(tenant={"S": [{"anything-but": "test"}]}), REMOVALS],
        [taking(gone={"S": [{"exists": False}]}), REMOVALS],
        [taking(tags={"SS": ["a"]}, lines={"L": {"M": {"sku": {"S": ["x"]}}}}), REMOVALS],
        [taking(total={"N": ["5", {"numeric": [">", 10]}]}, paid={"BOOL": [True]}), REMOVALS],
        ['{"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 0]}]}}'],
        ['{"dynamodb": {"SizeBytes": [{"numeric": [">", 1000, "<", 1002]}]}}'],
        ['{"dynamodb": {"NewImage": {"EntityType": {"S": [{"equals-ignore-case": "ORDER"}]}}}}', REMOVALS],
    ],
)
def test_a_filter_may_drop_some_records_of_a_route(check: Check, patterns: list[str]) -> None:
    """That may be intended."""
    assert ids(check(filtered(*patterns))) == []


@pytest.mark.parametrize(
    ("patterns", "routes"),
    [
        (['{"eventName": ["INSERT", "MODIFY"]}'], ["on_remove(Order, cause='ttl')"]),
        (['{"eventName": ["INSERT"]}', REMOVALS], ["on_modify"]),
        ([taking()], ["on_remove"]),
        ([taking(entity="Customer"), REMOVALS], ["on_insert", "on_modify"]),
        ([taking(status={"S": ["PAID"]}), REMOVALS], ["on_modify"]),
        ([taking(status={"N": ["1"]}), REMOVALS], ["on_modify"]),
        ([taking(total={"N": [{"numeric": [">", 10]}]}), REMOVALS], ["on_insert", "on_modify"]),
        (['{"userIdentity": {"type": ["Service"]}}'], ["on_insert", "on_modify"]),
        (['{"dynamodb": {"NewImage": {"EntityType": {"SS": ["Order"]}}}}', REMOVALS], ["on_insert", "on_modify"]),
    ],
)
def test_a_filter_that_drops_all_records_of_a_route_is_reported(
    check: Check, patterns: list[str], routes: list[str]
) -> None:
    """One finding a route, at the line of the filters."""
    findings = check(filtered(*patterns))
    assert [finding.rule for finding in findings] == ["filter-drops-route"] * len(routes)
    for finding, route in zip(findings, routes, strict=True):
        assert finding.why.startswith(route)
        assert line_of(finding) == "FilterCriteria:"


def test_the_proposed_patterns_remove_the_findings(check: Check) -> None:
    """They can be copied into the template."""
    patterns = ['{"eventName": ["NONE"]}']
    findings = check(filtered(*patterns))
    assert len(findings) == 3
    proposed = [found for finding in findings for found in re.findall("Pattern: '(.*)'", finding.instead)]
    assert check(filtered(*patterns, *proposed)) == []


@pytest.mark.parametrize(
    ("discriminator", "good", "bad"),
    [
        (discriminators.prefix("pk"), '{"prefix": "Order#"}', '{"prefix": "Customer#"}'),
        (
            discriminators.template("pk", "shop#{entity}#{id}*"),
            '{"prefix": "shop#Order#"}',
            '{"prefix": "shop#User#"}',
        ),
        (discriminators.folded(discriminators.prefix("pk")), '{"prefix": "ORDER#"}', '{"prefix": "USER#"}'),
        (discriminators.chain("type", discriminators.prefix("pk")), '{"prefix": "Order#"}', None),
    ],
)
def test_a_filter_may_test_the_key_that_names_the_entity(
    check: Check, discriminator: Any, good: str, bad: str | None
) -> None:
    """A filter for another entity's key drops every record."""
    app = shop(discriminator=discriminator)
    assert check(filtered(f'{{"dynamodb": {{"Keys": {{"pk": {{"S": [{good}]}}}}}}}}'), app=app) == []
    if bad is not None:
        dropped = check(filtered(f'{{"dynamodb": {{"Keys": {{"pk": {{"S": [{bad}]}}}}}}}}'), app=app)
        assert ids(dropped) == ["filter-drops-route"] * 3
        assert dropped[0].instead == "no FilterCriteria, or a filter that passes these records too"


def test_a_discriminator_that_is_a_function_is_not_judged(check: Check) -> None:
    """No sample record can be built for it."""
    (note,) = check(filtered('{"eventName": ["NONE"]}'), app=shop(discriminator=lambda image: "Order"))
    assert (note.rule, line_of(note)) == ("not-judged", "FilterCriteria:")
    assert "does not show which items belong to which entity" in note.why


def test_a_filter_must_pass_one_way_to_meet_the_condition(check: Check) -> None:
    """Conditions on nested attributes included."""
    routes = Routes()

    @routes.on_modify(Order, any_of(changed("address.lines[1]", to="x"), changed("status", from_="A")), where(bool))
    def moved(change: Modify[Order]) -> None: ...

    @routes.on_modify(Order, not_(changed("status")))
    def other(change: Modify[Order]) -> None: ...

    app = Dispatcher(routes)
    assert check(filtered('{"dynamodb": {"OldImage": {"status": {"S": ["A"]}}}}'), app=app) == []
    assert check(filtered('{"dynamodb": {"NewImage": {"address": {"M": {"zip": {"S": ["1"]}}}}}}'), app=app) == []


@pytest.mark.parametrize("options", [{"unrouted": "fail"}, {"fallback": True}])
def test_filters_that_drop_unrouted_entities_are_a_warning(check: Check, options: dict[str, Any]) -> None:
    """The app has a fallback or fails unrouted records, but the filter may be intended."""
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order]) -> None: ...

    if options.pop("fallback", False):

        @routes.fallback
        def other(change: Change[dict[str, Any]]) -> None: ...

    app = Dispatcher(routes, **options)
    known = filtered(taking(), taking("OldImage"))
    (found,) = check(known, app=app)
    assert (found.rule, found.severity) == ("filter-drops-unrouted", "warning")
    assert "those of INSERT|MODIFY|REMOVE: Lambda drops" in found.why
    assert check(filtered('{"dynamodb": {"Keys": {"pk": {"S": [{"exists": true}]}}}}'), app=app) == []


def test_a_filter_of_an_undocumented_field_is_a_warning(check: Check) -> None:
    """It may match nothing."""
    assert "filter-undocumented" in ids(check(filtered('{"eventSource": ["aws:dynamodb"]}')))


def test_a_pattern_that_is_unknown_before_deployment_is_not_judged(check: Check) -> None:
    """A note says so."""
    (found,) = check((ATTEMPTS, f"{ATTEMPTS}            FilterCriteria: {{Filters: [{{Pattern: !ImportValue p}}]}}\n"))
    assert found.why == (
        "Not judged, because a filter's Pattern is unknown before deployment: "
        "filter-drops-route, filter-drops-unrouted, filter-undocumented."
    )


class Note(BaseModel):
    text: str = ""


def taking_notes(discriminator: Any, *, both: bool) -> Dispatcher:
    """An app of orders, and of notes too."""
    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None: ...

    if both:

        @routes.on_insert(Note)
        def keep(change: Insert[Note]) -> None: ...

    return Dispatcher(routes, discriminator=discriminator)


@pytest.mark.parametrize(
    "discriminator",
    [
        discriminators.chain("EntityType", "type"),
        discriminators.chain("EntityType", discriminators.prefix("pk")),
        discriminators.prefix("pk"),
        discriminators.template("pk", "{entity}#{id}"),
        discriminators.AWS_LAMBDA_STREAM,
        discriminators.AWS_SAMPLES,
        discriminators.ELECTRODB,
        discriminators.ONETABLE,
        discriminators.WEBINY,
    ],
    ids=repr,
)
def test_filters_of_other_routes_drop_records_of_a_new_one(check: Check, discriminator: Any) -> None:
    """Under every discriminator; filters of all routes pass all of them."""
    old, new = (taking_notes(discriminator, both=both) for both in (False, True))
    stale, current = (filters_of(app, keys=["pk"]).patterns for app in (old, new))
    dropped = [finding.why for finding in check(filtered(*stale), app=new) if finding.rule == "filter-drops-route"]
    assert len(dropped) == 1
    assert "on_insert(Note)" in dropped[0]
    assert "filter-drops-route" not in ids(check(filtered(*current), app=new))


def test_each_entity_may_be_named_by_another_attribute(check: Check) -> None:
    """So a filter may look at one attribute for one, and at another for the other."""
    app = taking_notes(discriminators.AWS_SAMPLES, both=True)
    patterns = [
        json.dumps({"dynamodb": {"NewImage": {name: {"S": [entity]}}}})
        for name, entity in (("EntityType", "Order"), ("type", "Note"))
    ]
    assert "filter-drops-route" not in ids(check(filtered(*patterns), app=app))


def test_a_route_that_a_filter_drops_says_nothing_about_another_of_its_entity(check: Check) -> None:
    """Their conditions differ."""
    routes = Routes()

    @routes.on_modify(Order, changed("status", to="PAID"))
    def thank(change: Modify[Order]) -> None: ...

    @routes.on_modify(Order, changed("status", to="LATE"))
    def remind(change: Modify[Order]) -> None: ...

    found = check(filtered(taking(status={"S": ["PAID"]})), app=Dispatcher(routes))
    dropped = [finding.why for finding in found if finding.rule == "filter-drops-route"]
    assert [re.search(r"of (?:\S+\.)?(\w+) takes", why)[1] for why in dropped] == ["remind"]  # type: ignore[index]  # it matches
