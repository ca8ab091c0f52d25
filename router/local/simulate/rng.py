"""Where chance comes from: repeatable, and apart for each thing that is left to it."""

from __future__ import annotations

from random import Random

__all__ = ["chance"]


def chance(seed: int, *what: object) -> Random:
    """Random numbers of their own for one thing, so that what else is drawn changes nothing in them.

    Args:
        seed: The same seed gives the same numbers.
        what: What they are for.

    Example:
        >>> chance(1, "lane", 7).random() == chance(1, "lane", 7).random() != chance(1, "lane", 8).random()
        True
    """
    return Random("/".join(map(str, (seed, *what))))  # noqa: S311 - nothing here is secret
