"""``router.local.streams.redaction``: pseudonyms of the same type and length, the same for the same value."""

from __future__ import annotations

import itertools
from base64 import b64decode, b64encode
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.discriminators import attribute
from router.errors import DecodeError
from router.local.streams.redaction import Redaction, RedactionError
from router.wire.compare import same
from router.wire.decode import decode_image
from tests.strategies import attribute_values, base64, images, numbers

Wire = dict[str, Any]


def redacted(value: Wire, key: str | None = "key") -> Wire:
    """The pseudonym of one value."""
    result: Wire = Redaction(["it"], key=key).image({"it": value})["it"]
    return result


def text(value: str) -> str:
    return str(redacted({"S": value})["S"])


def number(value: str) -> str:
    return str(redacted({"N": value})["N"])


def shape(value: Wire) -> Any:
    """What redaction keeps of a value: types, names, counts and sizes."""
    ((tag, content),) = value.items()
    match tag:
        case "M":
            return tag, {name: shape(member) for name, member in content.items()}
        case "L":
            return tag, [shape(member) for member in content]
        case "SS" | "NS" | "BS":
            return tag, [shape({tag[0]: member}) for member in content], len(set(content))
        case "S":
            return tag, len(content), len(content.encode())
        case "N":
            digits = Decimal(content).as_tuple()
            significant = "".join(map(str, digits.digits)).strip("0")
            return tag, len(content), digits.sign, digits.exponent, len(digits.digits), len(significant)
        case "B":
            return tag, len(content), len(b64decode(content, validate=True))
        case _:
            return tag


class TestAnyValue:
    @given(attribute_values(), st.text(min_size=1).filter(str.strip))
    def test_types_lengths_and_counts_stay(self, value: Wire, key: str) -> None:
        """Characters, bytes, digits, members and names are as many as before, at every depth."""
        assert shape(redacted(value, key)) == shape(value)

    @given(attribute_values())
    def test_a_pseudonym_has_a_pseudonym_of_the_same_shape(self, value: Wire) -> None:
        """Redacting again changes values only."""
        assert shape(redacted(redacted(value))) == shape(value)

    @given(images())
    def test_pseudonyms_decode(self, image: Wire) -> None:
        """Every pseudonym is a valid attribute value."""
        assert decode_image(Redaction(["*"]).image(image)).keys() == image.keys()

    @given(images(), images())
    def test_other_attributes_stay(self, image: Wire, inner: Wire) -> None:
        """Attributes that no pattern matches are unchanged."""
        before = {**image, "it": {"M": inner}}
        after = Redaction(["it"]).image(before)
        assert {name: after[name] for name in image if name != "it"} == {
            name: image[name] for name in image if name != "it"
        }

    @given(images())
    def test_the_given_image_is_not_changed(self, image: Wire) -> None:
        """Redaction returns a new image."""
        before = repr(image)
        Redaction(["*"]).image(image)
        assert repr(image) == before

    @given(attribute_values(), attribute_values())
    def test_scalars_are_one_to_one(self, left: Wire, right: Wire) -> None:
        """Different values have different pseudonyms, so a change remains a change."""
        if {"L", "M", "BOOL", "NULL"}.isdisjoint({*left, *right}):
            redaction = Redaction(["it"])
            pair = [redaction.image({"it": value})["it"] for value in (left, right)]
            assert (pair[0] == pair[1]) == (left == right)

    @given(st.lists(st.text(max_size=3) | numbers() | base64(), unique=True))
    def test_sets_keep_their_members_apart(self, members: list[str]) -> None:
        """A set keeps the number of its members."""
        assert len(set(redacted({"SS": members})["SS"])) == len(members)


