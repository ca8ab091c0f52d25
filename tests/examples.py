"""How many examples a property test of Hypothesis takes."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["examples"]

_DEFAULT = 100  # of Hypothesis


def examples(number: int) -> int:
    """Scale a number of examples as the profile scales Hypothesis's default: ``make test`` takes a fifth.

    Args:
        number: The number of examples in `.ci/run`.
    """
    return number * settings().max_examples // _DEFAULT
