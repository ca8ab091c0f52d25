"""Where existing items come from: parts that are read beside each other, each from a position on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from router.errors import RouterError

__all__ = ["BackfillError", "ExistingItem", "ExistingItems", "Position"]

Position = Any
"""A place in a part, as a JSON value: the key of an item in a table, the number of a line in a file."""


class BackfillError(RouterError):
    """The items cannot be read or sent; the message says why."""


class ExistingItem(NamedTuple):
    """An item in the form of a change, and its position."""

    wire: dict[str, Any]
    position: Position


class ExistingItems(Protocol):
    """The items of a table."""

    @property
    def table(self) -> str:
        """The table's name."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """What they are, as a JSON object: a checkpoint of others does not fit."""
        ...

    @property
    def total(self) -> int | None:
        """How many there are, about; ``None`` if that is unknown."""
        ...

    @property
    def parts(self) -> Sequence[str]:
        """The names of the parts."""
        ...

    def read(self, part: str, after: Position | None) -> Iterator[ExistingItem]:
        """The items of a part behind a position; from its beginning without one.

        Raises:
            BackfillError: They cannot be read.
        """
        ...

    def read_again(self, part: str, positions: Sequence[Position]) -> Iterator[ExistingItem]:
        """The items at these positions of a part, without those that are gone.

        Raises:
            BackfillError: They cannot be read.
        """
        ...

    def close(self) -> None:
        """Close what is open."""
        ...
