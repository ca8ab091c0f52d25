"""Reports of shards: the lowest sequence number that is not done, from which Lambda delivers every record again.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from router.errors import MalformedRecordError
from router.record import Record
from router.value_classes import dataclass

__all__ = ["Identifier", "from_the_lowest", "identified", "lowest"]


@dataclass(frozen=True)
class Identifier:
    """What identifies a record in the response.

    Args:
        name: The name of the field.
        of: Reads it from a record; ``None`` where the record has none.
    """

    name: str
    of: Callable[[Record], str | None]


def lowest(identifier: Identifier, undone: Sequence[Record]) -> list[str]:
    """The lowest identifier of the records that are not done, as the only one.

    Raises:
        MalformedRecordError: The first record that is not done has no identifier.
    """
    identified(identifier, undone[0])
    numbers = [number for number in map(identifier.of, undone) if number is not None]
    return [min(numbers, key=_as_integer) if all(map(_is_integer, numbers)) else numbers[0]]


def identified(identifier: Identifier, record: Record) -> str:
    """The identifier of a record that is not done.

    Raises:
        MalformedRecordError: It has none. AWS reads an empty or unknown identifier as "the whole batch failed", so the
            invocation fails openly.
    """
    value = identifier.of(record)
    if value is None:
        msg = (
            f"found no {identifier.name} on {record!r}, which is not done, expected one to report it by; "
            "the whole batch fails, so that Lambda delivers it again"
        )
        raise MalformedRecordError(msg)
    return value


def from_the_lowest(identifier: Identifier, records: Sequence[Record], undone: Sequence[Record]) -> Sequence[Record]:
    """The records from the lowest number that is not done; all of them where one has no number."""
    numbers = [identifier.of(record) for record in records]
    if not undone or identifier.of(undone[0]) is None or not all(map(_is_integer, numbers)):
        return records if undone else ()
    start = min(_as_integer(identifier.of(record)) for record in undone)
    return [record for record in records if _as_integer(identifier.of(record)) >= start]


def _is_integer(number: str | None) -> bool:
    return number is not None and number.isascii() and number.isdigit()


def _as_integer(number: str | None) -> tuple[int, str]:
    """A key that sorts as the integer of any size does, without making one: the length, then the digits."""
    digits = (number or "").lstrip("0")
    return len(digits), digits
