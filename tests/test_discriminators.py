"""Discriminators read an entity's name from a wire image, and raise for no image."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import RegistrationError, discriminators
from router.discriminator_rules import Attribute, among
from router.discriminators import (
    Discriminator,
    attribute,
    chain,
    discriminator_of,
    folded,
    function,
    prefix,
    template,
)
from router.planning.lookup import entity_reader
from router.record import Record
from router.sources import receive
from tests.strategies import attribute_values, junk

PRESETS: dict[str, Discriminator] = {
    name: getattr(discriminators, name) for name in discriminators.__all__ if name.isupper()
}


def text(**attributes: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in attributes.items()}


def by_presence(image: Any) -> str | None:
    return "Order" if "order_id" in image else None


# ---------------------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("written", [str, str.lower, lambda name: name.replace("_", ""), "discriminators.{}".format])
def test_the_name_of_a_preset_is_no_attribute(preset: str, written: Any) -> None:
    """In any spelling, also inside a chain, it is refused with the preset that was meant."""
    for rule in (discriminator_of, chain, folded):
        with pytest.raises(RegistrationError, match=rf"the preset itself: discriminators\.{preset};"):
            rule(written(preset))


@pytest.mark.parametrize("text", ["dynamodb", "pynamo-db", "Electro", "TypeDORM", "webiny"])
def test_a_name_near_a_preset_is_no_attribute(text: str) -> None:
    """A library's own spelling of its name counts."""
    with pytest.raises(RegistrationError, match="the preset itself"):
        discriminator_of(text)


@pytest.mark.parametrize(
    "text", ["{entity}#{id}", "ORDER#", "pk|", " type", "type ", "prefix('pk')", "meta.type", "[0]"]
)
def test_a_pattern_or_a_path_is_no_attribute(text: str) -> None:
    """Such a text reads nothing; who has such an attribute says so."""
    with pytest.raises(RegistrationError, match=r"if an attribute has this name: discriminators\.attribute\("):
        discriminator_of(text)
    assert attribute(text).read({text: {"S": "Order"}}) == "Order"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "EntityType",
            "entityType",
            "entity_type",
            "entity-type",
            "type",
            "Type",
            "TYPE",
            "itemType",
            "kind",
            "model",
        ),
        *("_type", "_et", "__en", "cls", "__typename", "__edb_e__", "discriminator", "$type", "@type", "record type"),
        *("pk", "sk", "PK", "GSI1PK", "entity:type", "object", "class", "_cls", "doc_type", "Entität"),
    ],
)
def test_the_name_of_an_attribute(text: str) -> None:
    """Names that tables have are attributes."""
    assert discriminator_of(text) == attribute(text)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (["EntityType", "type"], "discriminators.chain('EntityType', 'type')"),
        (("EntityType",), "discriminators.chain"),
        (discriminators.prefix, "call it: discriminators.prefix('pk')"),
        (Attribute, "a plain function that takes the wire image"),
        (Discriminator, "a plain function that takes the wire image"),
        (dict, "a plain function that takes the wire image"),
        (lambda: "Order", "a plain function that takes the wire image"),
        (lambda image, keys: "Order", "a plain function that takes the wire image"),
        (discriminators, "a function of the wire image"),
    ],
)
def test_what_can_read_no_image(rule: Any, expected: str) -> None:
    """A class, a function that takes no image and a rule that was not called are refused."""
    with pytest.raises(RegistrationError) as caught:
        discriminator_of(rule)
    assert expected in str(caught.value)


def test_an_async_function_reads_nothing() -> None:
    """Its coroutine would be no name."""

    async def by_key(image: Any) -> str:
        return "Order"

    with pytest.raises(RegistrationError, match="found the function by_key"):
        discriminator_of(by_key)


# ------------------------------------------------------------------------------------------------------------ attribute


def test_attribute() -> None:
    """The whole value of the attribute is the name."""
    assert attribute("EntityType").read(text(EntityType="Order#1")) == "Order#1"


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"entitytype": {"S": "Order"}},
        {"EntityType": {"S": ""}},
        {"EntityType": {"N": "1"}},
        {"EntityType": {"NULL": True}},
        {"EntityType": {"SS": ["Order"]}},
        {"EntityType": {"S": 1}},
        {"EntityType": {"S": None}},
        {"EntityType": {"S": ["Order"]}},
        {"EntityType": "Order"},
        {"EntityType": None},
        {"EntityType": ["S"]},
    ],
)
def test_attribute_does_not_tell(image: Any) -> None:
    """An attribute that is absent, empty or not a string holds no name."""
    assert attribute("EntityType").read(image) is None


