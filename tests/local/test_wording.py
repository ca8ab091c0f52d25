"""``router.local.wording``: counted nouns."""

import pytest

from router.local.wording import counted, plural


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(0, "record", "0 records"), (1, "record", "1 record"), (2, "retry", "2 retries"), (1, "retry", "1 retry")],
)
def test_a_noun_follows_its_number(number: int, noun: str, text: str) -> None:
    """Only one thing is singular; a final y becomes ies."""
    assert counted(number, noun) == text
    assert text.endswith(plural(noun, number))
