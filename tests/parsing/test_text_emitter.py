"""Generated code constrains and changes texts as pydantic does, or does not handle the image."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, StringConstraints

from tests.parsing.kinds import are_handled, is_handled

TEXTS = ("", "a", "abc", "abcd", " ab ", "\x1fab\x1f", "\xa0ab\xa0", "Ab", "ÀB", "ﬁ", "💥", "a\n", "\ud800", "İ")
CONSTRAINTS: list[dict[str, Any]] = [
    *({"min_length": 1}, {"max_length": 3}, {"min_length": 2, "max_length": 3}, {"pattern": "^[a-z]+$"}),
    *({"strip_whitespace": True}, {"to_lower": True}, {"to_upper": True}, {"strip_whitespace": True, "max_length": 2}),
    *({"to_lower": True, "to_upper": True}, {"strip_whitespace": True, "to_upper": True, "min_length": 1}),
]


@pytest.mark.parametrize("constraints", CONSTRAINTS)
def test_constrained(constraints: dict[str, Any]) -> None:
    """A text with constraints is the one that pydantic gives."""
    are_handled(Annotated[str, StringConstraints(**constraints)], [{"S": text} for text in TEXTS])


@pytest.mark.parametrize(
    "config",
    [
        *({"str_strip_whitespace": True}, {"str_max_length": 3}, {"str_to_lower": True, "str_min_length": 1}),
        *({"str_to_upper": True}, {"str_strip_whitespace": False}, {"coerce_numbers_to_str": True}),
    ],
)
def test_settings_of_the_model(config: dict[str, Any]) -> None:
    """The config of the model constrains each text, and a field may say otherwise."""
    for kind in (str, Annotated[str, StringConstraints(strip_whitespace=False, max_length=2)]):
        are_handled(kind, [{"S": text} for text in TEXTS], **config)
    are_handled(set[str], [{"SS": [text]} for text in TEXTS], **config)


@pytest.mark.parametrize(("text", "handled"), [("abc", True), ("äbc", True), ("abcd", False), ("äbcd", False)])
def test_length(text: str, handled: bool) -> None:
    """A text of any characters is handled if the field accepts it."""
    assert is_handled(Annotated[str, Field(max_length=3)], {"S": text}) == handled


@pytest.mark.parametrize("wire", [{"N": "1"}, {"S": 1}, {"S": b"a"}, {"S": "a", "N": "1"}])
def test_no_text(wire: Any) -> None:
    """A value that is no text is left."""
    assert not is_handled(Annotated[str, Field(max_length=3)], wire)
