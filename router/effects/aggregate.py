"""Counts and sums of items by a key, kept up to date by their changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Generic, NamedTuple

from typing_extensions import TypeVar

from router.change import Change
from router.effects.attributes import EXACT, to_attributes
from router.effects.expressions import Placeholders
from router.effects.once import MOST_WRITES, Markers
from router.effects.requests import CONDITION, Access, CancelledTransaction, Requests
from router.effects.versions import event_id_of
from router.errors import PartialFailure, RegistrationError, RouterError
from router.event import Event

__all__ = ["Aggregate"]

T = TypeVar("T")
Amounts = dict[str, Decimal]
_KEPT = timedelta(days=30)


class _Share(NamedTuple):
    """What one change adds: the amounts of each counter, by a text that identifies its key."""

    change: Any
    event_id: str
    counters: dict[str, tuple[Mapping[str, Any], Amounts]]


class Aggregate(Generic[T]):
    """Counts and sums items by a key, in an item of DynamoDB for each key.

    A change adds the difference between its images: an insert adds the item, a removal subtracts it, and a modification
    does both, at two keys if the item has moved. A difference of nothing is no write. Each record counts once: the
    counters and the markers of the records are in one transaction (:class:`Once`). Sums do not depend on the order.

    The role of the function needs ``dynamodb:UpdateItem`` on the table and ``dynamodb:PutItem`` on the markers.

    Args:
        table: The table of the counters.
        name: The name of the aggregate, for its markers.
        by: Returns the key of an item's counter, or ``None`` for an item that does not count.
        count: The attribute with the number of items.
        sums: The attributes with sums, each with a function that returns an item's number.
        markers: The table of the markers; that of the counters by default.
        key: The key attributes of the table of the markers.
        expiry_attribute: Its attribute for time to live.
        keep: How long a marker is kept: longer than a record can come again.
        client: A boto3 client, or :class:`MemoryTables`.

    Raises:
        RegistrationError: There is nothing to count, or boto3 is not installed.

    Example:
        >>> from router.effects import MemoryTables
        >>> spent = Aggregate("Totals", "spent", by=lambda order: {"pk": order["customer"]},
        ...                   count="orders", sums={"total": lambda order: order["total"]}, client=MemoryTables())
        >>> spent
        Aggregate('Totals', 'spent')
    """

    def __init__(
        self,
        table: str,
        name: str,
        *,
        by: Callable[[T], Mapping[str, Any] | None],
        count: str | None = None,
        sums: Mapping[str, Callable[[T], int | float | Decimal]] | None = None,
        markers: str | None = None,
        key: Sequence[str] = ("pk", "sk"),
        expiry_attribute: str = "expires_at",
        keep: timedelta = _KEPT,
        client: Any = None,
    ) -> None:
        self.table = table
        self.name = name
        self._by = by
        self._numbers: dict[str, Callable[[T], int | float | Decimal]] = dict(sums or {})
        if count is not None:
            self._numbers[count] = lambda _: 1
        if not self._numbers:
            msg = "Aggregate() found neither count nor sums, expected one of them: count='orders'"
            raise RegistrationError(msg)
        self._markers = Markers(markers or table, key, expiry_attribute, keep)
        self._requests = Requests("Aggregate", client)

    @property
    def accesses(self) -> tuple[Access, ...]:
        """What the role of the function must allow."""
        writes = Access(("dynamodb:UpdateItem",), self.table), Access(("dynamodb:PutItem",), self._markers.table)
        return writes if self._requests.by_role else ()

    @property
    def expiring(self) -> tuple[str, str] | None:
        """The table whose items expire, and the attribute for that."""
        return (self._markers.table, self._markers.expiry_attribute) if self._requests.by_role else None

    def apply(self, *changes: Change[T, T]) -> None:
        """Add what changes add. Those of a batch share transactions, with up to 99 changes in each.

        Args:
            changes: The change of a handler, or all changes of an ``on_batch`` handler.

        Raises:
            PartialFailure: Some of several changes could not be counted.
            RouterError: The stream does not carry both images.
            Reject: No retry can help: the record has no event ID, or DynamoDB refuses the write.
            Exception: The error of botocore; a retry of the record can succeed.
        """
        failures: dict[Any, Exception] = {}
        for shares in _transactions(self._shares(changes, failures)):
            try:
                self._add(shares)
            except Exception as error:  # noqa: BLE001 - of botocore, for the policies
                failures |= {share.change: error for share in shares}
        if failures and len(changes) == 1:
            raise next(iter(failures.values()))
        if failures:
            raise PartialFailure(failures)

    def _shares(self, changes: Sequence[Change[T, T]], failures: dict[Any, Exception]) -> Iterator[_Share]:
        """What each change adds, without those that add nothing."""
        for change in changes:
            try:
                counters = self._difference(change)
                share = _Share(change, event_id_of(change.record), counters) if counters else None
            except Exception as error:  # noqa: BLE001 - of the user's functions, for the policies
                failures[change] = error
            else:
                if share is not None:
                    yield share

    def _difference(self, change: Change[T, T]) -> dict[str, tuple[Mapping[str, Any], Amounts]]:
        _require_images(change)
        counters: dict[str, tuple[Mapping[str, Any], Amounts]] = {}
        for item, sign in ((change.old, -1), (change.new, 1)):
            key = None if item is None else self._by(item)
            if item is None or key is None:
                continue
            _, amounts = counters.setdefault(repr(sorted(to_attributes(key).items())), (key, {}))
            for attribute, number_of in self._numbers.items():
                amounts[attribute] = EXACT.add(amounts.get(attribute, Decimal()), _signed(sign, number_of(item)))
        return {identity: (key, amounts) for identity, (key, amounts) in counters.items() if any(amounts.values())}

    def _add(self, shares: Sequence[_Share]) -> None:
        """Add shares in one transaction, again without those that an earlier delivery has added."""
        while shares:
            markers = [self._markers.put(share.event_id, self.name) for share in shares]
            try:
                self._requests.make("transact_write_items", TransactItems=[*markers, *self._updates(shares)])
            except CancelledTransaction as cancelled:
                reasons = zip(shares, cancelled.reasons, strict=False)  # those of the counters follow
                known = {share.event_id for share, code in reasons if code == CONDITION}
                if not known:
                    raise
                shares = [share for share in shares if share.event_id not in known]
            else:
                return

    def _updates(self, shares: Sequence[_Share]) -> Iterator[dict[str, Any]]:
        """The writes of the counters; the transaction has one for each, so what several shares add is added up."""
        totals: dict[str, tuple[Mapping[str, Any], Amounts]] = {}
        for share in shares:
            for identity, (key, amounts) in share.counters.items():
                _, total = totals.setdefault(identity, (key, {}))
                for attribute, amount in amounts.items():
                    total[attribute] = EXACT.add(total.get(attribute, Decimal()), amount)
        for key, total in totals.values():
            placeholders = Placeholders()
            added = [f"{placeholders.name(name)} {placeholders.value(amount)}" for name, amount in total.items()]
            yield {
                "Update": {
                    "TableName": self.table,
                    "Key": to_attributes(key),
                    "UpdateExpression": f"ADD {', '.join(added)}",
                    **placeholders.parameters(),
                }
            }

    def __repr__(self) -> str:
        return f"Aggregate({self.table!r}, {self.name!r})"


def _transactions(shares: Iterator[_Share]) -> Iterator[list[_Share]]:
    """The shares of each transaction, one for each record: a batch of Kinesis may have a record twice."""
    gathered: dict[str, _Share] = {}
    counters: set[str] = set()
    for share in shares:
        if len(gathered) + 1 + len(counters | share.counters.keys()) > MOST_WRITES:
            yield [*gathered.values()]
            gathered, counters = {}, set()
        gathered[share.event_id] = share
        counters |= share.counters.keys()
    if gathered:
        yield [*gathered.values()]


def _signed(sign: int, number: float | Decimal) -> Decimal:
    value = number if isinstance(number, Decimal) else Decimal(repr(number))
    return value if sign > 0 else value.copy_negate()


def _require_images(change: Change[Any, Any]) -> None:
    event = change.event
    missing = [
        name
        for name, image, events in (
            ("OldImage", change.old, Event.MODIFY | Event.REMOVE),
            ("NewImage", change.new, Event.INSERT | Event.MODIFY),
        )
        if image is None and event in events
    ]
    if missing:
        msg = f"found no {missing[0]}, expected it to count a change: a stream of NEW_AND_OLD_IMAGES carries both"
        raise RouterError(msg)
