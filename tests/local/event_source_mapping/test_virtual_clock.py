"""``router.local.event_source_mapping.virtual_clock``: a mapping that runs to its end without waiting."""

from __future__ import annotations

from router.local.event_source_mapping import Action, Discard, EventSourceMapping, Invoke, MappingSettings, Result
from router.local.event_source_mapping.virtual_clock import VirtualClock
from tests.local.driver import SHARD, START, Answer, fail, numbers, records, succeed


class Run:
    """A mapping with three records that runs to its end, and the times of its invocations."""

    def __init__(self, answer: Answer = succeed, *, seconds: float = 0.0, **settings: object) -> None:
        self.clock = VirtualClock(START)
        self.times: list[float] = []
        self.actions: list[Action] = []
        mapping = EventSourceMapping(MappingSettings.of(settings))
        mapping.add_shard(SHARD)
        mapping.feed(SHARD, records(1, 2, 3), self.clock.now)

        def function(invoke: Invoke) -> Result:
            self.times.append(self.clock.now - START)
            self.clock.now += seconds
            return answer(numbers(invoke.event["Records"]))

        self.clock.run(mapping, function, self.actions.append)


def test_it_ends_when_no_record_waits() -> None:
    """All records are delivered, and the clock does not move without a reason."""
    assert Run(batch_size=2).times == [0, 0]


def test_it_moves_to_the_end_of_a_batching_window() -> None:
    """An incomplete batch is delivered at the end of its window."""
    assert Run(batch_size=2, maximum_batching_window_in_seconds=5).times == [0, 5]


def test_it_moves_to_the_next_attempt() -> None:
    """A retry is delivered after its delay, and the discard follows the last attempt."""
    run = Run(fail, maximum_retry_attempts=1)
    assert len(run.times) == 2
    assert run.times[1] > 0
    assert isinstance(run.actions[0], Discard)


def test_a_function_may_take_time() -> None:
    """An invocation that moves the clock is over at the later time."""
    assert Run(batch_size=1, seconds=2).times == [0, 2, 4]
