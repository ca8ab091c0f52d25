"""What a lane is counted by, and its invocations one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Log", "Tally"]


@dataclass(slots=True)
class Tally:
    """Sums over a lane.

    Args:
        written: Records that were written.
        handled: Records that are done.
        invocations: Invocations that began.
        failures: Invocations that failed or reported a record.
        cold_starts: Invocations that had to wait for a new execution environment.
        executions: How often the handler came to a record.
        re_executions: How often it came to one that it had come to before.
        exhausted: Records in documents of ``RetryAttemptsExhausted``.
        aged: Records in documents of ``RecordAgeExceeded``.
        documents: Documents at the on-failure destination.
        healthy: Records among the discarded on which the handler would not have failed.
        trimmed: Records that the stream let go after 24 hours.
        busy: For how long invocations ran, in seconds.
        billed: For how long they are paid for, in milliseconds.
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
        """Records that were given up."""
        return self.exhausted + self.aged

    @property
    def waiting(self) -> int:
        """Records that are neither done nor gone."""
        return self.written - self.handled - self.discarded - self.trimmed


@dataclass(slots=True)
class Log:
    """The invocations of a lane in the order of time; all times are in polls.

    Args:
        starts: When each began.
        ages: How old the last record of its batch was, which is what Lambda measures as the iterator's age.
        durations: How long each took.
        taken: How many records of the lane had been put into batches by then.
    """

    starts: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
