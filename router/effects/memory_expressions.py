"""Evaluates the expressions of DynamoDB that the effects use, on items in memory.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from router.effects.attributes import EXACT
from router.errors import RouterError

__all__ = ["Equality", "Expression", "scalar"]

Item = dict[str, Any]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?\w+)")
_CLAUSES: Final = ("SET", "REMOVE", "ADD")
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Equality(NamedTuple):
    """An attribute and the value that it must have.

    Args:
        attribute: The name of the attribute.
        value: The value as :func:`scalar` has it.
    """

    attribute: str
    value: Hashable


class Expression:
    """A condition or an update, read from its beginning.

    :class:`MemoryTables` says what it may have.

    Args:
        text: The expression.
        request: The request with its names and values.

    Raises:
        RouterError: It has something else.
    """

    def __init__(self, text: str, request: Mapping[str, Any]) -> None:
        self._names: Mapping[str, str] = request.get("ExpressionAttributeNames", {})
        self._values: Mapping[str, Any] = request.get("ExpressionAttributeValues", {})
        self._tokens: list[str] = []
        end = 0
        while text[end:].strip():
            match = _TOKEN.match(text, end)
            if match is None:
                raise _unknown(text[end:].strip()[0])
            self._tokens.append(match[1])
            end = match.end()
        self._item: Item = {}

    def holds(self, item: Item) -> bool:
        """Whether an item meets the condition."""
        self._item, self._rest = item, [*self._tokens]
        met = self._any()
        if self._rest:
            raise _unknown(self._rest[0])
        return met

    @property
    def equality(self) -> Equality | None:
        """An attribute that has one value in each item that meets the condition, such as the partition key of a query.

        ``None`` if the condition names no such attribute.
        """
        if any(token.upper() in ("OR", "NOT") for token in self._tokens):
            return None
        for path, sign, value in zip(self._tokens, self._tokens[1:], self._tokens[2:], strict=False):
            if sign == "=" and path not in (")", *self._values) and (wanted := self._values.get(value)) is not None:
                return Equality(self._names.get(path, path), scalar(wanted))
        return None

    def updated(self, item: Item) -> Item:
        """The item after the update; what is assigned is computed from the item before it."""
        self._item, self._rest = item, [*self._tokens]
        new, clause = dict(item), ""
        while self._rest:
            if self._rest[0].upper() in _CLAUSES:
                clause = self._take().upper()
            elif self._rest[0] == ",":
                self._take()
            elif clause == "SET":
                self._set(new)
            elif clause == "ADD":
                self._add(new)
            elif clause == "REMOVE":
                new.pop(self._path(), None)
            else:
                raise _unknown(self._rest[0])
        return new

    # --------------------------------------------------------------------------------------------------- conditions

    def _any(self) -> bool:
        met = self._all()
        while self._next_is("OR"):
            met = self._all() or met
        return met

    def _all(self) -> bool:
        met = self._one()
        while self._next_is("AND"):
            met = self._one() and met
        return met

    def _one(self) -> bool:
        if self._next_is("NOT"):
            return not self._one()
        if self._next_is("("):
            met = self._any()
            self._expect(")")
            return met
        if self._rest[1:2] == ["("] and not self._rest[0].startswith(("#", ":")):
            return self._function()
        left = self._operand()
        if self._next_is("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            return _compare(operator.ge, left, low) & _compare(operator.le, left, self._operand())
        sign = self._take()
        if sign not in _COMPARISONS:
            raise _unknown(sign)
        return _compare(_COMPARISONS[sign], left, self._operand())

    def _function(self) -> bool:
        name = self._take()
        self._expect("(")
        if name in ("attribute_exists", "attribute_not_exists"):
            met = (self._path() in self._item) is (name == "attribute_exists")
        elif name == "begins_with":
            value = self._operand()
            self._expect(",")
            prefix = self._operand()
            met = value is not None and prefix is not None and _plain(value).startswith(_plain(prefix))
        else:
            raise _unknown(name)
        self._expect(")")
        return met

    # ------------------------------------------------------------------------------------------------------ updates

    def _set(self, new: Item) -> None:
        path = self._path()
        self._expect("=")
        value = self._operand()
        while self._rest and self._rest[0] in "+-":
            combine = EXACT.add if self._take() == "+" else EXACT.subtract
            value = _number(combine(_plain(value), _plain(self._operand())))
        new[path] = value

    def _add(self, new: Item) -> None:
        path = self._path()
        amount = _plain(self._operand())
        if not isinstance(amount, Decimal):
            raise _unknown("ADD of a set")
        new[path] = _number(EXACT.add(_plain(self._item.get(path, {"N": "0"})), amount))

    # ------------------------------------------------------------------------------------------------------- tokens

    def _operand(self) -> Any:
        """An attribute value; ``None`` for an attribute that the item lacks."""
        if self._rest[0] == "if_not_exists":
            self._take()
            self._expect("(")
            stored = self._item.get(self._path())
            self._expect(",")
            other = self._operand()
            self._expect(")")
            return other if stored is None else stored
        if self._rest[0].startswith(":"):
            return self._values[self._take()]
        return self._item.get(self._path())

    def _path(self) -> str:
        token = self._take()
        return self._names[token] if token.startswith("#") else token

    def _take(self) -> str:
        return self._rest.pop(0)

    def _next_is(self, word: str) -> bool:
        found = bool(self._rest) and self._rest[0].upper() == word
        if found:
            self._take()
        return found

    def _expect(self, word: str) -> None:
        if not self._next_is(word):
            raise _unknown(self._rest[0] if self._rest else "the end")


def _compare(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    """Compare two attribute values: those of different types, or one and none, are only unequal."""
    if left is None or right is None or left.keys() != right.keys():
        return compare is operator.ne
    return compare(_plain(left), _plain(right))


def _plain(value: Any) -> Any:
    """What an attribute value is compared and computed by: texts by their bytes."""
    ((tag, content),) = value.items()
    if tag == "N":
        return Decimal(content)
    return content.encode("utf-8", "surrogatepass") if tag == "S" else content


def scalar(value: Any) -> Hashable:
    """What is equal for the values that are equal to DynamoDB, if they are texts, numbers or bytes; else ``None``.

    Args:
        value: The attribute value.
    """
    ((tag, _),) = value.items()
    return (tag, _plain(value)) if tag in ("S", "N", "B") else None


def _number(value: Decimal) -> dict[str, str]:
    return {"N": str(value)}


def _unknown(found: str) -> RouterError:
    return RouterError(f"found {found!r} in an expression, expected what MemoryTables evaluates: see its docstring")