# --------------------------------------------------------------------------------------------------------------- prefix


@pytest.mark.parametrize(
    ("rule", "value", "name"),
    [
        (prefix("pk"), "ORDER#1", "ORDER"),
        (prefix("pk"), "ORDER#1#2", "ORDER"),
        (prefix("pk"), "ORDER#", "ORDER"),
        (prefix("pk"), "#1", None),
        (prefix("pk"), "ORDER", None),
        (prefix("pk"), "", None),
        (prefix("pk", ":"), "order:1", "order"),
        (prefix("pk", "|"), "order|1", "order"),
        (prefix("pk", "::"), "a:b::c", "a:b"),
    ],
)
def test_prefix(rule: Discriminator, value: str, name: str | None) -> None:
    """The name is the text before the first separator; without a separator or without text there is none."""
    assert rule.read(text(pk=value)) == name


@pytest.mark.parametrize("image", [{}, {"pk": {"N": "1"}}, {"pk": {"B": "T1JERVIjMQ=="}}, {"sk": {"S": "ORDER#1"}}])
def test_prefix_of_no_string(image: Any) -> None:
    """A key that is absent or not a string has no prefix."""
    assert prefix("pk").read(image) is None


# ------------------------------------------------------------------------------------------------------------- template


@pytest.mark.parametrize(
    ("pattern", "value", "name"),
    [
        ("{entity}#{id}", "ORDER#1", "ORDER"),
        ("{entity}#{id}", "ORDER#1#2", "ORDER"),
        ("{entity}#{id}", "ORDER#", None),
        ("{entity}#{id}", "#1", None),
        ("{entity}#{id}", "XORDER", None),
        ("{entity}", "ORDER", "ORDER"),
        ("{entity}", "ORDER#1", None),
        ("{entity}*", "ORDER#1", "ORDER"),
        ("{entity}*", "ORDER", "ORDER"),
        ("T#{tenant}#{entity}#{id}", "T#acme#ORDER#1", "ORDER"),
        ("T#{tenant}#{entity}#{id}", "U#acme#ORDER#1", None),
        ("${entity}_{version}*", "$order_1", "order"),
        ("${entity}_{version}*", "$order_1#id_7", "order"),
        ("${entity}_{version}*", "$order_item_1#id_7", "order_item"),
        ("a.b+{entity}", "a.b+x", "x"),
        ("a.b+{entity}", "axb+x", None),
        ("{entity}#{id}", "ORDER#line\nline", "ORDER"),
        ("{entity}|{id}", "a#b|1", None),
        ("{entity}|{id}", "a|1", "a"),
    ],
)
def test_template(pattern: str, value: str, name: str | None) -> None:
    """The name is the text at {entity} if the whole value matches the pattern."""
    assert template("sk", pattern).read(text(sk=value)) == name


# --------------------------------------------------------------------------------------------- function, chain, folded


@pytest.mark.parametrize(("image", "name"), [(text(order_id="1"), "Order"), (text(id="1"), None)])
def test_function(image: Any, name: str | None) -> None:
    """A function returns the name or None."""
    assert function(by_presence).read(image) == name


@pytest.mark.parametrize("strange", ["", 7, {"S": "Order"}, False])
def test_function_returns_no_name(strange: Any) -> None:
    """A return value that is not a string, or is empty, is no name."""
    assert function(lambda _: strange).read({}) is None


def test_function_may_raise() -> None:
    """An exception of a user's function is raised."""

    def broken(image: Any) -> str:
        raise LookupError

    with pytest.raises(LookupError):
        function(broken).read({})


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (text(EntityType="Order", pk="CUSTOMER#1"), "Order"),
        (text(pk="CUSTOMER#1"), "CUSTOMER"),
        ({"EntityType": {"N": "1"}, "pk": {"S": "CUSTOMER#1"}}, "CUSTOMER"),
        (text(order_id="1"), "Order"),
        (text(pk="1"), None),
    ],
)
def test_chain(image: Any, name: str | None) -> None:
    """The first rule that finds a name decides."""
    assert chain("EntityType", prefix("pk"), by_presence).read(image) == name


def test_chain_attributes() -> None:
    """A chain's attributes are those of its rules; a prefix has none."""
    assert chain("EntityType", prefix("pk"), chain("type")).attributes == ("EntityType", "type")


