"""``router.local.asyncapi``: what an app consumes, valid against the specification's own schema."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

import jsonschema  # type: ignore[import-untyped]  # its types are a package of their own
import pytest
from pydantic import BaseModel, BeforeValidator, Field
from typing_extensions import TypedDict

import handlers
from router import (
    Change,
    Dispatcher,
    Drop,
    Event,
    Insert,
    Modify,
    Remove,
    Routes,
    Window,
    all_of,
    any_of,
    became,
    changed,
    not_,
    where,
)
from router.local.asyncapi import asyncapi_document, asyncapi_page
from router.local.asyncapi.condition_words import condition_structure, condition_words

SPECIFICATION = "@asyncapi/specs@6.11.1"
SHA512 = "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ=="


class Card(BaseModel):
    kind: Literal["card"] = "card"
    number: str


class Cash(BaseModel):
    kind: Literal["cash"] = "cash"


class Line(BaseModel):
    sku: str
    parts: list[Line] = []


class Order(BaseModel):
    """An order of a customer."""

    EntityType: Literal["Order"] = "Order"
    order_id: str
    status: str
    total: Decimal
    placed: datetime
    place: tuple[float, float]
    tags: set[str] = set()
    signature: bytes = b""
    lines: list[Line] = []
    payment: Annotated[Card | Cash, Field(discriminator="kind")]
    odd: Annotated[Any, BeforeValidator(str)] = None


class OrderV1(BaseModel):
    order_id: str


@dataclass
class Customer:
    name: str


class Product(TypedDict):
    sku: str


class Totals(BaseModel):
    count: int = 0


def large(change: Change[Order]) -> bool:
    return change.image.total > 100


def app() -> Dispatcher:
    routes = Routes()

    @routes.on_insert(Order, where(large))
    def place(change: Insert[Order]) -> None:
        """Tell the warehouse.

        It packs.
        """

    @routes.on_modify(Order, all_of(changed("status", to="SHIPPED"), not_(became("total", 0))), old=OrderV1)
    @routes.on_modify(Order, changed("status"), on_error=Drop())
    def ship(change: Modify[Order, Any]) -> None: ...

    @routes.on(Customer, Event.INSERT | Event.MODIFY)
    def greet(change: Change[Customer]) -> None: ...

    @routes.on_remove(Product, entity=["Product/old", "Product old"], cause="ttl")
    def clear(change: Remove[Product]) -> None: ...

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None: ...

    @routes.on_window(Order, state=Totals)
    def total(window: Window[Order, Totals]) -> None: ...

    @routes.fallback
    def rest(change: Change[dict[str, Any]]) -> None: ...

    return Dispatcher(routes)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(asyncapi_document(app(), "shop:app", "1.4.0")))
    return made


@pytest.fixture(scope="module")
def specification(real: None, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The validator of AsyncAPI 3.0, of the package that the initiative publishes."""
    folder = tmp_path_factory.mktemp("specification")
    subprocess.run(["npm", "pack", "--silent", SPECIFICATION], cwd=folder, check=True, capture_output=True, timeout=100)
    packed = next(folder.glob("*.tgz")).read_bytes()
    assert base64.b64encode(hashlib.sha512(packed).digest()).decode() == SHA512
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        file = archive.extractfile("package/schemas/3.0.0.json")
        assert file is not None
        return jsonschema.Draft7Validator(json.load(file))


class TestValidity:
    def test_the_document_is_valid(self, specification: Any, document: dict[str, Any]) -> None:
        """The specification's schema accepts routes, models and conditions of every kind."""
        assert [error.message for error in specification.iter_errors(document)] == []

    def test_that_of_the_example_application_is_valid(self, specification: Any) -> None:
        """So does it that of the shop, and of an app without routes."""
        for each in (handlers.app, Dispatcher(Routes())):
            assert [*specification.iter_errors(asyncapi_document(each, "app", "1"))] == []

    def test_the_schema_finds_faults(self, specification: Any, document: dict[str, Any]) -> None:
        """A schema that accepted everything would prove nothing."""
        broken = json.loads(json.dumps(document))
        broken["operations"]["x"] = {"action": "take"}
        broken["components"]["schemas"]["Order"]["properties"]["payment"]["discriminator"] = {"propertyName": "kind"}
        places = {error.json_path for error in specification.iter_errors(broken)}
        assert any(place.startswith("$.operations.x") for place in places)
        assert len(places) >= 2

    def test_references_lead_somewhere(self, document: dict[str, Any]) -> None:
        """Every $ref names a part of the document."""
        found = list(_references(document))
        assert len(found) > 20
        for reference in found:
            part: Any = document
            for name in reference.removeprefix("#/").split("/"):
                part = part[name]

    def test_payloads_describe_changes(self, document: dict[str, Any]) -> None:
        """The payload's schema accepts a change of the model and refuses another."""
        schema = {
            **document["components"]["messages"]["Customer.MODIFY"]["payload"],
            "components": document["components"],
        }
        validator = jsonschema.Draft7Validator(schema)
        assert validator.is_valid({"event": "MODIFY", "new": {"name": "Ada"}, "old": {"name": "A"}})
        assert not validator.is_valid({"event": "MODIFY", "new": {"name": 5}, "old": {"name": "A"}})
        assert not validator.is_valid({"event": "MODIFY", "new": {"name": "Ada"}})


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


