"""Changes: the first argument of a handler, with the typed images that the event guarantees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from router.errors import RouterError
from router.event import Event
from router.wire.compare import differences
from router.wire.decode import decode_value
from router.wire.paths import write_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from router.record import Record

__all__ = ["Change", "Diff", "FoundBy", "Insert", "Modify", "Remove", "found_by"]

N_co = TypeVar("N_co", covariant=True)
O_co = TypeVar("O_co", covariant=True, default=N_co)
FoundBy = tuple["Callable[[Any, int], Record]", Any, int, Any]
"""A function that finds the record of a change, its arguments, which are the record as delivered and its position, and
the step whose handler is called with the change."""


class Change(Generic[N_co, O_co]):
    """A change of an item, of any event.

    A handler of ``Change`` is called with an :class:`Insert`, a :class:`Modify` or a :class:`Remove` where the stream
    carries the images that these promise. ``isinstance`` then narrows ``new`` and ``old``.

    Args:
        new: The item after the change.
        old: The item before it.
        record: The record that carried the change; a test of a handler needs none.

    Example:
        >>> change = Modify({"status": "PAID"}, {"status": "PLACED"})
        >>> change.image["status"], change.old["status"]
        ('PAID', 'PLACED')
    """

    # Few handlers ask for the record, so most changes hold the arguments from which it is found: see _record_if_any.
    __slots__ = ("_found_by", "_new", "_old", "_record")

    def __init__(self, new: N_co | None, old: O_co | None, record: Record | None = None) -> None:
        self._new = new
        self._old = old
        self._record: Record | FoundBy | None = record

    @property
    def new(self) -> N_co | None:
        """The item after the change; ``None`` where there is none or the stream does not carry it."""
        return self._new

    @property
    def old(self) -> O_co | None:
        """The item before the change; ``None`` where there was none or the stream does not carry it."""
        return self._old

    @property
    def image(self) -> N_co | O_co:
        """The new image where there is one, else the old one."""
        return self._old if self._new is None else self._new  # type: ignore[return-value]  # routes need either

    @property
    def record(self) -> Record:
        """The record that carried this change.

        Raises:
            RouterError: The change was made by hand, without one.
        """
        record = self._record_if_any()
        if record is None:
            msg = (
                f"this {type(self).__name__} was made without a record; give it one: {type(self).__name__}(..., record)"
            )
            raise RouterError(msg)
        return record

    @property
    def event(self) -> Event:
        """What happened; a removal is ``DELETE`` or ``EXPIRE``, both of which are in ``Event.REMOVE``."""
        return self.record.event

    @property
    def keys(self) -> dict[str, Any]:
        """The item's key attributes as Python values."""
        return self.record.keys

    @property
    def diff(self) -> Diff:
        """The difference of the two images on the wire, computed at each call.

        Raises:
            RouterError: The item was modified, and the stream carries only one of its images.
        """
        old, new = self.record.old_image, self.record.new_image
        if self.event is Event.MODIFY and (old is None or new is None):
            missing = "OldImage" if old is None else "NewImage"
            msg = f"found no {missing} in a modification, expected both: a stream of NEW_AND_OLD_IMAGES carries them"
            raise RouterError(msg)
        return Diff.between(old or {}, new or {})

    def _record_if_any(self) -> Record | None:
        if type(self._record) is tuple:
            self._found_by = found_by = self._record
            find, raw, position, _ = found_by
            self._record = find(raw, position)
        return self._record  # type: ignore[return-value]  # mypy does not narrow by type()

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        # Copies, and other processes, need the record instead of the function that finds it.
        return None, {"_new": self._new, "_old": self._old, "_record": self._record_if_any()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._record_if_any()!r}>"


def found_by(change: Change[Any, Any]) -> FoundBy | None:
    """What finds the record of a change that a dispatcher made; ``None`` for a change that was made otherwise."""
    record = change._record  # noqa: SLF001 - a property would be one more member that users see
    return record if type(record) is tuple else getattr(change, "_found_by", None)


