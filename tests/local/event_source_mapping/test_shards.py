"""``router.local.event_source_mapping.shards``: parents first, lanes in parallel, exact checkpoints."""

from typing import Any

import pytest

from router.local.event_source_mapping import (
    Checkpoint,
    EventSourceMapping,
    Invoke,
    MappingSettings,
    Position,
    Returned,
)
from router.local.event_source_mapping.lanes import lane_of
from router.local.event_source_mapping.stream_record import order
from tests.local.driver import SHARD, START, Driver, Json, fail, numbers, record, records


def family(**settings: Any) -> Driver:
    """A parent and its child, both with records."""
    driver = Driver(shard=False, **settings)
    driver.mapping.add_shard("parent")
    driver.mapping.add_shard("child", "parent")
    driver.feed(*records(1, 2), shard="parent").feed(*records(10), shard="child")
    return driver


def test_child_waits_for_its_parent_to_end() -> None:
    """A child is not read before its parent has ended."""
    driver = family().run()
    assert driver.batches == [[1, 2]]
    assert driver.mapping.position("child") is None


def test_child_follows_its_parent() -> None:
    """After the end of its parent a child is read from its beginning."""
    driver = family()
    driver.mapping.end_shard("parent")
    assert driver.run().batches == [[1, 2], [10]]
    assert driver.mapping.position("child") == Position("AFTER_SEQUENCE_NUMBER", "10")


def test_child_waits_for_what_its_parent_retries() -> None:
    """A child is not read before all records of its parent are handled, retries included."""
    driver = family(batch_size=1, maximum_retry_attempts=1)
    driver.answer = fail
    driver.mapping.end_shard("parent")
    assert driver.run().batches == [[1], [1], [2], [2], [10], [10]]


def test_grandchild() -> None:
    """Lineage is followed over several generations."""
    driver = family()
    driver.mapping.add_shard("grandchild", "child")
    driver.feed(*records(20), shard="grandchild")
    driver.mapping.end_shard("parent")
    assert driver.run().batches == [[1, 2], [10]]
    driver.mapping.end_shard("child")
    assert driver.run().batches == [[1, 2], [10], [20]]


def test_unknown_parent_has_been_trimmed() -> None:
    """A child of a trimmed parent is read at once."""
    driver = Driver(shard=False)
    driver.mapping.add_shard("child", "long gone")
    assert driver.feed(*records(1), shard="child").run().batches == [[1]]


def test_shards_run_beside_each_other() -> None:
    """Two shards have a batch in progress each."""
    driver = Driver(shard=False, batch_size=1)
    for shard in ("one", "other"):
        driver.mapping.add_shard(shard)
    driver.feed(*records(1, 2), shard="one").feed(*records(10, 20), shard="other")
    assert [
        numbers(action.event["Records"]) for action in driver.mapping.poll(START) if isinstance(action, Invoke)
    ] == [
        [1],
        [10],
    ]


def test_adding_a_shard_again_changes_nothing() -> None:
    """A shard may be added again without effect."""
    driver = family()
    driver.mapping.end_shard("parent")
    driver.mapping.add_shard("parent")
    assert driver.run().batches == [[1, 2], [10]]


def test_latest() -> None:
    """With LATEST the first shards are read from their end, later ones from their beginning."""
    mapping = EventSourceMapping(MappingSettings(starting_position="LATEST"))
    mapping.add_shard("old")
    assert mapping.position("old") == Position("LATEST")
    mapping.poll(START)
    mapping.add_shard("new")
    assert mapping.position("new") == Position("TRIM_HORIZON")


def test_trim_horizon() -> None:
    """With TRIM_HORIZON a shard is read from its oldest record."""
    mapping = EventSourceMapping(MappingSettings())
    mapping.add_shard("shard")
    assert mapping.position("shard") == Position("TRIM_HORIZON")


def test_checkpoints_of_an_earlier_mapping() -> None:
    """With a checkpoint a shard is read from the record behind it."""
    mapping = EventSourceMapping(MappingSettings(), checkpoints={"shard": "7"})
    mapping.add_shard("shard")
    assert mapping.position("shard") == Position("AFTER_SEQUENCE_NUMBER", "7")


def test_no_position_once_ended_or_disabled() -> None:
    """An ended shard and a disabled mapping have no position."""
    mapping = EventSourceMapping(MappingSettings())
    mapping.add_shard("shard")
    mapping.enabled = False
    assert mapping.position("shard") is None
    mapping.enabled = True
    mapping.end_shard("shard")
    assert mapping.position("shard") is None


def keyed(*pairs: tuple[int, str]) -> list[Json]:
    return [record(number, key=key) for number, key in pairs]


def test_lanes_run_beside_each_other() -> None:
    """The parallelization factor is the number of batches in progress."""
    driver = Driver(parallelization_factor=4).feed(*keyed(*((number, f"k{number}") for number in range(20))))
    invokes = [action for action in driver.mapping.poll(START) if isinstance(action, Invoke)]
    assert 1 < len(invokes) <= 4
    assert sorted(number for invoke in invokes for number in numbers(invoke.event["Records"])) == list(range(20))


def test_an_item_keeps_its_lane() -> None:
    """Two records of one item are in the same lane."""
    driver = Driver(batch_size=1, parallelization_factor=10).feed(*keyed((1, "a"), (2, "a"), (3, "a")))
    (invoke,) = (action for action in driver.mapping.poll(START) if isinstance(action, Invoke))
    assert numbers(invoke.event["Records"]) == [1]
    assert [each for each in driver.mapping.poll(START) if isinstance(each, Invoke)] == []


def test_lane_is_of_the_whole_key() -> None:
    """Partition key and sort key determine the lane, in any order."""
    one = {"dynamodb": {"Keys": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}
    same = {"dynamodb": {"Keys": {"sk": {"S": "b"}, "pk": {"S": "a"}}}}
    others = [{"dynamodb": {"Keys": {"pk": {"S": "a"}, "sk": {"S": str(number)}}}} for number in range(50)]
    assert lane_of(one, 10) == lane_of(same, 10)
    assert len({lane_of(other, 10) for other in others}) > 1


def test_checkpoint_never_passes_an_open_lane() -> None:
    """The checkpoint moves only past records that are finished in all lanes."""
    raws = keyed(*((number, f"k{number}") for number in range(1, 20)))
    driver = Driver(parallelization_factor=2).feed(*raws)
    first, second = (action for action in driver.mapping.poll(START) if isinstance(action, Invoke))
    later, earlier = (second, first) if 1 in numbers(first.event["Records"]) else (first, second)
    lowest = min(numbers(earlier.event["Records"]))
    moved = driver.mapping.complete(later, Returned(), START)
    assert all(isinstance(action, Checkpoint) and int(action.sequence_number) < lowest for action in moved)
    assert driver.mapping.complete(earlier, Returned(), START) == [Checkpoint(SHARD, "19")]


@pytest.mark.parametrize(("lower", "higher"), [("999", "1000"), ("0999", "1000"), ("2900", "3100"), ("", "1")])
def test_sequence_numbers_sort_as_integers(lower: str, higher: str) -> None:
    """Sequence numbers sort as integers, also where their number of digits changes."""
    assert order(lower) < order(higher)