class TestContents:
    def test_each_event_of_an_entity_is_a_message(self, document: dict[str, Any]) -> None:
        """Entities that differ in one character that no key can have stay apart."""
        messages = document["components"]["messages"]
        assert document["channels"]["stream"]["messages"].keys() == messages.keys()
        names = {name for name in messages if not name.startswith(("Order", "any-other"))}
        assert names == {"Customer.INSERT", "Customer.MODIFY", "Product-2fold.EXPIRE", "Product-20old.EXPIRE"}
        assert messages["Order.EXPIRE"]["title"] == "Order expired"
        assert {"any-other.INSERT", "any-other.DELETE"} < messages.keys()

    def test_a_message_has_the_images_that_the_stream_carries(self) -> None:
        """A stream of new images has no old ones."""
        routes = Routes()

        @routes.on(OrderV1, Event.MODIFY)
        def ship(change: Change[OrderV1]) -> None: ...

        made = asyncapi_document(Dispatcher(routes, view="NEW_IMAGE"), "shop", "1")
        assert made["components"]["messages"]["OrderV1.MODIFY"]["payload"]["required"] == ["event", "new"]

    def test_an_image_with_several_models_may_be_any(self, document: dict[str, Any]) -> None:
        """Two routes read the old image as different models."""
        old = document["components"]["messages"]["Order.MODIFY"]["payload"]["properties"]["old"]
        assert {part["$ref"].rpartition("/")[2] for part in old["anyOf"]} == {"Order", "OrderV1"}

    def test_a_route_is_an_operation(self, document: dict[str, Any]) -> None:
        """It has the handler's name, its first line of documentation, and what it takes."""
        key = next(name for name in document["operations"] if name.endswith("place"))
        operation = document["operations"][key]
        assert operation["title"].endswith("place")
        assert operation["summary"] == "Tell the warehouse."
        assert operation["messages"] == [{"$ref": "#/channels/stream/messages/Order.INSERT"}]
        assert operation["description"].endswith("Only if large is true of the change.")
        assert operation["x-route"] == {"decorator": "on_insert(Order, where(large))", "condition": {"where": "large"}}

    def test_two_routes_of_one_handler_are_two_operations(self, document: dict[str, Any]) -> None:
        """Stacked decorators keep their own conditions."""
        assert len([name for name in document["operations"] if name.partition("-")[0] and "ship" in name]) == 2
        assert len(document["operations"]) == 8

    def test_title_and_version_are_given(self, document: dict[str, Any]) -> None:
        """Catalogues list documents by them."""
        assert (document["info"]["title"], document["info"]["version"]) == ("shop:app", "1.4.0")


@pytest.mark.parametrize(
    ("condition", "words", "structure"),
    [
        (changed("a", "b"), "one of a, b changes", {"changed": ["a", "b"]}),
        (changed("a", from_=1, to=None), "a changes from 1 to None", {"changed": ["a"], "from": "1", "to": "None"}),
        (became("a", "X"), "a becomes 'X'", {"changed": ["a"], "to": "'X'"}),
        (
            all_of(changed("a"), any_of(changed("b"), where(large))),
            "a changes and (b changes or large is true of the change)",
            {"all_of": [{"changed": ["a"]}, {"any_of": [{"changed": ["b"]}, {"where": "large"}]}]},
        ),
        (not_(changed("a")), "not (a changes)", {"not": {"changed": ["a"]}}),
        (Decimal(1), "Decimal('1')", {"custom": "Decimal('1')"}),
    ],
)
def test_conditions_in_words_and_as_a_structure(condition: Any, words: str, structure: dict[str, Any]) -> None:
    """Each kind of condition has both; one of the user's own is shown as it prints itself."""
    assert (condition_words(condition), condition_structure(condition)) == (words, structure)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {str(given["id"])} if "id" in given else set()
        self.links |= {str(given[name]) for name in ("href", "src") if name in given}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class TestPage:
    def test_it_fetches_nothing_and_its_links_lead_somewhere(self, document: dict[str, Any]) -> None:
        """The page is one file, whose tags are closed and whose links stay in it."""
        text = asyncapi_page(document)
        page = _Page()
        page.feed(text)
        assert page.open == []
        assert page.links
        assert {link.removeprefix("#") for link in page.links} <= page.ids
        assert "http" not in text.replace(document["info"]["description"], "")

    def test_names_are_escaped(self) -> None:
        """A title may hold what HTML takes for a tag."""
        text = asyncapi_page(asyncapi_document(Dispatcher(Routes()), "<b>&", "1"))
        assert "<title>&lt;b&gt;&amp;</title>" in text
