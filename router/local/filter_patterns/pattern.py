"""The class that users see: a filter pattern that is read once and matches many records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.errors import RouterError
from router.local.filter_patterns.expressions import InvalidPatternError
from router.local.filter_patterns.fields import holds, reader
from router.local.filter_patterns.parse import Rule, parse

__all__ = ["FilterPattern", "FilterPatternError"]


class FilterPatternError(RouterError, ValueError):
    """Lambda would refuse the filter pattern; the text is what Lambda says, which is always the same.

    Args:
        reason: What is wrong with it, in the words of Event Ruler, which Lambda does not pass on.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("Invalid filter pattern definition.")
        self.reason = reason


class FilterPattern:
    """A filter pattern of an event source mapping, matched as AWS Event Ruler does it.

    Keys have to hold all, values of an array any, ``$or`` any of its objects. Numbers of items are strings on the wire,
    so ``numeric`` never holds for them.
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html

    Args:
        text: The pattern as JSON text, as it stands in ``FilterCriteria``.

    Raises:
        FilterPatternError: Lambda would refuse it.

    Example:
        >>> pattern = FilterPattern('{"eventName": ["INSERT", {"prefix": "MOD"}]}')
        >>> pattern.matches({"eventName": "MODIFY"}), pattern.matches({"eventName": "REMOVE"})
        (True, False)
    """

    __slots__ = ("_read", "_rules", "text")

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise FilterPatternError(f"found a pattern of type {type(text).__name__}, expected JSON text")
        self.text = text
        try:
            self._rules = parse(text)
        except InvalidPatternError as error:
            raise FilterPatternError(str(error)) from error
        self._read = reader(self._rules)

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether an event, such as one record of a stream, passes.

        Args:
            event: A JSON object as Python has it after ``json.loads``.
        """
        fields = self._read(event)
        return any(holds(rule, fields) for rule in self._rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What the pattern was read into: paths and what has to hold there, of which one is enough."""
        return self._rules

    @property
    def names(self) -> frozenset[str]:
        """The names at the top of a record that the pattern looks at."""
        return frozenset(path.partition(".")[0] for rule in self._rules for path, _ in rule)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FilterPattern) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"FilterPattern({self.text!r})"
