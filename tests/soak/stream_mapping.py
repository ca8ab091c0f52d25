"""The event source mapping over a real stream, with as many invocations at a time as it has lanes.

`router.local.streams.poller` invokes one function after the other; here every lane has a process at the same time, as in
Lambda.
"""

from __future__ import annotations

import json
import math
import queue
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from router.local.event_source_mapping import (
    Action,
    Discard,
    EventSourceMapping,
    Invoke,
    MappingSettings,
    Result,
    Returned,
)
from router.local.streams.reader import StreamReader
from router.local.streams.stream_arn import event_source_arn
from router.sources.lambda_record import lambda_record
from tests.soak.database import Database

__all__ = ["StalledError", "StreamMapping", "settings_of_soak"]

_LANES = 4
_RETRIES = 8
_PAUSE = 0.02


class StalledError(Exception):
    """No record has been settled for a long time, and some are left."""


def settings_of_soak(**others: Any) -> MappingSettings:
    """The mapping's parameters."""
    return MappingSettings(
        batch_size=100,
        maximum_batching_window_in_seconds=1,  # so that batches are full, and a comparison is fair
        parallelization_factor=_LANES,
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=_RETRIES,
        function_response_types=["ReportBatchItemFailures"],
        **others,
    )


class StreamMapping:
    """Runs a function on all records of a stream.

    Args:
        streams: A client of the streams.
        stream_arn: The stream.
        invoke: Runs an invocation; called by several threads at a time.
        database: Where the records, the deliveries and the failure documents are written.
        patience: Seconds without a settled record after which the run has failed.
    """

    def __init__(
        self,
        streams: Any,
        stream_arn: str,
        invoke: Callable[[Invoke], Result],
        database: Database,
        *,
        patience: float = 180.0,
    ) -> None:
        self._reader = StreamReader(streams, stream_arn)
        self._arn = event_source_arn(stream_arn)
        self._invoke = invoke
        self._database = database
        self._mapping = EventSourceMapping(settings_of_soak(), wait=lambda _: _PAUSE)
        self._results: queue.SimpleQueue[tuple[Invoke, Result | BaseException]] = queue.SimpleQueue()
        self._running = 0
        self._patience = patience
        self.read = 0
        self.settled = 0
        self.invocations = 0
        self.deliveries: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()

    def run(self, total: int, progress: Callable[[int], object]) -> None:
        """Deliver until this many records are read and settled.

        Args:
            total: How many records there will be.
            progress: Receives the number of settled records.

        Raises:
            StalledError: Nothing moves.
        """
        moved, settled = time.monotonic(), 0
        (shard,) = self._reader.shards()
        self._mapping.add_shard(shard.shard_id)
        with ThreadPoolExecutor(_LANES) as threads:
            while self.read < total or self._running or self._mapping.due_at() < math.inf:
                self._read(shard.shard_id)
                for action in self._mapping.poll(time.time()):
                    self._act(action, threads)
                self._collect()
                progress(self.settled)
                if self.settled > settled:
                    moved, settled = time.monotonic(), self.settled
                if time.monotonic() - moved > self._patience:
                    msg = f"found no progress for {self._patience:g} s after {settled} of {total} records"
                    raise StalledError(msg)
        self._database.write_deliveries(self.deliveries, self.unanswered)

    def _read(self, shard_id: str) -> None:
        position = self._mapping.position(shard_id)
        if position is None or self.read - self.settled > 20_000:  # the rest waits in the stream
            return
        records = [
            lambda_record(each, self._arn, "us-east-1") for each in self._reader.page(shard_id, position).records
        ]
        self.read += len(records)
        self._database.write_stream(_identified(records))
        self._mapping.feed(shard_id, records, time.time())

    def _act(self, action: Action, threads: ThreadPoolExecutor) -> None:
        if isinstance(action, Invoke):
            self.invocations += 1
            self._running += 1
            self.deliveries.update(record["eventID"] for record in action.event["Records"])
            threads.submit(self._run, action)
        elif isinstance(action, Discard):
            self.settled += len(action.records)
            self._database.write_document("discarded", None, _json(action.s3_document))

    def _run(self, invoke: Invoke) -> None:
        try:
            self._results.put((invoke, self._invoke(invoke)))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._results.put((invoke, error))

    def _collect(self) -> None:
        """Pass on the results so far; wait for one for a moment."""
        wait: float | None = _PAUSE
        while True:
            try:
                invoke, result = self._results.get(timeout=wait) if wait else self._results.get_nowait()
            except queue.Empty:
                return
            wait = None
            self._running -= 1
            if isinstance(result, BaseException):
                raise result
            if not isinstance(result, Returned):
                self.unanswered.update(record["eventID"] for record in invoke.event["Records"])
            for following in self._mapping.complete(invoke, result, time.time()):
                if isinstance(following, Discard):
                    self.settled += len(following.records)
                    self._database.write_document("discarded", None, _json(following.s3_document))
            self.settled += _handled(invoke.event["Records"], result)


def _handled(records: Sequence[Mapping[str, Any]], result: Result) -> int:
    """How many records of a batch come no more."""
    if not isinstance(result, Returned):
        return 0
    failures = {each["itemIdentifier"] for each in (result.response or {}).get("batchItemFailures") or ()}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return next((position for position, number in enumerate(numbers) if number in failures), len(numbers))


def _identified(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, int]]:
    """The event ID, the item and the number of the change of each record."""
    return [(record["eventID"], record["dynamodb"]["Keys"]["pk"]["S"], number_of(record)) for record in records]


def number_of(record: Mapping[str, Any]) -> int:
    """The number of a record's change among those of its item."""
    body = record["dynamodb"]
    if "NewImage" in body:
        return int(body["NewImage"]["number"]["N"])
    return int(body["OldImage"]["number"]["N"]) + 1


def _json(document: Any) -> str:
    return json.dumps(document)
