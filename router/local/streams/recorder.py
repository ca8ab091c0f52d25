"""Capture what a stream holds, from any engine, as events that Lambda would have delivered.

The event source mapping itself forms the batches, so they are cut by filters, size, payload and shard as Lambda cuts
them. What is recorded is a backlog: batches are as full as they can be.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from router.local.event_source_mapping import EventSourceMapping, Invoke, MappingSettings, Position, Returned
from router.local.streams.client import LOCAL_REGION, RecorderError, stream_parts
from router.local.streams.lambda_record import StreamsClient, lambda_record, relocate
from router.local.streams.redaction import Redaction

__all__ = ["Recorder", "write_event"]

_DEFAULT_REGION = "us-east-1"
_EMPTY_PAGES = 4  # AWS may answer with an empty page before the records of an open shard that are there
_LONGEST_WINDOW = 300
_SKEW = 15  # seconds that AWS's clock may be ahead of this one
_PAUSE = 0.25  # Lambda asks a shard four times a second


@dataclass
class _Shard:
    closed: bool = False
    iterator: str | None = None
    ended: bool = False
    empty: int = 0  # pages in a row
    newest: float = 0.0

    def may_have_more(self, until: float) -> bool:
        """Whether reading on at once makes sense; a stream that is written to all the time would never let go."""
        return self.closed or (self.empty < _EMPTY_PAGES and self.newest < until + _SKEW)


class Recorder:
    """Reads a stream, parents before their children, and puts its records into events as Lambda would.

    Args:
        client: A boto3 ``dynamodbstreams`` client, or a :class:`Service`, which explains what goes wrong.
        stream_arn: The stream.
        settings: The mapping's settings, of which filters, batch size and starting position count.
        region: The ``awsRegion`` of records from an engine that is in no region of AWS.
        redaction: What becomes of the records before they are put into events.
        limit: The most records to record; ``None`` is no limit.
        follow: For how many seconds to wait for more after what is there now. Ctrl-C ends this early.
        clock: Tells seconds since the epoch.
        sleep: Waits seconds.
        stopped: Whether to stop reading; asked between two pages.

    Raises:
        RecorderError: That is no stream.

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
    ) -> None:
        from_region, self.table = stream_parts(stream_arn)
        local = from_region == LOCAL_REGION
        self.records = 0
        self.filtered_out = 0
        self._client, self._stream_arn, self._settings = client, stream_arn, settings
        self._shown_arn = relocate(stream_arn, region=region) if local else stream_arn
        self._region = region if local else from_region
        self._redaction, self._limit, self._follow = redaction, limit, follow
        self._clock, self._sleep, self._stopped = clock, sleep, stopped
        # Filters are for records as they were, so they come before redaction; and only a full batch is cut.
        cut = replace(settings, filter_criteria={}, maximum_batching_window_in_seconds=_LONGEST_WINDOW)
        self._mapping = EventSourceMapping(cut, stream_arn=self._shown_arn)
        self._shards: dict[str, _Shard] = {}
        self._passed: set[str] = set()

    def events(self) -> Iterator[dict[str, Any]]:
        """Read on, and hand out each event as soon as it is full; the last ones at the end."""
        until = self._clock() + self._follow
        self._list_shards()
        while not self._full and not self._stopped():
            try:
                moved = self._read(until)
                if not moved and self._clock() >= until:
                    break
                if not moved:
                    self._sleep(_PAUSE)
                    self._list_shards()
            except KeyboardInterrupt:
                if not self._follow:
                    raise
                break
            yield from self._formed()
        for name in self._shards:
            self._mapping.end_shard(name)
            yield from self._formed()

    @property
    def _full(self) -> bool:
        return self._limit is not None and self.records >= self._limit

    def _list_shards(self) -> None:
        page: dict[str, Any] = {"LastEvaluatedShardId": None}
        first = not (self._shards or self._passed)
        while "LastEvaluatedShardId" in page:
            last = page["LastEvaluatedShardId"]
            start = {"ExclusiveStartShardId": last} if last else {}
            page = self._client.describe_stream(StreamArn=self._stream_arn, **start)["StreamDescription"]
            for listed in page["Shards"]:
                self._add(listed, first=first)

    def _add(self, listed: Mapping[str, Any], *, first: bool) -> None:
        name, closed = listed["ShardId"], "EndingSequenceNumber" in listed["SequenceNumberRange"]
        if first and closed and self._settings.starting_position == "LATEST":
            self._passed.add(name)
        if name in self._passed:
            return
        self._shards.setdefault(name, _Shard()).closed = closed
        self._mapping.add_shard(name, listed.get("ParentShardId"))

    def _read(self, until: float) -> bool:
        """Read a page of each shard; whether there may be more at once."""
        read = [shard for name, shard in self._shards.items() if not shard.ended and self._read_page(name, shard)]
        if any(shard.ended for shard in read):
            self._list_shards()
        return any(shard.may_have_more(until) for shard in read)

    def _read_page(self, name: str, shard: _Shard) -> bool:
        position = self._mapping.position(name)
        if position is None or self._full:  # without a position, its parent comes first
            return False
        page = self._client.get_records(ShardIterator=shard.iterator or self._iterator(name, position))
        records = page["Records"]
        shard.empty = 0 if records else shard.empty + 1
        for record in records:
            shard.newest = record["dynamodb"]["ApproximateCreationDateTime"].timestamp()
            self._take(name, record)
        shard.iterator = page.get("NextShardIterator")
        if shard.iterator is None:
            shard.ended = True
            self._mapping.end_shard(name)
        return True

    def _iterator(self, name: str, position: Position) -> str:
        number = {"SequenceNumber": position.sequence_number} if position.sequence_number else {}
        found = self._client.get_shard_iterator(
            StreamArn=self._stream_arn, ShardId=name, ShardIteratorType=position.type, **number
        )
        return str(found["ShardIterator"])

    def _take(self, name: str, read: Mapping[str, Any]) -> None:
        if self._full:
            return
        record = lambda_record(read, self._shown_arn, self._region)
        if not self._settings.takes(record):
            self.filtered_out += 1
            return
        self.records += 1
        # The mapping's clock stands at 0, so that no record is too old for it.
        self._mapping.feed(name, [self._redaction.record(record) if self._redaction else record], 0.0)

    def _formed(self) -> Iterator[dict[str, Any]]:
        while actions := [action for action in self._mapping.poll(0.0) if isinstance(action, Invoke)]:
            for action in actions:
                self._mapping.complete(action, Returned(), 0.0)
                yield action.event


def write_event(event: Mapping[str, Any], path: Path, *, force: bool = False) -> None:
    """Write an event file: either all of it is there, readable by its owner only, or nothing.

    Args:
        event: The event.
        path: The file.
        force: Whether a file that is there already is replaced.

    Raises:
        RecorderError: There is such a file, or it cannot be written.

    Example:
        >>> write_event({"Records": []}, Path("events/Shop-000001.json"))  # doctest: +SKIP
    """
    text = f"{json.dumps(event, indent=2, ensure_ascii=False)}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".recording-") as folder:
            whole = Path(folder, path.name)
            whole.touch(mode=0o600)  # items are in it
            whole.write_text(text, encoding="utf-8")
            if force:
                whole.replace(path)
            else:
                os.link(whole, path)  # unlike a rename, this refuses to replace a file
    except FileExistsError:
        msg = f"found {path} already, expected to write a new file; --force replaces it"
        raise RecorderError(msg) from None
    except OSError as error:
        msg = f"found no way to write {path}: {error.strerror}"
        raise RecorderError(msg) from None
