"""Properties under all settings and failures: no record is lost or overtakes, and invocations follow the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.local.event_source_mapping import FunctionError, Invoke, Result, Returned, Throttled
from router.local.event_source_mapping.lanes import lane_of
from tests.local.driver import START, Driver, numbers, record

KEYS = ("a", "b", "c", "d")
FAULTS = ("raise", "raise twice", "report", "report twice", "report nonsense", "throttle once")

Faults = dict[int, str]


class Function:
    """A function that fails on certain records, in different ways.

    Args:
        faults: How it fails, by record.
    """

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.left = dict.fromkeys(faults, 2)

    def __call__(self, batch: list[int]) -> Result:
        bad = [number for number in batch if number in self.faults and self._still(number)]
        kinds = {self.faults[number].removesuffix(" twice") for number in bad}
        if "throttle once" in kinds:
            return Throttled()
        if "raise" in kinds:
            return FunctionError()
        failures = [{"itemIdentifier": str(number)} for number in reversed(bad)]
        nonsense = [{"itemIdentifier": ""}] if "report nonsense" in kinds else []
        return Returned({"batchItemFailures": failures + nonsense})

    def _still(self, number: int) -> bool:
        if not self.faults[number].endswith(("twice", "once")):
            return True
        self.left[number] -= 2 if self.faults[number].endswith("once") else 1
        return self.left[number] >= 0


def faults(count: int = 14) -> st.SearchStrategy[Faults]:
    return st.dictionaries(st.integers(1, count), st.sampled_from(FAULTS), max_size=4)


def settings() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "batch_size": st.integers(1, 8),
            "maximum_retry_attempts": st.sampled_from([-1, 0, 1, 2, 3]),
            "bisect_batch_on_function_error": st.booleans(),
            "function_response_types": st.sampled_from([[], ["ReportBatchItemFailures"]]),
        },
        optional={
            "parallelization_factor": st.integers(1, 4),
            "maximum_batching_window_in_seconds": st.integers(0, 30),
            "maximum_record_age_in_seconds": st.sampled_from([60, 3600, 604_800]),
            "filter_criteria": st.just({"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}),
        },
    )


class Watched(Driver):
    """Notes the unfinished records before each first delivery, and the end of every record."""

    def __init__(self, answer: Callable[[list[int]], Result], **settings: Any) -> None:
        super().__init__(self._watch, **settings)
        self.function = answer
        self.lanes = settings.get("parallelization_factor", 1)
        self.order: list[tuple[int, str]] = []
        self.lane: dict[int, int] = {}
        self.first: list[int] = []
        self.handled: Counter[int] = Counter()
        self.reports = bool(settings["function_response_types"])

    def put(self, raw: dict[str, Any]) -> None:
        number = int(raw["dynamodb"]["SequenceNumber"])
        self.order.append((number, raw["dynamodb"]["Keys"]["id"]["S"]))
        self.lane[number] = lane_of(raw, self.lanes)
        self.feed(raw)

    def _watch(self, batch: list[int]) -> Result:
        result = self.function(batch)
        if isinstance(result, Throttled):
            return result
        over = self.over
        for number in batch:
            if number not in self.first:
                ahead = [other for other, _ in self.order if other < number and self.lane[other] == self.lane[number]]
                assert all(other in batch or other in over for other in ahead), (number, batch, over)
                self.first.append(number)
        self.handled.update(self._done(batch, result))
        return result

    def _done(self, batch: list[int], result: Result) -> list[int]:
        if not isinstance(result, Returned):
            return []
        failures = result.response["batchItemFailures"] if self.reports else []
        reported = [int(failure["itemIdentifier"] or 0) for failure in failures]
        if any(number not in batch for number in reported):
            return []
        return batch[: batch.index(min(reported))] if reported else batch

    @property
    def given_up(self) -> list[int]:
        return [number for discard in self.discards for number in numbers(discard.records)]

    @property
    def trimmed(self) -> list[int]:
        return [number for trim in self.trims for number in numbers(trim.records)]

    @property
    def over(self) -> set[int]:
        filtered = {number for number, _ in self.order if number in self.filtered}
        return {*self.handled, *self.given_up, *self.trimmed, *filtered}

    filtered: frozenset[int] = frozenset()


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 20), st.booleans()), max_size=14), faults(), settings())
def test_nothing_is_lost_and_nothing_overtakes(
    writes: list[tuple[str, int, bool]], faults: Faults, settings: dict[str, Any]
) -> None:
    """Each record is handled or in exactly one document (or silently trimmed); each lane is handled in order."""
    driver = Watched(Function(faults), **settings)
    if "filter_criteria" in settings:
        driver.filtered = frozenset(number for number, (_, _, skip) in enumerate(writes, 1) if skip)
    for number, (key, pause, skip) in enumerate(writes, 1):
        driver.step()
        driver.advance(pause)
        raw = record(number, driver.now, key)
        driver.put({**raw, "eventName": "REMOVE"} if skip else raw)
    driver.run()

    ends = Counter([*driver.handled.keys(), *driver.given_up, *driver.trimmed, *driver.filtered])
    assert ends == Counter(range(1, len(writes) + 1))
    for key in KEYS:
        seen = [number for number in driver.first if (number, key) in driver.order]
        assert seen == sorted(seen)
    assert not driver.filtered & set(driver.first)
    if writes:
        assert driver.checkpointed[-1] == len(writes)
    assert driver.checkpointed == sorted(set(driver.checkpointed))


def reference(
    batch: list[int], function: Callable[[list[int]], Result], settings: dict[str, Any]
) -> Iterator[tuple[str, list[int]]]:
    """The documented rules as a second implementation: the invocations and discards in their order."""
    retries, bisects = settings["maximum_retry_attempts"], settings["bisect_batch_on_function_error"]
    attempts = 0
    while True:
        yield "invoke", batch
        result = function(batch)
        if isinstance(result, Throttled):
            continue
        attempts += 1
        failures = result.response["batchItemFailures"] if isinstance(result, Returned) else None
        if failures is not None and not settings["function_response_types"]:
            failures = []
        if failures == []:
            return
        reported = {failure["itemIdentifier"] for failure in failures or [{"itemIdentifier": ""}]}
        if reported <= set(map(str, batch)) and (at := batch.index(min(map(int, reported)))):
            yield from reference(batch[at:], function, settings)
            return
        if bisects and len(batch) > 1:
            yield from reference(batch[: len(batch) // 2], function, settings)
            yield from reference(batch[len(batch) // 2 :], function, settings)
            return
        if attempts > retries:
            yield "discard", batch
            return


@given(
    st.integers(0, 14),
    faults(),
    st.fixed_dictionaries(
        {
            "batch_size": st.integers(1, 8),
            "maximum_retry_attempts": st.integers(0, 3),
            "bisect_batch_on_function_error": st.booleans(),
            "function_response_types": st.sampled_from([[], ["ReportBatchItemFailures"]]),
        }
    ),
)
def test_invocations_follow_the_rules(count: int, faults: Faults, settings: dict[str, Any]) -> None:
    """The invocations, their order and the discards follow the rules."""
    driver = Driver(Function(faults), **settings).feed(*(record(number) for number in range(1, count + 1))).run()

    function, size = Function(faults), settings["batch_size"]
    expected: list[tuple[str, list[int]]] = []
    for start in range(1, count + 1, size):
        batch = list(range(start, min(start + size, count + 1)))
        expected.extend(reference(batch, function, settings))
    assert driver.batches == [batch for what, batch in expected if what == "invoke"]
    assert [numbers(discard.records) for discard in driver.discards] == [
        batch for what, batch in expected if what == "discard"
    ]


@given(st.lists(st.tuples(st.integers(0, 90), st.booleans()), min_size=1, max_size=12), st.integers(1, 4))
def test_windows_never_mix(writes: list[tuple[int, bool]], size: int) -> None:
    """Each record is in an event of its own window, each window has one final event, and its state is its own."""
    seen: list[tuple[str, list[int], Any, bool]] = []
    driver = Driver(batch_size=size, tumbling_window_in_seconds=60)
    driver.answer = lambda batch: Returned(
        {"state": {"seen": driver.invokes[-1].event["state"].get("seen", []) + batch}}
    )
    for number, (pause, poll) in enumerate(writes, 1):
        driver.advance(pause)
        driver.feed(record(number, driver.now))
        if poll:
            driver.step()
    driver.run()
    driver.mapping.end_shard(driver.invokes[0].shard_id)
    driver.run()
    for invoke in driver.invokes:
        event = invoke.event
        seen.append(
            (event["window"]["start"], numbers(event["Records"]), event["state"], event["isFinalInvokeForWindow"])
        )

    windows = list(dict.fromkeys(start for start, *_ in seen))
    assert windows == sorted(windows)
    assert [number for _, batch, _, _ in seen for number in batch] == list(range(1, len(writes) + 1))
    for window in windows:
        events = [entry for entry in seen if entry[0] == window]
        batches = [number for _, batch, _, _ in events for number in batch]
        assert [final for *_, final in events] == [False] * (len(events) - 1) + [True]
        assert events[-1][2] == {"seen": batches}


@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.booleans())
def test_children_never_overtake(sizes: list[int], late: bool) -> None:
    """Records of a line of shards are delivered from parent to child."""
    driver = Driver(shard=False, batch_size=2)
    number = 0
    for position, size in enumerate(sizes):
        driver.mapping.add_shard(f"shard-{position}", f"shard-{position - 1}" if position else None)
        for _ in range(size):
            number += 1
            driver.feed(record(number), shard=f"shard-{position}")
    for position in reversed(range(len(sizes))):
        driver.mapping.end_shard(f"shard-{position}")
        if late:
            driver.step()
    driver.run()
    assert [each for batch in driver.batches for each in batch] == list(range(1, number + 1))


@given(st.lists(st.sampled_from(KEYS), min_size=1, max_size=20), st.integers(1, 10), st.data())
def test_any_order_of_completion(keys: list[str], factor: int, data: st.DataObject) -> None:
    """In any order of results the checkpoint stays before unfinished records, and items keep their order."""
    driver = Driver(parallelization_factor=factor, batch_size=2)
    driver.feed(*(record(number, key=key) for number, key in enumerate(keys, 1)))
    under_way: list[Invoke] = []
    done: list[int] = []
    while True:
        under_way.extend(action for action in driver.mapping.poll(START) if isinstance(action, Invoke))
        if not under_way:
            break
        invoke = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
        done.extend(numbers(invoke.event["Records"]))
        for action in driver.mapping.complete(invoke, Returned(), START):
            assert set(range(1, int(action.sequence_number) + 1)) <= set(done)  # type: ignore[union-attr]  # all succeed
    assert sorted(done) == list(range(1, len(keys) + 1))
    for key in KEYS:
        own = [number for number in done if keys[number - 1] == key]
        assert own == sorted(own)