class TestText:
    def test_kinds_of_characters_stay(self) -> None:
        """Digits, capitals and small letters change within their kind; ASCII punctuation and spaces stay."""
        before = "CUSTOMER#42 <ada.l@Example.com>"
        after = text(before)
        assert after != before
        assert [(each.isdigit(), each.isupper(), each.islower()) for each in after] == [
            (each.isdigit(), each.isupper(), each.islower()) for each in before
        ]
        assert [each for each in after if not each.isalnum()] == [each for each in before if not each.isalnum()]

    @pytest.mark.parametrize("before", ["Füße", "漢字かな", "Жизнь", "🎉🎈"])
    def test_other_scripts_change_too(self, before: str) -> None:
        """A character becomes another of its kind with the same number of bytes."""
        after = text(before)
        assert set(after).isdisjoint(before)
        assert [len(each.encode()) for each in after] == [len(each.encode()) for each in before]

    def test_every_text_of_a_shape_has_a_pseudonym_of_its_own(self) -> None:
        """The pseudonyms of all texts of a shape are all texts of that shape."""
        before = ["".join(each) for each in itertools.product("abcdefghijklmnopqrstuvwxyz", "ABCDEFG", "0123456789")]
        assert len({text(each) for each in before}) == len(before)

    def test_a_single_character_never_stays(self) -> None:
        """No text of one letter is its own pseudonym."""
        assert all(text(letter) != letter for letter in "abcdefghijklmnopqrstuvwxyz")

    def test_a_long_text_is_redacted_whole(self) -> None:
        """No part of a long text stays readable."""
        before = "secret " * 5000
        assert "secret" not in text(before)

    @pytest.mark.parametrize(("before", "alike"), [("ada@example.com", "adb@example.com"), ("10000", "10001")])
    def test_similar_texts_have_different_pseudonyms(self, before: str, alike: str) -> None:
        """One character changes all others."""
        same_place = [left == right for left, right in zip(text(before), text(alike), strict=True)]
        assert same_place.count(True) < len(before) / 2 + sum(not each.isalnum() for each in before)


class TestNumbers:
    @pytest.mark.parametrize("before", ["-12.50", "1000", "0.0012", "99999999999999999999999999999999999999", "1E+20"])
    def test_signs_points_zeros_at_the_ends_and_exponents_stay(self, before: str) -> None:
        """The parts that determine a number's size stay."""
        after = number(before)
        kept = [place for place, each in enumerate(before) if not each.isdigit()]
        assert [after[place] for place in kept] == [before[place] for place in kept]
        assert len(after.rstrip("0")) == len(before.rstrip("0"))

    def test_zero_stays(self) -> None:
        """Zero has no other number of its shape."""
        assert number("0") == "0"

    @given(numbers().filter(Decimal), numbers().filter(Decimal))
    def test_numbers_stay_different_numbers(self, left: str, right: str) -> None:
        """Different numbers have different pseudonyms."""
        if shape({"N": left}) == shape({"N": right}):
            assert same({"N": number(left)}, {"N": number(right)}) == same({"N": left}, {"N": right})


def test_a_boolean_becomes_false() -> None:
    """A pseudonym of two values would be their exchange."""
    assert [redacted({"BOOL": each}) for each in (True, False)] == [{"BOOL": False}, {"BOOL": False}]


def test_binary_values_stay_base64_of_as_many_bytes() -> None:
    """The bytes change."""
    before = b64encode(bytes(range(50))).decode()
    after = redacted({"B": before})["B"]
    assert len(b64decode(after, validate=True)) == 50
    assert after != before


class TestConsistency:
    def test_one_value_has_one_pseudonym_wherever_it_stands(self) -> None:
        """Attributes, depths, sets and images do not matter."""
        redaction = Redaction(["email", "mails", "pk"])
        mail = {"S": "ada@example.com"}
        image = {"pk": mail, "email": mail, "lines": {"L": [{"M": {"email": mail}}]}, "mails": {"SS": [mail["S"]]}}
        body = {"Keys": {"pk": mail}, "NewImage": image, "OldImage": image}
        after = redaction.record({"eventID": "1", "dynamodb": body})["dynamodb"]
        found = {
            after["Keys"]["pk"]["S"],
            after["OldImage"]["email"]["S"],
            after["NewImage"]["lines"]["L"][0]["M"]["email"]["S"],
            after["NewImage"]["mails"]["SS"][0],
        }
        assert len(found) == 1
        assert "ada@example.com" not in found

    def test_a_key_makes_pseudonyms_stable(self) -> None:
        """Two recordings with the same key have the same pseudonyms."""
        assert redacted({"S": "ada@example.com"}, "one") == redacted({"S": "ada@example.com"}, "one")

    def test_another_key_makes_other_pseudonyms(self) -> None:
        """Pseudonyms cannot be found by trial without the key."""
        assert redacted({"S": "ada@example.com"}, "one") != redacted({"S": "ada@example.com"}, "two")

    def test_without_a_key_two_recordings_do_not_agree(self) -> None:
        """The default key is random."""
        assert redacted({"S": "ada@example.com"}, None) != redacted({"S": "ada@example.com"}, None)

    def test_pseudonyms_of_a_key_are_the_same_for_ever(self) -> None:
        """Recordings of older releases have the same pseudonyms."""
        assert redacted({"S": "ada@example.com"}, "one") == {"S": "xdl@ojuztpe.pxe"}


