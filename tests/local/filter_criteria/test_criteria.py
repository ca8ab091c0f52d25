"""``router.local.filter_criteria.criteria``: filters pass every record with a route, and no other if they are exact."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import Change, Dispatcher, Event, Routes, changed, discriminators
from router.discriminator_rules import Attribute
from router.discriminators import discriminator_of
from router.local import FilterPattern
from router.local.filter_criteria import Filters, filters_of
from router.planning.entity_checks import can_read
from router.planning.table import RouteTable
from router.stream_view import VIEWS, carried
from tests.examples import examples

EVENT_FILES = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
KEYS = ["pk", "sk"]
NAMES = [
    "Order",
    "Customer",
    "Line",
    "order",
    "kiosk",
    "Task",
    "Größe",
    "a#b",
    "O_1",
    "10.0.0.1",
    "::1",
    "x:y",
    "staff",
]
SPELT = [
    *NAMES,
    "ORDER",
    "cu\u017ftomer",
    "CU\ufb05OMER",
    "tas\u212a",
    "GRÖSSE",
    "010.0.0.1",
    "Orders",
    "\ufb06a\ufb00",
    "",
]
TEXTS = [*SPELT, "Order#1", "Customer#", "#1", "Order|7", "$Order_1#id", "$order_1", "$O_1_2", "x-Line", "Order##2"]


def head(image: Any) -> str | None:
    text = image.get("pk", {}).get("S") or ""
    return text.partition("#")[0] or None


class Strange(Attribute):
    """A user's rule that reads another attribute than its base class."""

    def read(self, image: Any) -> str | None:
        return "Order" if "strange" in image else None


SIMPLE = [
    discriminators.attribute("EntityType"),
    discriminators.attribute("type"),
    discriminators.attribute("a.M.b"),
    discriminators.attribute("exists"),
    discriminators.attribute("pk"),
    discriminators.prefix("pk"),
    discriminators.prefix("sk", "|"),
    discriminators.prefix("type"),
    discriminators.prefix("pk", "##"),
    discriminators.template("sk", "${entity}_{version}*"),
    discriminators.template("sk", "{tenant}-{entity}"),
    discriminators.function(head),
    Strange("EntityType"),
]
EXACT = [
    discriminators.attribute("EntityType"),
    discriminators.attribute("pk"),
    discriminators.prefix("pk"),
    discriminators.folded("EntityType"),
    discriminators.chain("EntityType", "type", "itemType"),
]
rules = st.one_of(
    st.sampled_from(EXACT),
    st.sampled_from(SIMPLE),
    st.lists(st.sampled_from(SIMPLE), min_size=2, max_size=3).map(lambda each: discriminators.chain(*each)),
    st.sampled_from(SIMPLE).map(discriminators.folded),
    st.sampled_from([discriminators.ELECTRODB, discriminators.AWS_LAMBDA_STREAM, discriminators.AWS_SAMPLES]),
)
events = st.lists(st.sampled_from(list(Event)), min_size=1, max_size=4).map(
    lambda each: Event(sum({event.value for event in each}))
)


@st.composite
def apps(draw: st.DrawFn, names_of: Sequence[str] = NAMES, read_by: st.SearchStrategy[Any] = rules) -> Dispatcher:
    routes, discriminator = Routes(), discriminator_of(draw(read_by))
    readable = [name for name in names_of if can_read(discriminator, name)]
    for _ in range(draw(st.integers(1, 4))):
        names = draw(st.lists(st.sampled_from(readable), min_size=1, max_size=3, unique=True))
        terms = draw(st.sampled_from([(), (changed("total"),)]))

        def handle(change: Change[None]) -> None: ...

        routes.on(None, draw(events), *terms, entity=names)(handle)
    return Dispatcher(routes, discriminator=discriminator)


