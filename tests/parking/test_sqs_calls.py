"""Messages that several lanes send at the same time share calls, and each has its own answer."""

import threading

import pytest

from router import ParkingError
from router.aws_client import LazyClient
from router.parking.sqs_calls import MOST_BYTES, Message, SqsCalls
from tests.builders import Json
from tests.waiting import becomes


class Queue:
    """A client whose first call lasts until it may end, and which refuses or loses the messages with these bodies."""

    def __init__(self, refused: str = "", lost: str = "", error: BaseException | None = None) -> None:
        self.refused, self.lost, self.error = refused, lost, error
        self.calls: list[list[str]] = []
        self.may_end = threading.Event()

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 - names of the API
        self.calls.append([MessageBody])
        self.may_end.wait()

    def send_message_batch(self, QueueUrl: str, Entries: list[Json]) -> Json:  # noqa: N803 - names of the API
        self.calls.append([entry["MessageBody"] for entry in Entries])
        if self.error is not None:
            raise self.error
        taken = [entry for entry in Entries if entry["MessageBody"] not in self.refused + self.lost]
        failed = [entry for entry in Entries if entry["MessageBody"] in self.refused]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in taken],
            "Failed": [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in failed],
        }


def send_all(queue: Queue, bodies: str, size: int = 1) -> dict[str, BaseException]:
    """Send the first body, and the others, each in a thread, while that call lasts; the errors by body."""
    calls = SqsCalls("https://sqs/1/parked", LazyClient("SqsParking", "sqs", queue))
    errors: dict[str, BaseException] = {}

    def send(body: str) -> None:
        try:
            calls.send(Message({"MessageBody": body}, size))
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            errors[body] = error

    def wait(count: int) -> None:
        assert becomes(lambda: bool(queue.calls) and len(calls._waiting) == count)

    threads = []
    for number, body in enumerate(bodies):
        threads.append(threading.Thread(target=send, args=(body,)))
        threads[-1].start()
        wait(number)
    queue.may_end.set()
    for thread in threads:
        thread.join()
    return errors


def test_ten_messages_a_call() -> None:
    """Messages that come during a call go together with the next ones, up to ten, in their order."""
    queue = Queue()
    assert send_all(queue, "abcdefghijklmn") == {}
    assert queue.calls == [["a"], list("bcdefghijk"), ["l", "m", "n"]]


def test_size_of_a_call() -> None:
    """The messages of a call are together no bigger than SQS takes."""
    queue = Queue()
    send_all(queue, "abcdef", size=MOST_BYTES // 2)
    assert queue.calls == [["a"], ["b", "c"], ["d", "e"], ["f"]]


@pytest.mark.parametrize("queue", [Queue(refused="ce"), Queue(lost="ce")])
def test_refused_messages(queue: Queue) -> None:
    """Exactly the messages that SQS refuses, or does not answer for, fail."""
    errors = send_all(queue, "abcdef")
    assert {body: type(error) for body, error in errors.items()} == {"c": ParkingError, "e": ParkingError}


def test_call_that_fails() -> None:
    """A call that fails is a failure of all of its messages."""
    errors = send_all(Queue(error=OSError()), "abcd")
    assert {body: type(error) for body, error in errors.items()} == {"b": OSError, "c": OSError, "d": OSError}


def test_call_that_is_cut_off() -> None:
    """A thread that is stopped in its call leaves no other one waiting, and none of the messages counts as sent."""
    errors = send_all(Queue(error=SystemExit()), "abcd")
    kinds = sorted(type(error).__name__ for error in errors.values())
    assert kinds == ["ParkingError", "ParkingError", "SystemExit"]
