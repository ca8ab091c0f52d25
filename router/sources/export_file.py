"""A data file of a table's export to S3, a page of items an invocation: what a Distributed Map sends.

The event names the file by its line of the export's manifest::

    {"backfill": {"bucket": "...", "table": "shop", "keys": ["pk", "sk"], "file": {"dataFileS3Key": "...", ...}}}

The response has the same section with the line from which to go on, until it says ``"finished": true``. A page is as
much as the largest event of Lambda, so that a file of any size fits the memory and the 15 minutes of an invocation. The
items that fail are in ``failed``, as numbers of lines. An event with ``lines`` runs those only, and an item that fails
then fails the invocation: whoever sends it waits and tries again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from router.errors import RecordsGoneError, RouterError, UnknownEventError
from router.outcomes import Outcome
from router.record import Record, Records
from router.sources import backfill
from router.sources.backfill import identify
from router.sources.change import NotAChangeError, broken_record, make_record
from router.sources.each_entry import of_the_same_entries
from router.sources.source import Source

__all__ = ["SOURCE"]

_NAME = backfill.SOURCE.name
_MOST_ITEMS = 2_500
_MOST_BYTES = 6_000_000  # as the largest event
_MOST_FAILED = 1_000  # lines that a response carries; a state of Step Functions has 256 KB


class Page(Records):
    """The items of one invocation.

    Args:
        section: The section of the event.
        wires: The items; a text in place of one that is none.
        last: The number of the last line.
        is_finished: Whether the file has no more lines.
    """

    __slots__ = ("is_finished", "last", "section")

    def __init__(self, section: dict[str, Any], wires: Sequence[Any], last: int, *, is_finished: bool) -> None:
        super().__init__(wires, _make, backfilled=range(len(wires)))
        self.section = section
        self.last = last
        self.is_finished = is_finished


def _make(wire: Any, position: int) -> Record:
    if "broken" in wire:
        record = broken_record(position, wire["broken"], "an item of an export in DynamoDB JSON")
        record.raw = wire
    else:
        record = make_record(wire, position)
    record.source = _NAME
    return record


def claims(event: Any) -> bool:
    return isinstance(event, dict) and isinstance(event.get("backfill"), dict)


def records(entries: Sequence[Any]) -> Records:
    """The next page of the file.

    Raises:
        UnknownEventError: The event does not name a file.
        RecordsGoneError: There is no such file, or another one in its place.
        RecordsUnreadError: It cannot be read now.
    """
    (event,) = entries
    section = event["backfill"]
    _check(section)
    wanted = section.get("lines")
    after = min(wanted, default=1) - 1 if wanted else section.get("from", 0)
    wires: list[dict[str, Any]] = []
    last, size = after, 0
    for number, length, wire in _items(section, after):
        if wanted is not None and number not in wanted:
            continue
        if wires and (len(wires) == _MOST_ITEMS or size + length > _MOST_BYTES) and wanted is None:
            return Page(section, wires, last, is_finished=False)
        wires.append(wire)
        last, size = number, size + length
        if wanted is not None and len(wires) == len(wanted):
            break
    return Page(section, wires, last, is_finished=True)


def _check(section: dict[str, Any]) -> None:
    file = section.get("file")
    keys, lines = section.get("keys"), section.get("lines")
    is_right = (
        isinstance(section.get("bucket"), str)
        and isinstance(section.get("table"), str)
        and isinstance(file, dict)
        and isinstance(file.get("dataFileS3Key"), str)
        and isinstance(keys, list)
        and all(isinstance(name, str) for name in keys)
        and isinstance(section.get("from", 0), int)
        and (lines is None or (isinstance(lines, list) and all(isinstance(number, int) for number in lines)))
    )
    if not is_right:
        msg = (
            "found an event whose 'backfill' names no file, expected bucket, table, keys, and file as in the manifest "
            "of an export; check what invokes this function"
        )
        raise UnknownEventError(msg)


def _items(section: dict[str, Any], after: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """The number, the length and the item of each line."""
    from router.sources.bucket_object import opened_object  # not for most events
    from router.sources.exported_lines import exported_item, exported_lines

    bucket, file = section["bucket"], section["file"]
    expected = "a file of an export"
    with opened_object(bucket, file["dataFileS3Key"], expected) as (stream, etag):
        if file.get("etag") not in (None, etag):
            msg = f"found another ETag at s3://{bucket}/{file['dataFileS3Key']}, expected that in the export's manifest"
            raise RecordsGoneError(msg)
        for line in exported_lines(stream, after):
            try:
                wire = exported_item(line, section["table"], section["keys"])
            except NotAChangeError as error:
                wire = {"broken": str(error), "line": line.number}
            yield line.number, len(line.text), wire


def identifiers(undone: Sequence[Record]) -> list[str]:
    """The event IDs of the items; one that is none has the number of its line."""
    return [identify(record) or f"line {record.raw['line']}" for record in undone]


def coming_again(records: Sequence[Record], undone: Sequence[Record]) -> Sequence[Record]:
    """The items that are not done; all of an event with lines, which fails as a whole."""
    if isinstance(records, Page) and records.section.get("lines") is not None:
        return records
    return of_the_same_entries(backfill.IDENTIFIER, records, undone)


def answer(records: Records, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Where to go on, with the counts and the failed lines up to there.

    Raises:
        RouterError: An item failed again, or so many failed that they are better run again together.
    """
    if not isinstance(records, Page):
        return {}
    section = records.section
    ends = min((outcome.record.raw["line"] for outcome in outcomes if outcome.status == "deferred"), default=None)
    counted = [outcome for outcome in outcomes if ends is None or outcome.record.raw["line"] < ends]
    lines = {outcome.record.raw["line"] for outcome in counted if outcome.status == "failed"}
    if section.get("lines") is not None:
        if ends is not None or lines:
            msg = f"found {len(lines) or 'no'} lines that failed again, expected all lines to be handled"
            raise RouterError(msg)
    elif len(failed := [*section.get("failed", ()), *sorted(lines)]) > _MOST_FAILED:
        msg = f"found {len(failed)} lines that failed, expected at most {_MOST_FAILED}; the page fails as a whole"
        raise RouterError(msg)
    else:
        section = section | {"failed": failed, "from": records.last if ends is None else ends - 1}
    totals = Counter(section.get("outcomes", {}))
    totals.update(outcome.status for outcome in counted)
    handled = len({id(outcome.record) for outcome in counted})
    return {
        "backfill": section
        | {
            "finished": records.is_finished and ends is None,
            "handled": handled,
            "items": section.get("items", 0) + handled,
            "outcomes": dict(totals),
        }
    }


SOURCE = Source(
    name=_NAME,
    expects=backfill.SOURCE.expects,
    claims=claims,
    records=records,
    group=backfill.SOURCE.group,
    identifiers=identifiers,
    coming_again=coming_again,
    answer=answer,
)