class Insert(Change[N_co, N_co]):
    """A new item, as ``change.new``."""

    __slots__ = ()

    def __init__(self, new: N_co, record: Record | None = None) -> None:
        self._new = new
        self._old = None
        self._record = record

    @property
    def new(self) -> N_co:
        """The item."""
        return self._new  # type: ignore[return-value]  # the constructor asks for it

    @property
    def old(self) -> None:
        """Always ``None``: the item is new."""
        return None

    @property
    def image(self) -> N_co:
        """The item."""
        return self._new  # type: ignore[return-value]  # the constructor asks for it


class Modify(Change[N_co, O_co], Generic[N_co, O_co]):
    """A modified item, as ``change.new`` and ``change.old``."""

    __slots__ = ()

    def __init__(self, new: N_co, old: O_co, record: Record | None = None) -> None:
        self._new = new
        self._old = old
        self._record = record

    @property
    def new(self) -> N_co:
        """The item after the change."""
        return self._new  # type: ignore[return-value]  # the constructor asks for it

    @property
    def old(self) -> O_co:
        """The item before the change."""
        return self._old  # type: ignore[return-value]  # the constructor asks for it

    @property
    def image(self) -> N_co:
        """The item after the change."""
        return self._new  # type: ignore[return-value]  # the constructor asks for it


class Remove(Change[N_co, N_co]):
    """A deleted or expired item, as ``change.old``."""

    __slots__ = ()

    def __init__(self, old: N_co, record: Record | None = None) -> None:
        self._new = None
        self._old = old
        self._record = record

    @property
    def new(self) -> None:
        """Always ``None``: the item is gone."""
        return None

    @property
    def old(self) -> N_co:
        """The item as it was."""
        return self._old  # type: ignore[return-value]  # the constructor asks for it

    @property
    def image(self) -> N_co:
        """The item as it was."""
        return self._old  # type: ignore[return-value]  # the constructor asks for it

    @property
    def expired(self) -> bool:
        """Whether DynamoDB removed the item because its time to live ran out."""
        return self.event is Event.EXPIRE


class Diff:
    """The difference of two images, by attribute path.

    Args:
        added: Values that only the new image has.
        removed: Values that only the old image has.
        changed: Pairs of old and new value where both have one and the values differ.

    Example:
        >>> diff = Diff.between({"a": {"N": "1"}}, {"a": {"N": "2"}, "b": {"M": {"c": {"S": "x"}}}})
        >>> diff.changed, diff.added
        ({'a': (1, 2)}, {'b': {'c': 'x'}})
        >>> "a" in diff, bool(Diff({}, {}, {}))
        (True, False)
    """

    __slots__ = ("added", "changed", "removed")

    def __init__(self, added: dict[str, Any], removed: dict[str, Any], changed: dict[str, tuple[Any, Any]]) -> None:
        self.added = added
        self.removed = removed
        self.changed = changed

    @classmethod
    def between(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        """Compare two images on the wire; nested attributes have paths such as ``lines[0].total``.

        Raises:
            DecodeError: A value that differs is no DynamoDB attribute value.
        """
        diff = cls({}, {}, {})
        for path, before, after in differences(old, new):
            name = write_path(path)
            if before is None:
                diff.added[name] = decode_value(after)
            elif after is None:
                diff.removed[name] = decode_value(before)
            else:
                diff.changed[name] = (decode_value(before), decode_value(after))
        return diff

    def __iter__(self) -> Iterator[str]:
        yield from (*self.added, *self.removed, *self.changed)

    def __len__(self) -> int:
        return len(self.added) + len(self.removed) + len(self.changed)

    def __contains__(self, path: object) -> bool:
        return path in self.added or path in self.removed or path in self.changed

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Diff):
            return NotImplemented
        return (self.added, self.removed, self.changed) == (other.added, other.removed, other.changed)

    __hash__ = None  # type: ignore[assignment]  # it holds dicts

    def __repr__(self) -> str:
        """Names only, for a repr ends in logs and the values are an item's."""
        return f"Diff(added={list(self.added)}, removed={list(self.removed)}, changed={list(self.changed)})"
