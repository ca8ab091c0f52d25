"""A stream in front of an app that keeps the outcomes of every record."""

from __future__ import annotations

from typing import Any

from router.app import Dispatcher
from router.outcomes import Outcome, Report
from router.parking import MemoryParking, Parked
from router.testing.stream import Stream

__all__ = ["AppStream"]


class AppStream(Stream):
    """A :class:`Stream` in front of a Dispatcher, by default with ``ReportBatchItemFailures``.

    Args:
        app: The Dispatcher.
        parking: The app's parking place. The Dispatcher needs the same one; the fixture ``stream`` sees to that.
        settings: Arguments of :class:`Stream`, mapping parameters included.

    Attributes:
        app: The Dispatcher.
        reports: The report of each invocation; ``None`` where the app raised an exception.

    Raises:
        MappingSettingsError: Lambda refuses such a mapping.
        FilterPatternError: Lambda refuses a filter pattern.

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
        defaults = {"function_response_types": ["ReportBatchItemFailures"], "discriminator": app.discriminator}
        super().__init__(self._handle, **{**defaults, **settings})

    @property
    def outcomes(self) -> list[Outcome]:
        """Each record's outcome at each route, over all invocations: a retried record has several."""
        return [outcome for report in self.reports if report is not None for outcome in report]

    @property
    def parked(self) -> list[Parked]:
        """The records that the app has parked."""
        return self._parking.parked

    def _handle(self, event: Any, context: Any) -> dict[str, Any]:
        self.reports.append(None)
        report = self.app.dispatch(event, context)
        self.reports[-1] = report
        return report.response
