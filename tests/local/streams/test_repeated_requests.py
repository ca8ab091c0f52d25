"""``router.local.streams.repeated_requests``: requests that fail for a time."""

from __future__ import annotations

import math
from contextlib import nullcontext
from itertools import pairwise

import pytest
from botocore.exceptions import EndpointConnectionError

from router.local.streams.client import StreamLostError
from router.local.streams.repeated_requests import RepeatedRequests
from tests.local.streams.faulty_stream import ARN, URL, refused

AWS = "https://streams.dynamodb.eu-west-1.amazonaws.com"
BUSY = refused("ThrottlingException")


class Requests:
    """Requests on a clock that the test moves, and their notes."""

    def __init__(self, patience: float = math.inf) -> None:
        self.now = 0.0
        self.sent = 0
        self.notes: list[str] = []
        self.repeated = RepeatedRequests(ARN, lambda: self.now, patience, self.notes.append)

    def send(self, error: Exception | None = None, name: str = "shard") -> str | None:
        def request() -> str:
            self.sent += 1
            if error is not None:
                raise error
            return "page"

        return self.repeated.run(name, request)

    def pauses(self, count: int) -> list[float]:
        """The pauses between failing requests."""
        times: list[float] = []
        while len(times) <= count:
            before = self.sent
            self.send(BUSY)
            if self.sent > before:
                times.append(self.now)
            self.now += 0.25
        return [after - before for before, after in pairwise(times)]


class TestRun:
    def test_a_request_that_succeeds_gives_its_result(self) -> None:
        """And nothing is to be repeated."""
        requests = Requests()
        assert (requests.send(), requests.repeated.failing) == ("page", False)

    def test_pauses_grow_up_to_a_bound(self) -> None:
        """A quarter of a second, doubled up to five seconds."""
        assert Requests().pauses(7) == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]

    def test_a_success_ends_the_pauses(self) -> None:
        """The next failure begins with the shortest one."""
        requests = Requests()
        requests.pauses(5)
        requests.now += 10
        assert requests.send() == "page"
        assert not requests.repeated.failing
        assert requests.pauses(2) == [0.25, 0.5]

    def test_requests_pause_by_themselves(self) -> None:
        """A busy shard does not hold up another one."""
        requests = Requests()
        requests.send(BUSY, "a")
        assert (requests.send(name="a"), requests.send(name="b")) == (None, "page")
        assert requests.repeated.failing

    def test_an_error_is_said_once(self) -> None:
        """However often it comes."""
        requests = Requests()
        requests.pauses(5)
        requests.send(refused("InternalServerError"), "other")
        assert requests.notes == [
            "reading waits for the stream: ThrottlingException of GetRecords",
            "reading waits for the stream: InternalServerError of GetRecords",
        ]


class TestLosing:
    def test_another_error_ends_the_reading(self) -> None:
        """It does not pass."""
        with pytest.raises(StreamLostError, match=r"cannot be read any more: .*AccessDeniedException"):
            Requests().send(refused("AccessDeniedException"))

    def test_a_deleted_stream_is_said(self) -> None:
        """The message has the cause."""
        with pytest.raises(StreamLostError, match=f"{ARN} cannot be read .*; the stream or its table was deleted"):
            Requests().send(refused("ResourceNotFoundException", "DescribeStream"))

    def test_patience_ends(self) -> None:
        """Counted from the first of the failures in a row."""
        requests = Requests(patience=10)
        requests.send(BUSY)
        requests.now = 9.9
        requests.send(BUSY)
        requests.now = 20
        with pytest.raises(StreamLostError, match="ThrottlingException"):
            requests.send(BUSY)

    def test_an_endpoint_that_never_answered_is_not_waited_for(self) -> None:
        """Its URL is wrong, or the engine does not run."""
        with pytest.raises(StreamLostError, match="Could not connect"):
            Requests().send(EndpointConnectionError(endpoint_url=URL))

    @pytest.mark.parametrize(
        ("url", "seconds", "lost"),
        [(URL, 4, False), (URL, 6, True), (AWS, 59, False), (AWS, 61, True)],
    )
    def test_an_endpoint_that_has_ended_is_waited_for(self, url: str, seconds: float, lost: bool) -> None:
        """A network may come back within a minute; on this machine there is none."""
        requests, silent = Requests(), EndpointConnectionError(endpoint_url=url)
        requests.send()
        requests.send(silent)
        requests.now += seconds
        with pytest.raises(StreamLostError) if lost else nullcontext():
            assert requests.send(silent) is None

    def test_an_answer_ends_the_silence(self) -> None:
        """An error is an answer too."""
        requests, silent = Requests(), EndpointConnectionError(endpoint_url=URL)
        requests.send()
        for error in (silent, BUSY, silent):
            requests.send(error)
            requests.now += 4
        assert requests.send(silent) is None
