"""Record a stream of any engine as the events that Lambda would deliver.

The event source mapping forms the batches, so filters, batch size, payload size and shards limit them as in Lambda. The
stream is read as a backlog: each batch is as full as its limits allow.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from router.local.event_source_mapping import EventSourceMapping, Invoke, MappingSettings, Returned
from router.local.files import write_text
from router.local.streams.client import LOCAL_REGION, RecorderError, stream_parts
from router.local.streams.reader import StreamReader, StreamsClient
from router.local.streams.redaction import Redaction
from router.local.streams.stream_arn import relocate
from router.sources.lambda_record import lambda_record

__all__ = ["Recorder", "write_event"]

_DEFAULT_REGION = "us-east-1"
_EMPTY_PAGES = 4  # in a row; DynamoDB may return empty pages before the records of an open shard
_LONGEST_WINDOW = 300
_SKEW = 15  # seconds by which AWS's clock may be ahead of this machine's
_PAUSE = 0.25  # Lambda polls a shard four times a second
_PATIENCE = 60.0  # seconds for which one request may fail


@dataclass
class _Shard:
    closed: bool = False
    ended: bool = False
    empty_pages: int = 0  # in a row
    newest: float = 0.0

    def may_have_more(self, until: float) -> bool:
        """Whether to read its next page without a pause; an open shard that is always written to has no last page."""
        return self.closed or (self.empty_pages < _EMPTY_PAGES and self.newest < until + _SKEW)


class Recorder:
    """Reads a stream, parents before their children, and forms events from its records as Lambda does.

    Args:
        client: A boto3 ``dynamodbstreams`` client, or a :class:`router.local.streams.client.Service`, whose errors
            explain themselves.
        stream_arn: The stream.
        settings: The mapping's settings, of which filters, batch size and starting position apply.
        region: The ``awsRegion`` of records from an engine without a region of AWS.
        redaction: Replaces attributes before the records are put into events.
        limit: The most records to record; ``None`` is no limit.
        follow: Seconds to wait for new records. Ctrl-C ends the wait.
        clock: Returns seconds since the epoch.
        sleep: Waits seconds.
        stopped: Whether to stop reading; asked between two pages.
        note: Receives a sentence for each kind of error that reading outlasts, once.

    Attributes:
        table: The stream's table.
        records: The number of records in events so far.
        filtered_out: The number of records that no filter matches.

    Raises:
        RecorderError: The ARN is not a stream's.

    Example:
        >>> recorder = Recorder(client, stream_arn, MappingSettings(batch_size=10))  # doctest: +SKIP
        >>> [len(event["Records"]) for event in recorder.events()]  # doctest: +SKIP
        [10, 10, 3]
    """

    def __init__(
        self,
        client: StreamsClient,
        stream_arn: str,
        settings: MappingSettings,
        *,
        region: str = _DEFAULT_REGION,
        redaction: Redaction | None = None,
        limit: int | None = None,
        follow: float = 0.0,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        stopped: Callable[[], bool] = lambda: False,
        note: Callable[[str], object] = lambda _: None,
    ) -> None:
        stream_region, self.table = stream_parts(stream_arn)
        local = stream_region == LOCAL_REGION
        self.records = 0
        self.filtered_out = 0
        patience = max(_PATIENCE, follow)
        self._reader = StreamReader(client, stream_arn, clock=clock, patience=patience, note=note)
        self._settings = settings
        self._event_source_arn = relocate(stream_arn, region=region) if local else stream_arn
        self._region = region if local else stream_region
        self._redaction, self._limit, self._follow = redaction, limit, follow
        self._clock, self._sleep, self._stopped = clock, sleep, stopped
        # This class filters, because filters see the values before redaction. The window lets only full batches out.
        unfiltered = replace(settings, filter_criteria={}, maximum_batching_window_in_seconds=_LONGEST_WINDOW)
        self._mapping = EventSourceMapping(unfiltered, stream_arn=self._event_source_arn)
        self._shards: dict[str, _Shard] = {}
        self._skipped: set[str] = set()

    def events(self) -> Iterator[dict[str, Any]]:
        """Read the stream, and yield each event as soon as it is full; the incomplete ones at the end.

        Raises:
            RecorderError: The stream cannot be read any more; raised after the events of the records read so far.
        """
        lost: RecorderError | None = None
        until = self._clock() + self._follow
        self._discover()
        while not self._full and not self._stopped():
            try:
                if not self._read_on(until):
                    break
            except KeyboardInterrupt:
                if not self._follow:
                    raise
                break
            except RecorderError as error:
                lost = error
                break
            yield from self._formed()
        for shard_id in self._shards:
            self._mapping.end_shard(shard_id)
            yield from self._formed()
        if lost is not None:
            raise lost

    def _read_on(self, until: float) -> bool:
        """Read a page of each shard, and pause where there are no more records now; whether to go on."""
        more, failing = self._read(until), self._reader.failing
        if not more and not failing and self._clock() >= until:
            return False
        if not more or failing:
            self._sleep(_PAUSE)
            self._discover()
        return True

    @property
    def _full(self) -> bool:
        return self._limit is not None and self.records >= self._limit

    def _discover(self) -> None:
        first = not (self._shards or self._skipped)
        for listed in self._reader.shards():
            # A shard that is closed before reading begins has no record after LATEST.
            if first and listed.closed and self._settings.starting_position == "LATEST":
                self._skipped.add(listed.shard_id)
            if listed.shard_id not in self._skipped:
                self._shards.setdefault(listed.shard_id, _Shard()).closed = listed.closed
                self._mapping.add_shard(listed.shard_id, listed.parent_id)

    def _read(self, until: float) -> bool:
        """Read a page of each shard; whether to read the next ones without a pause."""
        read = [shard for shard_id, shard in self._shards.items() if self._read_page(shard_id, shard)]
        if any(shard.ended for shard in read):
            self._discover()
        return any(shard.may_have_more(until) for shard in read)

    def _read_page(self, shard_id: str, shard: _Shard) -> bool:
        position = self._mapping.position(shard_id)
        if position is None or self._full:  # no position: it has ended, or its parent is not finished
            return False
        page = self._reader.page(shard_id, position)
        if page.failed:
            return False
        shard.empty_pages = shard.empty_pages + 1 if page.empty else 0
        for record in page.records:
            self._take(shard_id, shard, record)
        if page.last:
            shard.ended = True
            self._mapping.end_shard(shard_id)
        return True

    def _take(self, shard_id: str, shard: _Shard, stream_record: Mapping[str, Any]) -> None:
        record = lambda_record(stream_record, self._event_source_arn, self._region)
        shard.newest = record["dynamodb"].get("ApproximateCreationDateTime", shard.newest)
        if self._full:
            return
        if not self._settings.takes(record):
            self.filtered_out += 1
            return
        self.records += 1
        # The mapping's clock stays at 0, so that no record is too old for it.
        self._mapping.feed(shard_id, [self._redaction.record(record) if self._redaction else record], 0.0)

    def _formed(self) -> Iterator[dict[str, Any]]:
        while actions := [action for action in self._mapping.poll(0.0) if isinstance(action, Invoke)]:
            for action in actions:
                self._mapping.complete(action, Returned(), 0.0)
                yield action.event


def write_event(event: Mapping[str, Any], path: Path, *, force: bool = False) -> None:
    """Write an event file that only its owner can read, in one step.

    Args:
        event: The event.
        path: The file.
        force: Whether to replace an existing file.

    Raises:
        RecorderError: The file exists, or it cannot be written.

    Example:
        >>> write_event({"Records": []}, Path("events/Shop-000001.json"))  # doctest: +SKIP
    """
    text = f"{json.dumps(event, indent=2, ensure_ascii=False)}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text, mode=0o600, replace=force)  # private: it holds items
    except FileExistsError:
        msg = f"found {path} already, expected to write a new file; --force replaces it"
        raise RecorderError(msg) from None
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise RecorderError(msg) from None
