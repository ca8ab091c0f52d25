"""What the metrics of the last hour say.

ministack raises an alarm for metrics of any dimensions, so these tests have a server of their own, and look at no alarm.
"""

from collections.abc import Iterator

import pytest

from tests.local.doctor.stacks import DeployedStack
from tests.ministack import Ministack


@pytest.fixture(scope="module")
def ministack() -> Iterator[Ministack]:
    """ministack for this module."""
    with Ministack() as running:
        yield running


@pytest.mark.parametrize(
    ("namespace", "metric", "dimension", "check", "found"),
    [
        ("AWS/Lambda", "Errors", "FunctionName", "function-errors", "3 invocations without a response in the last hour"),
        ("AWS/Lambda", "Throttles", "FunctionName", "function-throttled", "3 throttled invocations in the last hour"),
        ("AWS/Lambda", "DroppedEventCount", "EventSourceMappingUUID", "records-lost", "3 records that are lost in the last hour"),
        (
            "AWS/Lambda",
            "OnFailureDestinationDeliveredEventCount",
            "EventSourceMappingUUID",
            "records-discarded",
            "3 records that Lambda discarded in the last hour",
        ),
        ("Shop", "Failed", "service", "handlers-fail", "3 failed attempts of records in the last hour"),
        ("Shop", "Dropped", "service", "records-dropped", "3 records that a Drop policy skipped in the last hour"),
    ],
)  # fmt: skip
def test_counts(stack: DeployedStack, namespace: str, metric: str, dimension: str, check: str, found: str) -> None:
    """A count above zero is found, and a count of zero is not."""
    values = {"service": stack.name, "FunctionName": stack.ids["Router"]}
    value = values.get(dimension, stack.ids["RouterChanges"])
    stack.metric(namespace, metric, 0, {dimension: value})
    assert stack.found(check) == []
    stack.metric(namespace, metric, 3, {dimension: value})
    assert stack.found(check) == [found]


def test_iterator_age(stack: DeployedStack) -> None:
    """Records that waited for a quarter of an hour are an error; the threshold is that of the template's alarm."""
    stack.metric("AWS/Lambda", "IteratorAge", 899_000, {"FunctionName": stack.ids["Router"]})
    assert stack.found("iterator-age") == []
    stack.metric("AWS/Lambda", "IteratorAge", 900_000, {"FunctionName": stack.ids["Router"]})
    assert stack.found("iterator-age") == ["records that are 900 seconds old"]


def test_age_of_an_hour_ago(stack: DeployedStack) -> None:
    """Only the last quarter of an hour counts."""
    stack.metric("AWS/Lambda", "IteratorAge", 900_000, {"FunctionName": stack.ids["Router"]}, minutes=30)
    assert stack.found("iterator-age") == []


def test_age_before_records_are_discarded(stack: DeployedStack) -> None:
    """Where Lambda discards records earlier, less age is found: a quarter of that time."""
    stack.metric("AWS/Lambda", "IteratorAge", 100_000, {"FunctionName": stack.ids["Router"]})
    with stack.answering("lambda", "GetEventSourceMapping", MaximumRecordAgeInSeconds=400):
        assert stack.found("iterator-age") == ["records that are 100 seconds old"]


def test_age_that_the_function_measures(stack: DeployedStack) -> None:
    """Without data of Lambda, the age is that of the function's own metric, in seconds."""
    stack.metric("Shop", "RecordAge", 1_000, {"service": stack.name})
    assert stack.found("iterator-age") == ["records that are 1,000 seconds old"]
