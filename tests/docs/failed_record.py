"""Counts what becomes of a batch with one bad record under several handlers: the figures of ``docs/why.md``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from router import MemoryParking
from router.testing import Stream

__all__ = ["Database", "compare"]

LambdaHandler = Callable[[dict[str, Any], Any], Any]

ITEMS = 5
BAD = 3
"""The position of the bad record, the first change of its order; the second one is five records later."""


class Database:
    """What the handlers write to; one write fails, as often as ``compare`` says."""

    def __init__(self) -> None:
        self.written: list[tuple[str, int]] = []
        self.error: Exception | None = None
        self.failures = 0.0

    def write(self, order_id: str, version: int) -> None:
        """Write a version of an order.

        Raises:
            Exception: It is the write that fails.
        """
        if (order_id, version) == (f"{BAD}", 0) and self.error and self.failures > 0:
            self.failures -= 1
            raise self.error
        self.written.append((order_id, version))


@dataclass(frozen=True)
class Counted:
    """The figures of one handler."""

    written: int
    again: int
    older: int
    invocations: int
    bad: str


def compare(
    handlers: Mapping[str, LambdaHandler],
    database: Database,
    parking: MemoryParking,
    error: Exception,
    failures: float = float("inf"),
) -> None:
    """Print what becomes of ten changes of five orders, the fourth of which fails.

    Args:
        handlers: The Lambda handlers, by name.
        database: What all of them write to.
        parking: The parking place of those that have one.
        error: What the write of the bad change raises.
        failures: How often.
    """
    print(f"{'':<28}{'written':>7}{'again':>7}{'older':>7}{'invocations':>13}  the bad record")
    for name, handler in handlers.items():
        database.error, database.failures = error, failures
        row = counted(handler, database, parking)
        print(f"{name:<28}{row.written:>7}{row.again:>7}{row.older:>7}{row.invocations:>13}  {row.bad}")


def counted(handler: LambdaHandler, database: Database, parking: MemoryParking) -> Counted:
    """Deliver the changes through a mapping with partial responses, bisecting and three retries, and count."""
    database.written.clear()
    parking.parked.clear()
    stream = Stream(
        handler,
        key="order_id",
        batch_size=10,
        maximum_retry_attempts=3,
        bisect_batch_on_function_error=True,
        function_response_types=["ReportBatchItemFailures"],
    )
    for position in range(2 * ITEMS):
        stream.put({"EntityType": "Order", "order_id": f"{position % ITEMS}", "version": position // ITEMS})
    stream.run()
    written = database.written
    return Counted(
        written=len(set(written)),
        again=len(written) - len(set(written)),
        older=sum(times_older(written, f"{item}") for item in range(ITEMS)),
        invocations=len(stream.invocations),
        bad=place(stream, parking, is_written=(f"{BAD}", 0) in written),
    )


def place(stream: Stream, parking: MemoryParking, *, is_written: bool) -> str:
    """Where the bad record is at the end."""
    number = stream.records[BAD]["dynamodb"]["SequenceNumber"]
    if is_written:
        return "written"
    if any(parked.record["dynamodb"]["SequenceNumber"] == number for parked in parking.parked):
        return "parked"
    discarded = (record for document in stream.discarded for record in document.records)
    return "discarded" if any(record["dynamodb"]["SequenceNumber"] == number for record in discarded) else "lost"


def times_older(written: list[tuple[str, int]], order_id: str) -> int:
    """How often an older version of the order was written over a newer one."""
    versions = [version for written_id, version in written if written_id == order_id]
    return sum(later < earlier for earlier, later in pairwise(versions))
