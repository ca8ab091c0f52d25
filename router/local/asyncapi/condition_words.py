"""A route's condition in words, and as a structure."""

from __future__ import annotations

from typing import Any

from router.conditions import ANYTHING, AllOf, AnyOf, Became, Changed, Not, Where
from router.naming import written_value

__all__ = ["condition_structure", "condition_words"]


def condition_words(condition: Any) -> str:
    """Say a condition in words.

    Args:
        condition: The condition.

    Example:
        >>> from router import changed, not_
        >>> condition_words(not_(changed("status", to="SHIPPED")))
        "not (status changes to 'SHIPPED')"
    """
    match condition:
        case Became():
            return f"{condition.attributes[0]} becomes {written_value(condition.to)}"
        case Changed():
            one_of = "one of " if len(condition.attributes) > 1 else ""
            before = "" if condition.from_ is ANYTHING else f" from {written_value(condition.from_)}"
            after = "" if condition.to is ANYTHING else f" to {written_value(condition.to)}"
            return f"{one_of}{', '.join(condition.attributes)} changes{before}{after}"
        case AllOf():
            return " and ".join(map(_bracketed, condition.conditions))
        case AnyOf():
            return " or ".join(map(_bracketed, condition.conditions))
        case Not():
            return f"not ({condition_words(condition.condition)})"
        case Where():
            return f"{repr(condition)[6:-1]} is true of the change"
        case _:
            return repr(condition)


def condition_structure(condition: Any) -> dict[str, Any]:
    """A condition as plain data; values are written as in source code.

    Args:
        condition: The condition.

    Example:
        >>> from router import became
        >>> condition_structure(became("status", "SHIPPED"))
        {'changed': ['status'], 'to': "'SHIPPED'"}
    """
    match condition:
        case Changed():
            ends = {"from": condition.from_, "to": condition.to}
            given = {name: written_value(value) for name, value in ends.items() if value is not ANYTHING}
            return {"changed": list(condition.attributes), **given}
        case AllOf():
            return {"all_of": [condition_structure(part) for part in condition.conditions]}
        case AnyOf():
            return {"any_of": [condition_structure(part) for part in condition.conditions]}
        case Not():
            return {"not": condition_structure(condition.condition)}
        case Where():
            return {"where": repr(condition)[6:-1]}
        case _:
            return {"custom": repr(condition)}


def _bracketed(condition: Any) -> str:
    words = condition_words(condition)
    return f"({words})" if isinstance(condition, AllOf | AnyOf) else words