@pytest.mark.parametrize(("rule", "folds"), [(chain("a", "b"), False), (chain("a", folded("b")), True)])
def test_chain_folds(rule: Discriminator, folds: bool) -> None:
    """A chain folds if one of its rules does."""
    assert rule.folds is folds


def test_folded_reads_as_it_stands() -> None:
    """Folding leaves the name unchanged: only comparisons ignore case."""
    assert folded("type").read(text(type="oRDER")) == "oRDER"


@pytest.mark.parametrize("rule", [attribute("a"), prefix("a"), template("a", "{entity}"), function(by_presence)])
def test_nothing_folds_unasked(rule: Discriminator) -> None:
    """Names that differ in case are different entities, unless the rule is folded."""
    assert rule.folds is False


@pytest.mark.parametrize(
    ("rule", "attributes"),
    [
        (attribute("a"), ("a",)),
        (folded("a"), ("a",)),
        (prefix("a"), ()),
        (template("a", "{entity}"), ()),
        (function(by_presence), ()),
    ],
)
def test_attributes(rule: Discriminator, attributes: tuple[str, ...]) -> None:
    """Only an attribute whose whole value is the name counts for a model's Literal."""
    assert rule.attributes == attributes


# -------------------------------------------------------------------------------------------------------------- presets


@pytest.mark.parametrize(
    ("preset", "image", "name"),
    [
        ("ELECTRODB", text(pk="$shop#id_7", sk="$order_1", __edb_e__="Order", __edb_v__="1"), "Order"),
        ("ELECTRODB", text(pk="$shop#id_7", sk="$order_1#line_3"), "order"),
        ("ELECTRODB", text(pk="$shop#id_7", sk="$order_1"), "order"),
        ("ELECTRODB", text(pk="$shop$order_1#id_7", sk="line_3"), None),
        ("ONETABLE", text(pk="account#1", sk="user#2", _type="User"), "User"),
        ("DYNAMODB_TOOLBOX", text(pk="1", _et="User", _ct="2026-01-01T00:00:00Z"), "User"),
        ("TYPEDORM", text(PK="USER#1", SK="USER#1", __en="user"), "user"),
        ("PYNAMODB", text(id="1", cls="Employee", n="x"), "Employee"),
        ("PYNAMODB", text(id="1", cls="old-employee"), "old-employee"),
        ("PYNAMODB", text(id="1", _k="Employee"), None),  # DiscriminatorAttribute(attr_name="_k")
        ("AMPLIFY", {**text(id="1", __typename="Post"), "_version": {"N": "1"}}, "Post"),
        ("DYNAMODB_BOOK", text(PK="USER#1", SK="ORDER#2", Type="Order"), "Order"),
        ("WEBINY", text(PK="T#root#L#en-US#CMS#CME#7", SK="L", TYPE="cms.entry", _et="CmsEntry"), "cms.entry"),
        ("WEBINY", text(PK="T#root#L#en-US#CMS#CME#7", SK="L", TYPE="cms.entry.l", _et="CmsEntries"), "cms.entry.l"),
        ("WEBINY", text(PK="T#root#L#en-US#PB#P#7", SK="L", _et="PbPagesEs"), "PbPagesEs"),
        ("WEBINY", text(PK="T#root", SK="A", _et="AdminUsersUser"), "AdminUsersUser"),
        ("AWS_LAMBDA_STREAM", text(pk="1", sk="thing", discriminator="thing"), "thing"),
        ("AWS_LAMBDA_STREAM", text(pk="1", sk="thing"), "thing"),
        ("AWS_LAMBDA_STREAM", text(pk="1", sk="thing|2"), "thing"),
        ("AWS_SAMPLES", text(PK="ORDER#1", EntityType="Order"), "Order"),
        ("AWS_SAMPLES", text(PK="ORDER#1", entityType="order"), "order"),
        ("AWS_SAMPLES", text(PK="ORDER#1", entity_type="order"), "order"),
        ("AWS_SAMPLES", text(PK="ORDER#1", type="order"), "order"),
        ("AWS_SAMPLES", text(PK="ORDER#1", itemType="order"), "order"),
    ],
)
def test_presets(preset: str, image: Any, name: str | None) -> None:
    """Each preset reads the entity from an item that its library wrote."""
    assert PRESETS[preset].read(image) == name


