"""Sends the records of a place through the routes again, one at a time, in the order of each item.

What is done is in the journal before the next record starts, then it leaves the place. After a record that failed, the
later records of its item wait, and those of other items go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from router.local.redrive.journal import Journal
from router.local.redrive.place import Place, PlaceError
from router.local.redrive.reading import Reading
from router.local.redrive.records import ParkedRecord, record_of
from router.local.redrive.runners import Runner
from router.local.redrive.selection import Selection
from router.local.redrive.staleness import refreshed, why_stale
from router.local.redrive.table import Table, TableError

__all__ = ["LEFT", "Attempt", "OutcomeName", "Redrive", "Settings", "in_order"]

OutcomeName = Literal[
    "done", "superseded", "ready", "failed", "waiting", "stale", "unchecked", "skipped", "gone", "unreadable"
]

LEFT: tuple[OutcomeName, ...] = ("done", "superseded")
"""The outcomes of records that leave the place."""

_OF_PROBLEMS: dict[str, OutcomeName] = {"gone": "gone", "unreadable": "unreadable"}


@dataclass(frozen=True)
class Attempt:
    """What became of one record.

    Args:
        record: The record.
        outcome: ``done``; ``superseded``: a later change covers it; ``ready``: a dry run would send it; ``failed``;
            ``waiting``: an earlier record of its item failed or is not selected; ``stale``: it is older than the item;
            ``unchecked``: the item cannot be read; ``skipped``: no route takes it; ``gone``: its stream no longer has
            it; ``unreadable``: its document cannot be read.
        stage: The stage that failed.
        error: The error, in fields without values of an item.
        reason: Why it was not sent.
        is_refreshed: Whether the change to the present item was sent in its place.
    """

    record: ParkedRecord
    outcome: OutcomeName
    stage: str | None = None
    error: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    is_refreshed: bool = False


@dataclass(frozen=True)
class Settings:
    """How to redrive.

    Args:
        selection: Which records to take.
        table: Reads items; ``None`` sends stale records as they are.
        refresh: Whether to send the change to the present item in place of a stale record.
        dry_run: Whether to send and remove nothing.
        limit: How many records to send at most.
        renamed: The present names of routes.
    """

    selection: Selection = field(default_factory=Selection)
    table: Table | None = None
    refresh: bool = False
    dry_run: bool = False
    limit: int | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)


class _Comparison(NamedTuple):
    """Why a record is stale, the change to its present item, and the later records that this change covers."""

    why_stale: str | None = None
    present: dict[str, Any] | None = None
    following: Sequence[ParkedRecord] = ()


class Redrive:
    """One run over a place.

    Args:
        place: The place.
        reading: Reads its records.
        journal: Has what is done.
        runner: Runs the records.
        settings: How to redrive.
        paced: Called before each record that is sent; returns whether to stop.
    """

    def __init__(
        self,
        place: Place,
        reading: Reading,
        journal: Journal,
        runner: Runner,
        settings: Settings,
        paced: Callable[[], bool] = lambda: False,
    ) -> None:
        self._place = place
        self._reading = reading
        self._journal = journal
        self._runner = runner
        self._settings = settings
        self._paced = paced
        self._sent = 0
        self._failed: dict[Any, ParkedRecord] = {}
        self.is_stopped = False

    def attempts(self, records: Sequence[ParkedRecord]) -> Iterator[Attempt]:
        """Send records, and yield what became of each; ends early at the limit, or when it is to stop.

        Args:
            records: Records that the place gave.

        Raises:
            PlaceError: The place does not hold its documents any longer, or cannot remove one that is done.
        """
        for item in in_order(records):
            yield from self._attempts_of_item(item)
            if self.is_stopped:
                return

    def _attempts_of_item(self, records: Sequence[ParkedRecord]) -> Iterator[Attempt]:
        passed_over: list[ParkedRecord] = []
        covered: set[str] = set()
        for position, record in enumerate(records):
            if record.id in covered:
                yield Attempt(record, "superseded", reason="the change to the present item covers it")
                continue
            if not self._settings.selection.takes(record):
                passed_over.append(record)
                continue
            attempt = self._not_sent(record, passed_over) or self._checked(record, records[position + 1 :], covered)
            if attempt is None:
                self.is_stopped = True
                return
            if attempt.outcome == "failed" and record.item is not None:
                self._failed[record.item] = record
            yield attempt

    def _not_sent(self, record: ParkedRecord, passed_over: Sequence[ParkedRecord]) -> Attempt | None:
        """Why a record is not sent, before a look at its item; ``None`` where it may be."""
        if record.problem is not None:
            return Attempt(record, _OF_PROBLEMS[record.problem.outcome], reason=record.problem.reason)
        failed = self._failed.get(record.item)
        if failed is not None and failed.order[:2] < record.order[:2]:
            return Attempt(record, "waiting", reason="an earlier record of the item failed")
        if any(_share_a_route(record, other) for other in passed_over if other.order[:2] < record.order[:2]):
            return Attempt(record, "waiting", reason="an earlier record of the item is not selected")
        if reason := self._runner.refusal(self._route(record)):
            return Attempt(record, "skipped", reason=reason)
        return None

    def _route(self, record: ParkedRecord) -> str | None:
        return None if record.route is None else self._settings.renamed.get(record.route, record.route)

    def _checked(self, record: ParkedRecord, later: Sequence[ParkedRecord], covered: set[str]) -> Attempt | None:
        """Send a record unless it is stale; ``None`` where it is to stop."""
        if self._settings.limit is not None and self._sent >= self._settings.limit:
            return None
        if not self._settings.dry_run and self._paced():
            return None
        try:
            content = record.read()
            comparison = self._compared(record, content, later)
        except PlaceError as error:
            return Attempt(record, "unreadable", reason=str(error))
        except TableError as error:
            return Attempt(record, "unchecked", reason=str(error))
        # An error of the place from here on ends the run: it holds the record no longer, or cannot remove what is done.
        return self._settled(record, content, comparison, covered)

    def _compared(self, record: ParkedRecord, content: dict[str, Any], later: Sequence[ParkedRecord]) -> _Comparison:
        if self._settings.table is None:
            return _Comparison()
        change = record_of(content)
        following = [other for other in later if other.problem is None and other.route == record.route]
        held = self._settings.table.item(change)
        reason = why_stale(change, [record_of(other.read()) for other in following], held)
        return _Comparison() if reason is None else _Comparison(reason, refreshed(change, held), following)

    def _settled(
        self, record: ParkedRecord, content: dict[str, Any], comparison: _Comparison, covered: set[str]
    ) -> Attempt:
        reason, present, following = comparison
        if reason is None:
            return self._send(record, content, [record])
        if not self._settings.refresh:
            return Attempt(record, "stale", reason=reason)
        together = [record, *following]
        if present is None:
            attempt = self._finished(Attempt(record, "superseded", reason=f"{reason}: nothing is left to do"), together)
        else:
            attempt = self._send(record, {**content, "record": present}, together, is_refreshed=True)
        if attempt.outcome in (*LEFT, "ready"):
            covered.update(other.id for other in following)
        return attempt

    def _send(
        self,
        record: ParkedRecord,
        content: dict[str, Any],
        together: Sequence[ParkedRecord],
        is_refreshed: bool = False,
    ) -> Attempt:
        """Send a record.

        Args:
            record: The record.
            content: Its document.
            together: The records that are done with it.
            is_refreshed: Whether the document has the change to the present item.
        """
        self._sent += 1
        if self._settings.dry_run:
            return Attempt(record, "ready", is_refreshed=is_refreshed)
        # The function reports what fails, and does not park it again: the place keeps it.
        document = {**content, "route": self._route(record), "held": True}
        result = self._runner.run(self._place.event(record.documents[0], document))
        outcome: OutcomeName = result.outcome
        reason = None
        if outcome == "skipped":
            # A record that reached no route has none to be done at: what no route takes is done, as on a stream.
            outcome = "done" if record.route is None else "skipped"
            reason = "its route does not take the change any more" if outcome == "skipped" else None
        attempt = Attempt(record, outcome, result.stage, result.error, reason, is_refreshed)
        return self._finished(attempt, together) if outcome == "done" else attempt

    def _finished(self, attempt: Attempt, together: Sequence[ParkedRecord]) -> Attempt:
        if not self._settings.dry_run:
            self._journal.note(dict.fromkeys(key for record in together for key in record.keys))
            self._reading.remove(together)
        return attempt


def in_order(records: Sequence[ParkedRecord]) -> list[list[ParkedRecord]]:
    """The records of each item in the order of its changes; the item with the earliest change first."""
    items: dict[Any, list[ParkedRecord]] = {}
    for record in records:
        items.setdefault(record if record.item is None else record.item, []).append(record)
    for each in items.values():
        each.sort(key=lambda record: record.order)
    return sorted(items.values(), key=lambda item: item[0].changed_at or "")


def _share_a_route(record: ParkedRecord, other: ParkedRecord) -> bool:
    """Whether a route runs for both: a record that reached none runs at all of them."""
    return record.route is None or other.route is None or record.route == other.route
