"""Items, keys and values of the command line."""

from pathlib import Path

import pytest

from router.cli.errors import CommandLineError
from router.cli.written_items import item_of, key_of, read_item, value_of


def test_plain_json_becomes_dynamodb_json() -> None:
    """A number keeps its digits."""
    assert item_of('{"id": "1", "total": 0.10, "lines": [{"n": null}]}', "ITEM") == {
        "id": {"S": "1"},
        "total": {"N": "0.10"},
        "lines": {"L": [{"M": {"n": {"NULL": True}}}]},
    }


def test_dynamodb_json_stays_as_it_is() -> None:
    """Sets and binary have no other form."""
    text = '{"id": {"S": "1"}, "tags": {"SS": ["a"]}, "icon": {"B": "aWNvbg=="}}'
    assert item_of(text, "ITEM")["icon"] == {"B": "aWNvbg=="}


def test_one_plain_attribute_makes_the_item_plain() -> None:
    """A map may have a key such as S."""
    assert item_of('{"id": "1", "sizes": {"S": "small"}}', "ITEM")["sizes"] == {"M": {"S": {"S": "small"}}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "found no JSON in ITEM"),
        ("[]", "found a JSON list in ITEM, expected an object"),
        ('{"id": {"N": "x"}}', "found no DynamoDB JSON in id of ITEM"),
        ('{"id": {"B": "?"}}', "found no DynamoDB JSON in id of ITEM"),
        ('{"id": NaN}', "found id of ITEM with a value that no attribute can have"),
    ],
)
def test_an_item_that_is_none(text: str, message: str) -> None:
    """The message names the attribute and no value."""
    with pytest.raises(CommandLineError, match=message):
        item_of(text, "ITEM")


def test_an_item_in_a_file(tmp_path: Path) -> None:
    """As standard input has it."""
    (tmp_path / "item.json").write_text('{"id": "1"}', encoding="utf-8")
    assert read_item(str(tmp_path / "item.json")) == {"id": {"S": "1"}}


TYPES = {"pk": "S", "at": "N"}


@pytest.mark.parametrize(
    "parts", [["pk=a=b", "at=5"], ['{"pk": "a=b", "at": 5}'], ['{"pk": {"S": "a=b"}, "at": {"N": "5"}}']]
)
def test_a_key(parts: list[str]) -> None:
    """As dev prints it, or as JSON."""
    assert key_of(parts, TYPES) == {"pk": {"S": "a=b"}, "at": {"N": "5"}}


@pytest.mark.parametrize("parts", [["pk=a"], ["pk=a", "at=5", "b=1"], ["{}"], ["pk=a", "at=x"], ["pk"]])
def test_a_key_that_is_none(parts: list[str]) -> None:
    """Parts are missing, too many, or of another type."""
    with pytest.raises(CommandLineError):
        key_of(parts, TYPES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SHIPPED", {"S": "SHIPPED"}),
        ("5.50", {"N": "5.50"}),
        ('"5"', {"S": "5"}),
        ("007", {"S": "007"}),
        ("null", {"NULL": True}),
        ("NaN", {"S": "NaN"}),
        ('{"BS": ["aWNvbg=="]}', {"BS": ["aWNvbg=="]}),
        ('{"S": 5}', None),
    ],
)
def test_a_value(text: str, value: dict[str, object] | None) -> None:
    """JSON where the text is JSON."""
    if value is None:
        with pytest.raises(CommandLineError):
            value_of(text, "a")
    else:
        assert value_of(text, "a") == value
