"""The public class: a filter pattern, parsed once for many records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.errors import RouterError
from router.local.filter_patterns.expressions import InvalidPatternError
from router.local.filter_patterns.fields import holds, reader
from router.local.filter_patterns.parse import Rule, parse

__all__ = ["FilterPattern", "FilterPatternError"]

_LONGEST_SHOWN = 200  # characters of a pattern in a message


class FilterPatternError(RouterError, ValueError):
    """Lambda refuses the filter pattern; the text is Lambda's message, which is always the same.

    Args:
        reason: Event Ruler's message, which Lambda does not pass on.
        pattern: The pattern.

    Attributes:
        explanation: The text with the pattern and the reason.
    """

    def __init__(self, reason: str, pattern: object = "") -> None:
        super().__init__("Invalid filter pattern definition.")
        self.reason = reason
        shown = str(pattern)
        shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..."
        self.explanation = f"{self} Found the pattern {shown!r}: {reason}"


class FilterPattern:
    """A filter pattern of an event source mapping, with the semantics of AWS Event Ruler.

    All keys must match, one value of each array, and one object of ``$or``. Numbers of items are strings on the wire,
    so ``numeric`` never matches them.
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html

    Args:
        text: The JSON text of ``Pattern`` in ``FilterCriteria``.

    Raises:
        FilterPatternError: Lambda refuses the pattern.

    Example:
        >>> pattern = FilterPattern('{"eventName": ["INSERT", {"prefix": "MOD"}]}')
        >>> pattern.matches({"eventName": "MODIFY"}), pattern.matches({"eventName": "REMOVE"})
        (True, False)
    """

    __slots__ = ("_read", "_rules", "text")

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise FilterPatternError(f"found a pattern of type {type(text).__name__}, expected JSON text", text)
        self.text = text
        try:
            self._rules = parse(text)
        except InvalidPatternError as error:
            raise FilterPatternError(str(error), text) from error
        self._read = reader(self._rules)

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether the pattern matches an event, such as one record of a stream.

        Args:
            event: A JSON object, as ``json.loads`` returns it.
        """
        fields = self._read(event)
        return any(holds(rule, fields) for rule in self._rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, each of paths with their tests; the pattern matches if one rule holds."""
        return self._rules

    @property
    def names(self) -> frozenset[str]:
        """The top-level fields of a record that the pattern tests."""
        return frozenset(path.partition(".")[0] for rule in self._rules for path, _ in rule)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FilterPattern) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"FilterPattern({self.text!r})"
