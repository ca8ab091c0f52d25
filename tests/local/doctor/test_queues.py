"""Which values of environment variables are URLs of queues."""

import pytest

from router.local.doctor import Aws
from router.local.doctor.queues import read_queue


@pytest.mark.parametrize(
    "value",
    [
        "",
        "parked",
        "arn:aws:sqs:eu-west-1:123456789012:parked",
        "https://example.com/123456789012/parked",
        "https://sqs.eu-west-1.amazonaws.com/parked",
    ],
)
def test_no_url_of_a_queue(value: str) -> None:
    """Other texts are not asked for."""
    assert read_queue(Aws("http://127.0.0.1:1"), "PLACE", value) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://sqs.eu-west-1.amazonaws.com/123456789012/parked",
        "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/parked.fifo",
        "https://eu-west-1.queue.amazonaws.com/123456789012/parked",
        "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/parked",
        "http://127.0.0.1:4566/queue/us-east-1/000000000000/parked",
    ],
)
def test_url_of_a_queue(url: str) -> None:
    """URLs of AWS and of emulators are."""

    class Account(Aws):
        def call(self, service: str, operation: str, **parameters: object) -> dict[str, object]:
            return {"Attributes": {"ApproximateNumberOfMessages": "1", "MessageRetentionPeriod": "60"}}

    queue = read_queue(Account(), "PLACE", url)
    assert queue is not None
    assert (queue.name, queue.depth, queue.retention) == (url.rpartition("/")[2], 1, 60)