# tests/libraries/items.js made these with the libraries' own code.
WRITTEN = json.loads(Path(__file__).with_name("libraries").joinpath("items.json").read_text())


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: f"{row['library']} {row['how']} {row['entity']}")
def test_items_that_a_library_wrote(row: dict[str, Any]) -> None:
    """A preset reads the entity; nothing of an item without it, or with the name in an attribute of the user's choice."""
    preset = PRESETS[row["preset"]]
    name = preset.read(row["item"])
    assert (name.casefold() if preset.folds and name is not None else name) == row["entity"]


@pytest.mark.parametrize("preset", [name for name in PRESETS if name not in ("ELECTRODB", "AWS_LAMBDA_STREAM")])
def test_presets_of_attributes_read_no_keys(preset: str) -> None:
    """What a key looks like is the user's choice, so that a name in it would be a guess."""
    keys = text(pk="USER#1", sk="user#1", PK="Order#1", SK="order|1", id="User")
    assert PRESETS[preset].read(keys) is None


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "value", [{"N": "1"}, {"NULL": True}, {"S": ""}, {"SS": ["Order"]}, {"M": {"S": {"S": "Order"}}}]
)
def test_a_value_that_is_no_text_names_no_entity(preset: str, value: Any) -> None:
    """A preset reads texts only."""
    assert PRESETS[preset].read(dict.fromkeys(PRESETS[preset].attributes, value)) is None


def test_every_preset_is_public() -> None:
    """The documentation names every preset."""
    assert sorted(PRESETS) == [
        "AMPLIFY",
        "AWS_LAMBDA_STREAM",
        "AWS_SAMPLES",
        "DYNAMODB_BOOK",
        "DYNAMODB_TOOLBOX",
        "ELECTRODB",
        "ONETABLE",
        "PYNAMODB",
        "TYPEDORM",
        "WEBINY",
    ]


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_fold_where_their_library_lower_cases(preset: str) -> None:
    """Only presets of libraries that write keys in lower case fold names."""
    assert PRESETS[preset].folds is (preset in ("ELECTRODB", "AWS_LAMBDA_STREAM"))


ATTRIBUTES = sorted({"pk", "sk", *(name for preset in PRESETS.values() for name in preset.attributes)})
RULES = [
    *PRESETS.values(),
    among(discriminators.ELECTRODB, ["order"]),
    prefix("Type"),
    template("sk", "x{id}#{entity}*"),
    chain("cls", prefix("sk")),
]


@given(junk() | st.dictionaries(st.sampled_from(ATTRIBUTES), attribute_values() | junk()))
def test_junk_raises_nothing(image: Any) -> None:
    """Each rule returns a name or None for any image."""
    names = [rule.read(image) for rule in RULES]
    assert all(name is None or (isinstance(name, str) and name) for name in names)


# ---------------------------------------------------------------------------------------------------- of a whole record


def record(**body: Any) -> Record:
    raw = {"eventSource": "aws:dynamodb", "eventName": "MODIFY", "dynamodb": body}
    return receive({"Records": [raw]}).records[0]


@pytest.mark.parametrize("rule", [attribute("type"), folded("type"), chain("type"), function(lambda i: i["type"]["S"])])
@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"NewImage": text(type="New"), "OldImage": text(type="Old"), "Keys": text(type="Key")}, "New"),
        ({"OldImage": text(type="Old"), "Keys": text(type="Key")}, "Old"),
        ({"Keys": text(type="Key")}, "Key"),
        ({}, None),
    ],
)
def test_order_of_images(rule: Discriminator, body: Any, name: str | None) -> None:
    """The new image is read first, then the old one, then the keys."""
    assert entity_reader(rule)(record(**body)) == name


@pytest.mark.parametrize("rule", [attribute("type"), folded("type"), chain("type", "kind")])
@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"NewImage": text(id="1"), "OldImage": text(type="Old")}, "Old"),
        ({"NewImage": {"type": {"N": "1"}}, "OldImage": text(type="Old")}, "Old"),
        ({"NewImage": {"type": {"S": ""}}, "OldImage": text(id="1"), "Keys": text(type="Key")}, "Key"),
        ({"NewImage": {}, "OldImage": {}, "Keys": text(type="Key")}, "Key"),
        ({"NewImage": text(id="1"), "OldImage": text(id="1"), "Keys": text(id="1")}, None),
        ({"NewImage": text(id="1"), "Keys": None}, None),
    ],
)
def test_images_that_do_not_tell(rule: Discriminator, body: Any, name: str | None) -> None:
    """An image without a name is followed by the next one."""
    assert entity_reader(rule)(record(**body)) == name


