"""A stream in front of an app, which remembers what became of every record."""

from __future__ import annotations

from typing import Any

from router.app import Dispatcher
from router.outcomes import Outcome, Report
from router.parking import MemoryParking, Parked
from router.testing.stream import Stream

__all__ = ["AppStream"]


class AppStream(Stream):
    """A :class:`Stream` in front of a dispatcher, which reports single records that failed unless told otherwise.

    Args:
        app: The dispatcher.
        parking: Where the app parks. Give it to the dispatcher too; the fixture ``stream`` does that.
        settings: What :class:`Stream` takes beside the handler, mapping parameters included.

    Raises:
        MappingSettingsError: Lambda would not make such a mapping.
        FilterPatternError: Lambda would refuse a filter.

    Example:
        >>> from router import Dispatcher, Routes
        >>> stream = AppStream(Dispatcher(Routes()), batch_size=10)
        >>> _ = stream.put({"EntityType": "Order", "id": "o-1"})
        >>> [outcome.status for outcome in stream.run().outcomes]
        ['unrouted']
    """

    def __init__(self, app: Dispatcher, parking: MemoryParking | None = None, **settings: Any) -> None:
        self.app = app
        self.reports: list[Report | None] = []
        self._parking = MemoryParking() if parking is None else parking
        super().__init__(self._handle, **{"function_response_types": ["ReportBatchItemFailures"], **settings})

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of each record at each route, over all invocations: a record that was retried has several."""
        return [outcome for report in self.reports if report is not None for outcome in report]

    @property
    def parked(self) -> list[Parked]:
        """What the app has parked."""
        return self._parking.parked

    def _handle(self, event: Any, context: Any) -> dict[str, Any]:
        self.reports.append(None)
        report = self.app.dispatch(event, context)
        self.reports[-1] = report
        return report.response
