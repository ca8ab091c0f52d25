"""The counters of a lane, and the log of its invocations."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["InvocationLog", "LaneCounters"]


@dataclass(slots=True)
class LaneCounters:
    """Sums over a lane.

    Args:
        written: Written records.
        handled: Records that are done.
        invocations: Started invocations.
        failures: Invocations that failed or reported a record.
        cold_starts: Invocations that started a new execution environment.
        executions: Records that reached the handler, each attempt counted.
        re_executions: Executions of a record that had reached the handler before.
        exhausted: Records in failure documents of ``RetryAttemptsExhausted``.
        aged: Records in failure documents of ``RecordAgeExceeded``.
        documents: Failure documents at the on-failure destination.
        healthy: Discarded records that are not poison.
        trimmed: Records that the stream removed after 24 hours.
        busy: The invocations' total duration, in seconds.
        billed: The invocations' billed duration, in milliseconds.
    """

    written: int = 0
    handled: int = 0
    invocations: int = 0
    failures: int = 0
    cold_starts: int = 0
    executions: int = 0
    re_executions: int = 0
    exhausted: int = 0
    aged: int = 0
    documents: int = 0
    healthy: int = 0
    trimmed: int = 0
    busy: float = 0.0
    billed: int = 0

    @property
    def discarded(self) -> int:
        """Records in failure documents."""
        return self.exhausted + self.aged

    @property
    def waiting(self) -> int:
        """Records that are neither done, discarded nor trimmed."""
        return self.written - self.handled - self.discarded - self.trimmed


@dataclass(slots=True)
class InvocationLog:
    """The invocations of a lane in order of time; times are in polls.

    Args:
        starts: Each invocation's start.
        ages: The age of the last record of each batch, which is Lambda's metric ``IteratorAge``.
        durations: Each invocation's duration.
        taken: The number of the lane's records that were in batches until then.
    """

    starts: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
