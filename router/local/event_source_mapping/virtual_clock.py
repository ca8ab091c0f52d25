"""Run a mapping to its end on a clock that moves only when nothing is due."""

from __future__ import annotations

import math
from collections.abc import Callable

from router.local.event_source_mapping.actions import Action, Invoke
from router.local.event_source_mapping.responses import Result
from router.local.event_source_mapping.state_machine import EventSourceMapping

__all__ = ["VirtualClock"]


class VirtualClock:
    """The time of an event source mapping, which moves without waiting.

    Args:
        now: The time, in seconds since the epoch. It may be set between actions and during an invocation.

    Example:
        >>> from router.local.event_source_mapping import MappingSettings, Returned
        >>> mapping, clock = EventSourceMapping(MappingSettings()), VirtualClock(0.0)
        >>> mapping.add_shard("shard")
        >>> mapping.feed("shard", [{"dynamodb": {"SequenceNumber": "1"}}], clock.now)
        >>> clock.run(mapping, lambda invoke: Returned({}), print)
        Checkpoint(shard_id='shard', sequence_number='1')
    """

    def __init__(self, now: float) -> None:
        self.now = now

    def run(
        self,
        mapping: EventSourceMapping,
        function: Callable[[Invoke], Result],
        listener: Callable[[Action], None],
    ) -> None:
        """Act on the mapping until every record is handled, discarded or trimmed.

        The clock moves to the time at which the next action is due: the end of a batching window or of a retry's delay.

        Args:
            mapping: The mapping.
            function: Runs an invocation and returns its result.
            listener: Receives all other actions, in their order.
        """
        while True:
            actions = mapping.poll(self.now)
            for action in actions:
                if isinstance(action, Invoke):
                    for following in mapping.complete(action, function(action), self.now):
                        listener(following)
                else:
                    listener(action)
            if not any(isinstance(action, Invoke) for action in actions):
                due = mapping.due_at()
                if due == math.inf:
                    return
                self.now = max(self.now, due)