# Half of the texts are those that many routes take; otherwise hardly a record would match.
texts = st.one_of(
    st.sampled_from(
        ["Order", "Customer", "Order#1", "Customer#2", "Order|7", "", "$order_1", "$x#order_1#a_2", "#a_2$customer_1"]
    ),
    st.sampled_from(TEXTS),
)
values: st.SearchStrategy[dict[str, Any]] = st.one_of(
    texts.map(lambda text: {"S": text}),
    texts.map(lambda text: {"S": text}),
    st.sampled_from(
        [{"N": "1"}, {"NULL": True}, {"SS": ["Order"]}, {"M": {"S": {"S": "Order"}}}, {"L": [{"S": "Order"}]}]
    ),
)
keys: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    dict.fromkeys(KEYS, texts.filter(bool).map(lambda text: {"S": text}))
)
others: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("EntityType", "type", "exists", "strange", "__edb_e__", "discriminator", "itemType"), values
    )
    | {"a": st.just({"M": {"b": {"S": "Order"}}}), "a.M.b": values},
)
IDENTITIES: list[dict[str, Any]] = [
    {},
    {"userIdentity": None},
    {"userIdentity": {}},
    {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}},
    {"userIdentity": {"type": "Service", "principalId": "other.amazonaws.com"}},
    {"userIdentity": {"type": "Service"}},
    {"userIdentity": {"type": None, "principalId": "dynamodb.amazonaws.com"}},
    {"userIdentity": {"principalId": "dynamodb.amazonaws.com"}},
]
identities = st.sampled_from(IDENTITIES)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Records of a stream of any view type: keys in every image, any attributes beside them."""
    name, key = draw(st.sampled_from(["INSERT", "MODIFY", "REMOVE"])), draw(keys)
    event = Event.DELETE if name == "REMOVE" else Event[name]
    images = {image: {**key, **draw(others)} for image in carried(draw(st.sampled_from(VIEWS)), event)}
    return {"eventName": name, "eventSource": "aws:dynamodb", **draw(identities), "dynamodb": {"Keys": key, **images}}


def could_match(app: Dispatcher, record: dict[str, Any]) -> bool:
    """Whether some route takes the record's entity and event; conditions are not considered."""
    explanation = app.explain(record)
    assert explanation.problem is None
    table = RouteTable(tuple(app.routes), app.discriminator, app.view)
    return any(explanation.record.event in route.events for route in table.routes_of(explanation.entity))


def passes(filters: Filters, record: dict[str, Any]) -> bool:
    return filters.criteria is None or any(FilterPattern(text).matches(record) for text in filters.patterns)


class TestExactness:
    @settings(max_examples=examples(600))
    @given(apps(), st.lists(records(), min_size=8, max_size=12), st.sampled_from([None, KEYS]), st.integers(1, 5))
    def test_every_record_with_a_route_passes_and_no_other_if_the_filters_are_exact(
        self, app: Dispatcher, some: list[dict[str, Any]], known: list[str] | None, limit: int
    ) -> None:
        """For all kinds of discriminators, events, causes and view types, with odd items too."""
        filters = filters_of(app, keys=known, limit=limit)
        assert len(filters.patterns) <= limit
        for record in some:
            wanted, passed = could_match(app, record), passes(filters, record)
            assert passed or not wanted, (filters, record)
            if filters.criteria is not None and not filters.widened:
                assert passed == wanted, (filters, record)

    @settings(max_examples=examples(300))
    @given(apps(["Order", "Customer", "kiosk"], st.sampled_from(EXACT)), st.lists(records(), min_size=8, max_size=12))
    def test_filters_of_attributes_and_keys_are_exact(self, app: Dispatcher, some: list[dict[str, Any]]) -> None:
        """With known keys nothing is widened, so filters and routes agree on every record."""
        filters = filters_of(app, keys=KEYS)
        assert filters.widened == ()
        for record in some:
            assert passes(filters, record) == (could_match(app, record) or filters.criteria is None), (filters, record)

    @pytest.mark.parametrize("known", [None, KEYS])
    @pytest.mark.parametrize("events", [Event.ANY, Event.INSERT, Event.MODIFY | Event.EXPIRE, Event.DELETE], ids=str)
    def test_every_pair_of_images(self, events: Event, known: list[str] | None) -> None:
        """All values of an attribute before and after, with every event and cause: the new image comes first."""
        filters = filters_of(app := app_of(events), keys=known)
        assert filters.widened == ()
        kinds: list[dict[str, Any] | None] = [
            None,
            {},
            {"S": "Order"},
            {"S": "Other"},
            {"S": ""},
            {"N": "1"},
            {"SS": ["Order"]},
        ]
        images: list[Any] = [
            None,
            *({"pk": {"S": "1"}} | ({} if kind is None else {"EntityType": kind}) for kind in kinds),
        ]
        for name, identity, new, old in itertools.product(["INSERT", "MODIFY", "REMOVE"], IDENTITIES, images, images):
            if (name == "INSERT" and old) or (name == "REMOVE" and new):
                continue
            there = {"NewImage": new, "OldImage": old}
            body = {"Keys": {"pk": {"S": "1"}}} | {image: value for image, value in there.items() if value is not None}
            record = {"eventName": name, "eventSource": "aws:dynamodb", **identity, "dynamodb": body}
            assert passes(filters, record) == could_match(app, record), (filters, record)

    def test_a_name_with_dots_may_be_a_path(self) -> None:
        """A pattern cannot distinguish the two, so it must not require that the new image lacks the attribute."""
        app = app_of(Event.MODIFY, discriminator=discriminators.attribute("a.M.b"))
        new = {"a": {"M": {"b": {"S": "Other"}}}}
        body = {"Keys": {"pk": {"S": "1"}}, "NewImage": new, "OldImage": {"a.M.b": {"S": "Order"}}}
        record = {"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": body}
        assert could_match(app, record)
        assert passes(filters_of(app), record)

    @pytest.mark.parametrize("path", EVENT_FILES, ids=lambda path: path.stem)
    def test_recorded_events_of_the_example(self, path: Path) -> None:
        """Real records, with the shop's routes without the fallback, with and without the table's keys."""
        from handlers import customers, orders, products

        read = json.loads(path.read_text(encoding="utf-8"))
        for app in (Dispatcher(customers.routes, orders.routes, products.routes), Dispatcher(orders.routes)):
            for known in (None, KEYS):
                filters = filters_of(app, keys=known)
                assert filters.patterns
                assert not filters.widened
                for event in read if isinstance(read, list) else [read]:
                    for record in event["Records"]:
                        assert passes(filters, record) == could_match(app, record)