IMAGE: Wire = {
    "EntityType": {"S": "Order"},
    "email": {"S": "ada"},
    "first_name": {"S": "Ada"},
    "address": {"M": {"city": {"S": "Paris"}, "EntityType": {"S": "Home"}}},
    "lines": {"L": [{"M": {"email": {"S": "ada"}, "city": {"S": "Paris"}}}]},
    "a.b": {"S": "ada"},
}


def touched(*patterns: str, kept: tuple[str, ...] = ("EntityType",)) -> set[str]:
    """The paths at which patterns change a value."""
    after = Redaction(patterns, key="key", kept=kept).image(IMAGE)
    pairs = {
        **{name: (IMAGE[name], after[name]) for name in ("EntityType", "email", "first_name", "a.b")},
        "address.city": (IMAGE["address"]["M"]["city"], after["address"]["M"]["city"]),
        "address.EntityType": (IMAGE["address"]["M"]["EntityType"], after["address"]["M"]["EntityType"]),
        "lines.email": tuple(image["lines"]["L"][0]["M"]["email"] for image in (IMAGE, after)),
        "lines.city": tuple(image["lines"]["L"][0]["M"]["city"] for image in (IMAGE, after)),
    }
    return {path for path, (before, now) in pairs.items() if before != now}


class TestPatterns:
    @pytest.mark.parametrize(
        ("patterns", "paths"),
        [
            (["email"], {"email", "lines.email"}),
            (["Email"], set()),
            (["*_name"], {"first_name"}),
            (["e?ai[kl]"], {"email", "lines.email"}),
            (["address"], {"address.city", "address.EntityType"}),
            (["address.city"], {"address.city"}),
            (["lines.*"], {"lines.email", "lines.city"}),
            (["city"], {"address.city", "lines.city"}),
            (["a.b"], {"a.b"}),
            (["email", "city"], {"email", "lines.email", "address.city", "lines.city"}),
            ([], set()),
        ],
    )
    def test_a_pattern_means_names_at_any_depth_and_paths(self, patterns: list[str], paths: set[str]) -> None:
        """Names, globs and paths without list positions match; case counts."""
        assert touched(*patterns) == paths

    def test_a_glob_leaves_the_discriminator(self) -> None:
        """Only the attribute at the top level stays."""
        everything = touched("*")
        assert "EntityType" not in everything
        assert len(everything) == 7
        assert attribute("EntityType").read(Redaction(["*"]).image(IMAGE)) == "Order"

    def test_a_discriminator_that_is_named_is_redacted(self) -> None:
        """Its full name redacts it."""
        assert "EntityType" in touched("EntityType")

    def test_the_discriminator_may_have_another_name(self) -> None:
        """Then EntityType is an ordinary attribute."""
        assert "EntityType" in touched("*", kept=("email",))
        assert "email" not in touched("*", kept=("email",))

    def test_unmatched_patterns_are_listed(self) -> None:
        """A misspelt name leaves values readable."""
        redaction = Redaction(["email", "emial"])
        redaction.image(IMAGE)
        assert (redaction.unmatched, dict(redaction.counts)) == (["emial"], {"email": 2})

    def test_an_empty_pattern_is_refused(self) -> None:
        """An empty pattern matches no attribute."""
        with pytest.raises(RedactionError, match="found an empty pattern to redact, expected"):
            Redaction([""])

    @pytest.mark.parametrize("key", ["", "  "])
    def test_an_empty_key_is_refused(self, key: str) -> None:
        """An empty key is usually an unset variable."""
        with pytest.raises(RedactionError, match="found an empty key"):
            Redaction(["email"], key=key)


@pytest.mark.parametrize(
    "value",
    [
        {"X": "s3cret"},
        {"N": "s3cret"},
        {"B": "s3cret!"},
        {"S": 860675309},
        {"SS": "s3cret"},
        {"NS": ["s3cret"]},
        "s3cret",
    ],
)
def test_an_invalid_value_is_refused_without_showing_it(value: Any) -> None:
    """The error holds the path only."""
    with pytest.raises(DecodeError) as caught:
        Redaction(["it"]).image({"in": {"M": {"it": value}}})
    assert "'in.it'" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "860675309" not in str(caught.value)