# --------------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        (attribute("a"), "attribute('a')"),
        (prefix("pk"), "prefix('pk', '#')"),
        (prefix("pk", "|"), "prefix('pk', '|')"),
        (template("sk", "${entity}_{v}*"), "template('sk', '${entity}_{v}*')"),
        (chain("a", prefix("b")), "chain(attribute('a'), prefix('b', '#'))"),
        (folded("a"), "folded(attribute('a'))"),
    ],
)
def test_prints_as_written(rule: Discriminator, written: str) -> None:
    """The repr of a discriminator evaluates to an equal one."""
    assert repr(rule) == written
    assert eval(written, dict(vars(discriminators))) == rule  # noqa: S307 - the test evaluates a repr


@pytest.mark.parametrize(("rule", "written"), [(function(by_presence), "function(by_presence)")])
def test_function_prints_a_name(rule: Discriminator, written: str) -> None:
    """A function prints by its name."""
    assert repr(rule) == written


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (attribute("a"), "name"),
        (prefix("a"), "separator"),
        (template("a", "{entity}"), "pattern"),
        (chain("a"), "rules"),
        (folded("a"), "rule"),
        (function(by_presence), "call"),
    ],
)
def test_values(rule: Discriminator, field: str) -> None:
    """A discriminator can be hashed and cannot be changed."""
    assert isinstance(hash(rule), int)
    with pytest.raises(AttributeError):
        setattr(rule, field, None)


class Own:
    """A discriminator that a user wrote."""

    attributes = ("kind",)
    folds = False

    def read(self, image: Any) -> str | None:
        return "Own"


OWN = Own()


@pytest.mark.parametrize(
    ("rule", "discriminator"),
    [("kind", attribute("kind")), (by_presence, function(by_presence)), (prefix("pk"), prefix("pk")), (OWN, OWN)],
)
def test_discriminator_of(rule: Any, discriminator: Discriminator) -> None:
    """A string becomes an attribute rule, a function becomes a rule, and a discriminator stays itself."""
    assert discriminator_of(rule) == discriminator


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: attribute(""), "attribute() found an empty string as name, expected a string"),
        (
            lambda: attribute(7),  # type: ignore[arg-type]  # wrong on purpose
            "attribute() found a value of type int as name, expected a string",
        ),
        (lambda: prefix(""), "prefix() found an empty string as name, expected a string"),
        (lambda: prefix("pk", ""), "prefix() found an empty string as separator, expected a string"),
        (lambda: template("", "{entity}"), "template() found an empty string as name, expected a string"),
        (lambda: template("pk", ""), "template() found an empty string as pattern, expected a string"),
        (
            lambda: template("pk", "{id}"),
            "template() found the pattern '{id}', expected one with {entity} exactly once: '{entity}#{id}'",
        ),
        (
            lambda: template("pk", "{entity}{entity}"),
            "template() found the pattern '{entity}{entity}', expected one with {entity} exactly once: '{entity}#{id}'",
        ),
        (
            lambda: function("kind"),  # type: ignore[arg-type]  # wrong on purpose
            "function() found a value of type str, expected a function of the wire image",
        ),
        (chain, "chain() found no rule, expected at least one: chain('EntityType', prefix('pk'))"),
        (
            lambda: chain("a", 7),  # type: ignore[arg-type]  # wrong on purpose
            "found a value of type int as the discriminator, expected an attribute's name, a function of the wire image, "
            "or one of router.discriminators",
        ),
        (
            lambda: folded(None),  # type: ignore[arg-type]  # wrong on purpose
            "found a value of type NoneType as the discriminator, expected an attribute's name, a function of the wire image, "
            "or one of router.discriminators",
        ),
        (lambda: discriminator_of(""), "attribute() found an empty string as name, expected a string"),
    ],
)
def test_refuses(make: Callable[[], object], message: str) -> None:
    """A wrong argument is refused; the message says what was found and what is expected."""
    with pytest.raises(RegistrationError) as caught:
        make()
    assert str(caught.value) == message


def test_a_function_that_returns_the_member_of_an_enum() -> None:
    """A function may return a member of a ``(str, Enum)``: the name is its value, as a plain text."""

    class Kind(str, enum.Enum):  # noqa: UP042 - unlike a StrEnum it prints its name
        ORDER = "Order"

    name = function(lambda image: Kind.ORDER).read({})
    assert (name, type(name)) == ("Order", str)
    assert repr(attribute(Kind.ORDER)) == "attribute('Order')"
