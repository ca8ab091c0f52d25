"""Values of a resolved template that are no plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["NOTHING", "MadeUp", "StreamOf", "Unknown", "first_unknown", "same_kind"]

NOTHING = object()
"""The value of ``!Ref AWS::NoValue``: the property is removed."""


@dataclass(frozen=True)
class Unknown:
    """A value that is unknown before deployment.

    Args:
        written: The intrinsic function that gives the value, in its short form: ``!ImportValue``.
    """

    written: str


@dataclass(frozen=True)
class StreamOf:
    """The ARN of a table's stream.

    Args:
        logical_id: The table's logical ID.
    """

    logical_id: str


class MadeUp(str):
    """A text that differs in each account or stack, such as the account's ID: no comparison with it is known."""

    __slots__ = ()


def first_unknown(value: Any) -> Unknown | None:
    """The first :class:`Unknown` in a resolved value; ``None`` if all of it is known.

    Args:
        value: The value.
    """
    if isinstance(value, Unknown):
        return value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for found in map(first_unknown, inner) if found is not None), None)


def same_kind(text: str, *parts: Any) -> str:
    """A text as :class:`MadeUp` if one of the parts that it is composed of is.

    Args:
        text: The text.
        parts: The parts.
    """
    return MadeUp(text) if any(isinstance(part, MadeUp) for part in parts) else text