def app_of(*terms: Any, entity: Any = "Order", **options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on(None, *terms, entity=entity)
    def handle(change: Change[None]) -> None: ...

    return Dispatcher(routes, **options)


class TestWithoutAFilter:
    def test_a_fallback_needs_every_record(self) -> None:
        """A filter would drop the records that it handles."""
        routes = Routes()

        @routes.fallback
        def rest(change: Change[dict[str, Any]]) -> None: ...

        filters = filters_of(Dispatcher(app_of().routes, routes))
        assert (filters.criteria, filters.patterns) == (None, ())
        assert str(filters.absent).endswith("rest takes every record without another route")

    @pytest.mark.parametrize("unrouted", ["fail"])
    def test_unrouted_records_must_pass_if_they_fail(self, unrouted: Literal["fail"]) -> None:
        """A record can only fail if it is delivered."""
        assert (
            filters_of(app_of(unrouted=unrouted)).absent == "with unrouted='fail' records without a route must pass too"
        )

    def test_no_route(self) -> None:
        """FilterCriteria without a filter would pass everything, so there are none."""
        assert "there is no route" in str(filters_of(Dispatcher(Routes())).absent)

    def test_a_function_of_every_event(self) -> None:
        """Lambda refuses an empty pattern."""
        absent = filters_of(app_of(discriminator=head)).absent
        assert absent is not None
        assert absent.startswith("every record may have a route: no pattern can express what function(head) reads")


class TestPatterns:
    def test_the_order_of_registration_does_not_matter(self) -> None:
        """A template stays in step when the order of imports changes."""
        one, other = app_of(Event.INSERT, entity="A"), app_of(entity="B")
        assert filters_of(Dispatcher(one.routes, other.routes)) == filters_of(Dispatcher(other.routes, one.routes))

    def test_a_key_is_tested_in_the_keys_alone(self) -> None:
        """It has the same value in every image, and every record has the keys."""
        filters = filters_of(app_of(discriminator=discriminators.prefix("pk")), keys=KEYS)
        assert filters == Filters(('{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"Order#"}]}}}}',))

    def test_a_folded_name_has_several_spellings(self) -> None:
        """Python folds the long s to an s, equals-ignore-case does not."""
        (pattern,) = filters_of(
            app_of(Event.INSERT, entity="Sum", discriminator=discriminators.folded("t")), keys=[]
        ).patterns
        assert json.loads(pattern)["dynamodb"]["NewImage"]["t"]["S"] == [
            {"equals-ignore-case": "sum"},
            {"equals-ignore-case": "\u017fum"},
        ]

    def test_too_many_spellings_widen(self) -> None:
        """A pattern with thousands of texts would be too long."""
        filters = filters_of(app_of(Event.INSERT, entity="s" * 40, discriminator=discriminators.folded("t")))
        assert "every entity passes" in filters.widened[0]

    def test_a_function_leaves_the_events_exact(self) -> None:
        """A function reads no event."""
        filters = filters_of(app_of(Event.INSERT | Event.MODIFY, discriminator=head))
        assert filters.patterns == ('{"eventName":["INSERT","MODIFY"]}',)
        assert filters.widened


class TestLimits:
    def test_many_entities_are_split_between_filters(self) -> None:
        """A pattern holds 4,096 characters."""
        names = [f"Entity{number:04}" for number in range(600)]
        filters = filters_of(app_of(Event.INSERT, entity=names), keys=[])
        assert len(filters.patterns) == 2
        assert not filters.widened
        assert max(map(len, filters.patterns)) <= 4096

    def test_too_many_entities_pass_every_entity_and_say_so(self) -> None:
        """No record with a route is dropped."""
        names = [f"Entity{number:04}" for number in range(3000)]
        filters = filters_of(app_of(Event.INSERT, entity=names), keys=[])
        assert filters.patterns == ('{"eventName":["INSERT"]}',)
        assert filters.widened == ("INSERT of every entity passes, because there may be no more filters",)
        assert filters_of(app_of(Event.INSERT, entity=names), keys=[], limit=40).widened == ()

    def test_a_name_longer_than_a_pattern_passes_every_entity(self) -> None:
        """A pattern has 4,096 characters at most."""
        assert filters_of(app_of(Event.INSERT, entity="x" * 5000)).patterns == ('{"eventName":["INSERT"]}',)
