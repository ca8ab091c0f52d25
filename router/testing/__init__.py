"""For tests of handlers: records and events to call them with, and a stream that delivers as Lambda does.

- :class:`Stream` keeps a table in memory and runs a handler under Lambda's event source mapping; :class:`AppStream`
  runs an app there, and remembers what became of every record.
- :func:`inserted`, :func:`modified`, :func:`removed`, :func:`expired` and :func:`record` make records of models or of
  plain values, :func:`event` puts them into an event, :class:`Context` goes with it.
- :mod:`router.testing.plugin` has these as fixtures of pytest; :mod:`router.testing.strategies` makes items, changes
  and records for hypothesis.
"""

from router.testing.app_stream import AppStream
from router.testing.builders import event, expired, inserted, modified, record, removed
from router.testing.context import Context
from router.testing.items import wire_image
from router.testing.recorded_events import RecordedEvents
from router.testing.stream import Discarded, Stream

__all__ = [
    "AppStream",
    "Context",
    "Discarded",
    "RecordedEvents",
    "Stream",
    "event",
    "expired",
    "inserted",
    "modified",
    "record",
    "removed",
    "wire_image",
]
