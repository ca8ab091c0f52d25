"""The event source mapping over a function in the runtime client: the cost of each failure."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from router.local.event_source_mapping import Discard, EventSourceMapping, Invoke, MappingSettings
from router.local.runtime import FunctionConfiguration, RuntimeFunction
from tests.local.driver import REPORT, SHARD, START, Json, numbers, record

APP = """
import os, time
from pathlib import Path
from pydantic import BaseModel
from router import Change, Dispatcher, Routes

class Item(BaseModel):
    number: int
    deed: str

def once(name):
    before = Path(name).exists()
    Path(name).touch()
    return not before

routes = Routes()

@routes.on(Item)
def handle(change: Change[Item]) -> None:
    item = change.image
    with open("begun.txt", "a") as begun:
        print(item.number, file=begun)
    match item.deed:
        case "raise":
            raise ValueError(item.number)
        case "raise once" if once(f"{item.number}.raised"):
            raise ValueError(item.number)
        case "exit":
            os._exit(7)
        case "hang":
            time.sleep(60)
        case "take half a second":
            time.sleep(0.5)
    with open("handled.txt", "a") as handled:
        print(item.number, file=handled)

app = Dispatcher(routes, discriminator=lambda image: "Item", reserve=1.5)
"""


class Shard:
    """A shard with a function: its invocations, discards and output."""

    def __init__(self, function: RuntimeFunction, lines: list[str], **settings: Any) -> None:
        self._function = function
        self._mapping = EventSourceMapping(MappingSettings.of({"function_response_types": REPORT, **settings}))
        self._mapping.add_shard(SHARD)
        self._now = START
        self.lines = lines
        self.invokes: list[Invoke] = []
        self.results: list[str] = []
        self.discarded: list[list[int]] = []

    def run(self, **deeds: str) -> Shard:
        """Feed one record for each deed, and run until no record is pending."""
        self._mapping.feed(SHARD, [_record(int(name.lstrip("r")), deed) for name, deed in deeds.items()], self._now)
        while self._step() or self._mapping.due_at() < math.inf:
            self._now = max(self._now, min(self._mapping.due_at(), self._now + 3600))
        return self

    def _step(self) -> bool:
        invokes = [action for action in self._mapping.poll(self._now) if isinstance(action, Invoke)]
        for invoke in invokes:
            self.invokes.append(invoke)
            result = self._function(invoke)
            self.results.append(type(result).__name__)
            for action in self._mapping.complete(invoke, result, self._now):
                if isinstance(action, Discard):
                    self.discarded.append(numbers(action.records))
        return bool(invokes)

    @property
    def batches(self) -> list[list[int]]:
        return [numbers(invoke.event["Records"]) for invoke in self.invokes]

    def counts(self, name: str) -> Counter[int]:
        """The number of times that each record was `begun` or `handled`."""
        file = self._function.configuration.root / f"{name}.txt"
        return Counter(map(int, file.read_text(encoding="ascii").split())) if file.exists() else Counter()


def _record(number: int, deed: str) -> Json:
    return record(number, NewImage={"number": {"N": str(number)}, "deed": {"S": deed}}) | {
        "eventSource": "aws:dynamodb"
    }


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[Callable[..., Shard]]:
    """A shard whose function is the app above."""
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "LOG_LEVEL": "INFO"}
    with ExitStack() as running:

        def make(*, timeout: float = 10, **settings: Any) -> Shard:
            lines: list[str] = []
            configuration = FunctionConfiguration(
                handler="app.app", root=tmp_path, timeout=timeout, environment=environment
            )
            function = running.enter_context(RuntimeFunction(configuration, log=lines.append))
            return Shard(function, lines, **settings)

        yield make


def test_a_partial_failure_repeats_from_the_bad_record(shard: Callable[..., Shard]) -> None:
    """Records before it are done, records behind it are done after its discard, and none runs twice."""
    run = shard(bisect_batch_on_function_error=True, maximum_retry_attempts=0).run(
        r1="", r2="", r3="raise", r4="", r5=""
    )
    assert run.batches[:2] == [[1, 2, 3, 4, 5], [3, 4, 5]]
    assert run.discarded == [[3]]
    assert run.counts("handled") == Counter([1, 2, 4, 5])
    assert set(run.results) == {"Returned"}


def test_a_retry_has_the_same_request_id(shard: Callable[..., Shard]) -> None:
    """It has the same process too, because the function did not fail."""
    run = shard(maximum_retry_attempts=1).run(r1="raise once", r2="")
    assert run.batches == [[1, 2], [1, 2]]
    assert run.invokes[0].request_id == run.invokes[1].request_id
    assert (run.discarded, run.counts("handled")) == ([], Counter([1, 2]))


def test_bisecting_finds_the_record_that_ends_the_process(shard: Callable[..., Shard]) -> None:
    """Only that record is discarded, although the function reports none."""
    run = shard(bisect_batch_on_function_error=True, maximum_retry_attempts=4).run(
        r1="", r2="", r3="exit", r4="", r5=""
    )
    assert run.discarded == [[3]]
    assert set(run.counts("handled")) == {1, 2, 4, 5}
    assert "FunctionError" in run.results


@pytest.mark.slow
def test_bisecting_finds_the_record_that_hangs(shard: Callable[..., Shard]) -> None:
    """Each attempt times out, and the next one gets a new process."""
    run = shard(timeout=3, bisect_batch_on_function_error=True, maximum_retry_attempts=1).run(r1="hang", r2="", r3="")
    assert run.discarded == [[1]]
    assert set(run.counts("handled")) == {2, 3}


@pytest.mark.slow
def test_records_without_time_left_are_reported(shard: Callable[..., Shard]) -> None:
    """Records of half a second in a function of 3.5 seconds: no time-out, and none runs twice."""
    run = shard(timeout=3.5).run(**{f"r{number}": "take half a second" for number in range(1, 9)})
    assert run.counts("begun") == run.counts("handled") == Counter(range(1, 9))
    assert set(run.results) == {"Returned"}
    assert len(run.invokes) > 1
    # Each invocation begins where the one before it stopped, and every one of them got on.
    firsts = [batch[0] for batch in run.batches]
    assert firsts == sorted(set(firsts))


@pytest.mark.slow
def test_without_a_reserve_a_time_out_repeats_done_records(shard: Callable[..., Shard], tmp_path: Path) -> None:
    """The reserve prevents this."""
    text = (tmp_path / "app.py").read_text(encoding="utf-8")
    (tmp_path / "app.py").write_text(text.replace("reserve=1.5", "reserve=0"), encoding="utf-8")
    run = shard(timeout=3, maximum_retry_attempts=2).run(
        **{f"r{number}": "take half a second" for number in range(1, 13)}
    )
    assert run.counts("handled")[1] > 1


def test_log_lines_are_json_with_the_request_id(shard: Callable[..., Shard]) -> None:
    """The framework's lines are on standard output and hold no item values."""
    run = shard(maximum_retry_attempts=0).run(r1="", r2="raise")
    documents = [json.loads(line) for line in run.lines]
    assert {document["request_id"] for document in documents} == {invoke.request_id for invoke in run.invokes}
    assert {"batch received", "record failed"} <= {document["event"] for document in documents}
