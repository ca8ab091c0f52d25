"""Test handlers: records and events to call them with, and a stream that delivers as Lambda does.

- :class:`Stream` keeps a table in memory and runs a handler under Lambda's event source mapping; :class:`AppStream`
  runs an app there and keeps the outcomes of every record.
- :func:`inserted`, :func:`modified`, :func:`removed`, :func:`expired` and :func:`record` make records from models or
  Python values, :func:`event` makes an event from records, and :class:`Context` is the context beside it.
- :func:`kinesis_event`, :func:`sqs_event`, :func:`pipes_event`, :func:`failure_document` and :func:`s3_event` deliver
  records as the other sources do.
- :mod:`router.testing.plugin` provides them as pytest fixtures; :mod:`router.testing.strategies` generates items,
  changes and records for hypothesis.
"""

from router.testing.app_stream import AppStream
from router.testing.builders import event, expired, inserted, modified, record, removed
from router.testing.context import Context
from router.testing.deliveries import backfill_event, failure_document, kinesis_event, pipes_event, sqs_event
from router.testing.discarded import Discarded
from router.testing.items import wire_image
from router.testing.recorded_events import RecordedEvents
from router.testing.stored import s3_event
from router.testing.stream import Stream
from router.testing.trimmed_records import TrimmedRecordsWarning

__all__ = [
    "AppStream",
    "Context",
    "Discarded",
    "RecordedEvents",
    "Stream",
    "TrimmedRecordsWarning",
    "backfill_event",
    "event",
    "expired",
    "failure_document",
    "inserted",
    "kinesis_event",
    "modified",
    "pipes_event",
    "record",
    "removed",
    "s3_event",
    "sqs_event",
    "wire_image",
]
