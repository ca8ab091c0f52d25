"""Repeatable random numbers, with a sequence of its own for each purpose."""

from __future__ import annotations

from random import Random

__all__ = ["random_for"]


def random_for(seed: int, *purpose: object) -> Random:
    """Random numbers for one purpose, independent of how many are drawn for others.

    Args:
        seed: The same seed gives the same numbers.
        purpose: The purpose.

    Example:
        >>> random_for(1, "lane", 7).random() == random_for(1, "lane", 7).random() != random_for(1, "lane", 8).random()
        True
    """
    return Random("/".join(map(str, (seed, *purpose))))  # noqa: S311 - for statistics, not for secrets
