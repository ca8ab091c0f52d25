"""Windows under faults: where handlers fail and containers crash or start anew, each change is in the state of its window exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from router import Change, Dispatcher, Insert, PartialFailure, Routes, Window
from router.dispatch.windows import COUNTED
from router.testing import Stream, kinesis_event
from router.window import LARGEST_STATE, state_size
from tests.builders import Json, Order, insert
from tests.examples import examples

SECONDS = 60
START = datetime(2026, 9, 17, 14, 14, tzinfo=UTC)


class Numbers(BaseModel):
    numbers: list[str | None] = []
    padding: str = ""


class OtherNumbers(Numbers):
    pass


class Simulation:
    """A function with two window routes and two others, in containers that fail and start anew at random.

    Args:
        seed: Determines the records, the mapping and the faults.
        kinesis: Whether the events are those of a Kinesis data stream.
    """

    def __init__(self, seed: int, *, kinesis: bool) -> None:
        self.random = Random(seed)  # noqa: S311 - to be repeatable
        self.kinesis = kinesis
        self.faults = self.random.randrange(12)
        self.counted: Counter[tuple[str, str | None]] = Counter()
        self.left: dict[str, list[str | None]] = {}
        self.app = self.container()
        self.stream = Stream(
            self.handle,
            start=START,
            tumbling_window_in_seconds=SECONDS,
            batch_size=self.random.choice([1, 2, 3, 5, 10]),
            bisect_batch_on_function_error=self.random.random() < 0.5,
            function_response_types=["ReportBatchItemFailures"],
        )

    def fails(self, likelihood: float = 0.3) -> bool:
        """Whether the next thing fails; after the last fault nothing does."""
        if self.faults == 0 or self.random.random() > likelihood:
            return False
        self.faults -= 1
        return True

    def container(self) -> Dispatcher:
        """A container that remembers nothing."""
        routes = Routes()
        routes.on_window(Order, state=Numbers)(self.first)
        routes.on_batch(Order)(self.index)
        routes.on_window(Order, state=OtherNumbers)(self.second)

        @routes.on_insert(Order)
        def place(change: Insert[Order]) -> None:
            if self.fails(0.1):
                raise TimeoutError

        return Dispatcher(routes, concurrency=self.random.choice([1, 4]))

    def first(self, window: Window[Order, Numbers]) -> None:
        self.count("first", window)

    def second(self, window: Window[Order, OtherNumbers]) -> None:
        self.count("second", window)

    def count(self, route: str, window: Window[Order, Any]) -> None:
        failed = {change: ValueError() for change in window.changes if self.fails(0.1)}
        window.state.numbers += [change.record.sequence_number for change in window.changes if change not in failed]
        if self.fails(0.1):
            window.state.padding = "x" * LARGEST_STATE
        elif self.fails(0.1):
            raise TimeoutError
        if window.is_final:
            self.left[route] = window.state.numbers
        if failed:
            raise PartialFailure(failed)

    def index(self, changes: Sequence[Change[Order]]) -> None:
        if failed := {change: ValueError() for change in changes if self.fails(0.1)}:
            raise PartialFailure(failed)

    def handle(self, event: Json, _context: Any) -> Any:
        """An invocation, which may fail before or after its handlers have run."""
        if self.random.random() < 0.3:
            self.app = self.container()
        if self.fails(0.1):
            raise TimeoutError
        self.left = {}
        response = self.app(as_kinesis(event) if self.kinesis else event)
        if self.fails(0.1):
            raise TimeoutError
        if event["isFinalInvokeForWindow"]:
            self.counted.update((route, number) for route, numbers in self.left.items() for number in numbers)
        return response

    def run(self) -> list[str]:
        """Write records in bursts, let the mapping deliver them, and return their sequence numbers."""
        numbers = []
        for number in range(1, self.random.randrange(2, 30)):
            self.stream.advance(self.random.choice([0, 0, 1, 7, 45, 130]))
            record = insert(number, f"k{self.random.randrange(5)}")
            record["dynamodb"]["ApproximateCreationDateTime"] = self.stream.now.timestamp()
            self.stream.append(record)
            numbers.append(record["dynamodb"]["SequenceNumber"])
            if self.random.random() < 0.4:
                self.stream.run()
        self.stream.run().advance(200).run()
        return numbers


def as_kinesis(event: Json) -> Json:
    """The event of a window of Kinesis: the same fields around records that carry the changes."""
    return event | {"Records": [in_kinesis(record) for record in event["Records"]]}


def in_kinesis(record: Json) -> Json:
    made: Json = kinesis_event(record)["Records"][0]
    made["kinesis"]["sequenceNumber"] = record["dynamodb"]["SequenceNumber"]
    return made


@pytest.mark.parametrize("kinesis", [False, True])
@settings(max_examples=examples(40))
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_each_change_is_in_the_state_of_its_window_once(kinesis: bool, seed: int) -> None:
    """Nothing is lost or counted twice at either route, the state stays within Lambda's limit, and no window ends early."""
    simulation = Simulation(seed, kinesis=kinesis)
    numbers = simulation.run()
    assert simulation.stream.discarded == []
    assert not any(event["isWindowTerminatedEarly"] for event in simulation.stream.invocations)
    assert all(state_size(response.get("state")) <= LARGEST_STATE for response in simulation.stream.responses)
    assert simulation.counted == Counter((route, number) for route in ("first", "second") for number in numbers)


def test_the_simulation_has_faults_of_each_kind() -> None:
    """Else the property would hold for nothing: failed invocations, partial failures, and changes counted before."""
    kinds: set[str] = set()
    for seed in range(40):
        simulation = Simulation(seed, kinesis=False)
        simulation.run()
        stream = simulation.stream
        for event, response, error in zip(stream.invocations, stream.responses, stream.errors, strict=True):
            found = {
                "error": error is not None,
                "final": error is not None and event["isFinalInvokeForWindow"],
                "partial": bool(response.get("batchItemFailures")),
                "counted": COUNTED in response.get("state", {}),
            }
            kinds |= {kind for kind, there in found.items() if there}
    assert kinds == {"error", "final", "partial", "counted"}
