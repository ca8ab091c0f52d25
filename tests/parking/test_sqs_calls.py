"""Messages go in as few calls as they fit, each has its own answer, and what may pass is sent again."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from router.aws_client import LazyClient
from router.context import Deadline
from router.parking.sqs_calls import MOST_BYTES, Message, SqsCalls
from tests.builders import Json

Answer = Callable[[list[str]], dict[str, tuple[str, bool]]]
"""Gives, of the bodies of a call, those that are refused, each with the code and whether the sender is at fault."""


def refused(code: str, operation: str = "SendMessageBatch") -> ClientError:
    return ClientError({"Error": {"Code": f"AWS.SimpleQueueService.{code}", "Message": ""}}, operation)


class Queue:
    """A client whose calls have these answers, one after the other; the last one is that of all calls after it."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers or [takes_all])
        self.calls: list[str] = []

    def _answer(self, bodies: list[str]) -> dict[str, tuple[str, bool]]:
        self.calls.append("".join(bodies))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(bodies)

    def send_message(self, QueueUrl: str, MessageBody: str) -> Json:  # noqa: N803 - names of the API
        for code, _ in self._answer([MessageBody]).values():
            raise refused(code, "SendMessage")
        return {}

    def send_message_batch(self, QueueUrl: str, Entries: list[Json]) -> Json:  # noqa: N803 - names of the API
        ids = {entry["MessageBody"]: entry["Id"] for entry in Entries}
        failed = self._answer([*ids])
        return {
            "Successful": [{"Id": number} for body, number in ids.items() if body not in failed],
            "Failed": [
                {"Id": ids[body], "Code": code, "SenderFault": fault} for body, (code, fault) in failed.items() if code
            ],
        }


def takes_all(bodies: list[str]) -> dict[str, tuple[str, bool]]:
    return {}


def refuses(those: str, code: str, *, fault: bool = True) -> Answer:
    return lambda bodies: {body: (code, fault) for body in bodies if body in those}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


def errors_of(queue: Any, bodies: str, size: int = 1, deadline: Deadline | None = None) -> dict[str, Exception]:
    """The errors of the messages with these bodies, by body."""
    calls = SqsCalls("https://sqs/1/parked", LazyClient("SqsParking", "sqs", queue))
    messages = [Message({"MessageBody": body}, size) for body in bodies]
    errors = calls.send(messages, deadline or Deadline())
    return {body: error for body, error in zip(bodies, errors, strict=True) if error is not None}


def test_ten_messages_a_call() -> None:
    """Messages go in calls of up to ten, in their order."""
    queue = Queue()
    assert errors_of(queue, "abcdefghijklmnopqrstuvwxyz") == {}
    assert queue.calls == ["abcdefghij", "klmnopqrst", "uvwxyz"]


def test_size_of_a_call() -> None:
    """The messages of a call are together no bigger than SQS takes."""
    queue = Queue()
    errors_of(queue, "abcde", size=MOST_BYTES // 2)
    assert queue.calls == ["ab", "cd", "e"]


def test_no_messages() -> None:
    """Without messages there is no call."""
    queue = Queue()
    assert (errors_of(queue, ""), queue.calls) == ({}, [])


def test_refused_messages(pauses: list[float]) -> None:
    """Exactly the messages that SQS refuses fail, each with its code, and they are not sent again."""
    queue = Queue(refuses("ce", "InvalidMessageContents"))
    errors = errors_of(queue, "abcdef")
    assert {body: str(error) for body, error in errors.items()} == dict.fromkeys(
        "ce", "SQS refused the message: InvalidMessageContents"
    )
    assert (queue.calls, pauses) == (["abcdef"], [])


def test_messages_without_an_answer() -> None:
    """Messages for which SQS gives no answer are sent again, and fail if they never have one."""
    queue = Queue(refuses("bc", ""))
    errors = errors_of(queue, "abcd")
    assert {body: str(error) for body, error in errors.items()} == dict.fromkeys(
        "bc", "SQS refused the message: it has no answer"
    )
    assert queue.calls[:2] == ["abcd", "bc"]


@pytest.mark.parametrize("code", ["InternalError", "ServiceUnavailable", "KmsThrottled"])
def test_messages_that_may_pass_are_sent_again(code: str, pauses: list[float]) -> None:
    """Messages that SQS has not taken through no fault of the sender are sent again, alone, after growing pauses."""
    queue = Queue(refuses("bd", code, fault=False), refuses("d", code, fault=False), takes_all)
    assert errors_of(queue, "abcd") == {}
    assert (queue.calls, len(pauses)) == (["abcd", "bd", "d"], 2)


@pytest.mark.parametrize("code", ["RequestThrottled", "KmsThrottled", "ThrottlingException"])
def test_throttled_call_is_made_again(code: str) -> None:
    """A call that is throttled is made again."""
    queue = Queue(refused(code), takes_all)
    assert (errors_of(queue, "abc"), queue.calls) == ({}, ["abc", "abc"])


def test_pauses_grow_and_end(pauses: list[float]) -> None:
    """A queue that throttles for long is called six times, with pauses that grow from about 0.1 to about 1.6 seconds."""
    queue = Queue(refused("RequestThrottled"))
    assert [*errors_of(queue, "ab")] == ["a", "b"]
    assert len(queue.calls) == 6
    assert all(base / 2 <= pause <= base * 1.5 for base, pause in zip((0.1, 0.2, 0.4, 0.8, 1.6), pauses, strict=True))


def test_no_retry_after_the_deadline(pauses: list[float]) -> None:
    """With too little time left, a throttled call is not made again."""
    queue = Queue(refused("RequestThrottled"))
    assert [*errors_of(queue, "ab", deadline=Deadline(0.01))] == ["a", "b"]
    assert (len(queue.calls), pauses) == (1, [])


@pytest.mark.parametrize(
    "error", [refused("AccessDenied"), EndpointConnectionError(endpoint_url="https://sqs"), OSError()]
)
def test_call_that_fails(error: Exception) -> None:
    """A call that fails is a failure of all of its messages, and of no other."""
    queue = Queue(error, takes_all)
    errors = errors_of(queue, "abcdefghijkl")
    assert errors == dict.fromkeys("abcdefghij", error)


@pytest.mark.parametrize("code", ["BatchRequestTooLong", "InvalidParameterValue", "InvalidMessageContents"])
def test_message_for_which_a_call_is_refused(code: str) -> None:
    """A message for which SQS refuses the whole call fails alone."""

    def refuses_call(bodies: list[str]) -> dict[str, tuple[str, bool]]:
        if "c" in bodies:
            raise refused(code)
        return {}

    queue = Queue(refuses_call)
    assert [*errors_of(queue, "abcdefgh")] == ["c"]
    assert queue.calls == ["abcdefgh", "abcd", "ab", "cd", "c", "d", "efgh"]
