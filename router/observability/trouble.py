"""The log lines of records that failed, are parked or dropped.

The first record that is refused in some way has a line at once, with all that identifies it, because the function may
end before its invocation does. If every record of a batch is refused in that way, a line for each would fill the log
and cost as much as ten records. So the others of its kind have one line together at the end of the invocation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from router.naming import shortened
from router.observability.logs import LONGEST_FIELD, write_line
from router.observability.safe_errors import safe_error
from router.parsing.validation_errors import shows_error_texts

if TYPE_CHECKING:
    import structlog

    from router.outcomes import Outcome
    from router.record import Record
    from router.routes import Route

__all__ = ["TroubleLog"]

_MOST_RECORDS = 20
_MOST_FAULTS = 10
_LEVELS = {"failed": "error", "parked": "warning", "deferred": "warning"}

Kind = tuple[Any, ...]
"""The status, the route, the stage and the error of records that are refused in the same way, and the entity of those
with a route: one without a route is data."""


class TroubleLog:
    """Logs the outcomes of an invocation that need attention.

    Args:
        log: Makes a logger, bound to a record and a route where they are given.
    """

    __slots__ = ("_log", "_refused")

    def __init__(self, log: Callable[[Record | None, Route | None], structlog.typing.FilteringBoundLogger]) -> None:
        shows_error_texts.cache_clear()
        self._log = log
        self._refused: dict[Kind, list[Outcome]] = {}

    def add(self, outcome: Outcome) -> None:
        """Log an outcome, or keep it for the line of its kind.

        What a handler raises, and a parking place, has a line for each record: lines of code that differ.
        """
        if outcome.stage not in ("handler", "park"):
            # Lanes do this at the same time; each of these operations is atomic.
            kind = _kind_of(outcome)
            alike = self._refused.get(kind) or self._refused.setdefault(kind, [])
            alike.append(outcome)
            if alike[0] is not outcome:
                return
        log, fields = self._log(outcome.record, outcome.route), _error_fields(outcome)
        write_line(log, _level(outcome), f"record {_became(outcome)}", stage=outcome.stage, **fields)

    def write_counted(self) -> None:
        """Log a line for each kind of which there are several records."""
        if not self._refused:
            return
        for alike in self._refused.values():
            if len(alike) > 1:
                self._write(alike)
        self._refused.clear()

    def _write(self, alike: list[Outcome]) -> None:
        first, shown = alike[0], alike[:_MOST_RECORDS]
        fields = [_error_fields(outcome) for outcome in shown]
        faults = _distinct(fault for each in fields for fault in each.get("faults", ()))
        reasons = _distinct(each["reason"] for each in fields if "reason" in each)
        known = None if first.route is None or first.route.fallback else first.record.entity
        write_line(
            self._log(None, first.route),
            _level(first),
            f"records {_became(first)}",
            count=len(alike),
            stage=first.stage,
            error=fields[0].get("error"),
            event_ids=_texts(outcome.record.event_id for outcome in shown),
            sequence_numbers=_texts(outcome.record.sequence_number for outcome in shown),
            **({} if known is None else {"entity": shortened(known, LONGEST_FIELD)}),
            **({"faults": faults} if faults else {}),
            **({"reasons": reasons} if reasons else {}),
        )


def _kind_of(outcome: Outcome) -> Kind:
    route = outcome.route
    entity = None if route is None or route.fallback else outcome.record.entity
    return outcome.status, outcome.stage, id(route), entity, type(outcome.error)


def _error_fields(outcome: Outcome) -> dict[str, Any]:
    return {} if outcome.error is None else safe_error(outcome.error)


def _became(outcome: Outcome) -> str:
    return outcome.status if outcome.status in _LEVELS else "dropped"


def _level(outcome: Outcome) -> str:
    return _LEVELS.get(outcome.status, "warning")


def _distinct(texts: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(texts)][:_MOST_FAULTS]


def _texts(values: Iterable[str | None]) -> list[str]:
    return [shortened(value, LONGEST_FIELD) for value in values if value is not None]
