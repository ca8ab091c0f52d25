"""Counted nouns for messages: ``1 record``, ``2 records``, ``3 retries``."""

from __future__ import annotations

__all__ = ["counted", "plural"]


def plural(noun: str, number: int) -> str:
    """The noun in singular or plural.

    Args:
        noun: The noun in singular.
        number: How many there are.

    Example:
        >>> plural("record", 2), plural("retry", 0), plural("retry", 1)
        ('records', 'retries', 'retry')
    """
    if number == 1:
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """The number and the noun.

    Args:
        number: How many there are.
        noun: The noun in singular.

    Example:
        >>> counted(1, "record"), counted(2, "record")
        ('1 record', '2 records')
    """
    return f"{number} {plural(noun, number)}"
