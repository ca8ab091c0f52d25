"""Requests to ``_bulk``: what is sent, and what an answer means for each document."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from router import Reject
from router.effects import MemoryIndexes, RefusedEntryError
from router.effects.bulk import SCRIPT, Action, Bulk
from router.effects.requests import RefusedForAll
from router.effects.versions import Version, version_of
from tests.effects.schedules import change
from tests.effects.search_server import ERRORS, answer_of

VERSION = version_of(change(100, None, {}).record)


def action(identity: str = "1", version: Version = VERSION, **document: Any) -> Action:
    return Action.replacing(identity, version, document)


def sent(document: dict[str, Any]) -> Any:
    """The fields of a document as they are in the request."""
    _, update = Action.replacing("1", VERSION, document).lines.splitlines()
    return json.loads(update)["script"]["params"]["document"]


class Client:
    """A client that answers each request with the next answer, or raises it."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [*answers]

    def bulk(self, *, index: str, body: bytes) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"took": 1, "errors": True, "items": answer}


def bulk(*answers: Any) -> Bulk:
    return Bulk("orders", Client(*answers), 10, 1_000)


def test_a_write_is_two_lines() -> None:
    """An update whose script is the same for all documents, so that OpenSearch compiles it once."""
    lines = action(title="ä").lines
    assert lines.endswith(b"\n")
    meta, update = map(json.loads, lines.splitlines())
    assert meta == {"update": {"_id": "1", "retry_on_conflict": 3}}
    assert update["script"]["source"] == SCRIPT
    assert update["script"]["params"]["document"]["title"] == "ä"
    assert update["scripted_upsert"]
    assert update["upsert"] == {}


def test_the_document_has_its_version() -> None:
    """Beside its fields, which are those of the change."""
    assert sent({"n": 1}) == {"n": 1, "routerVersion": "s003100", "routerChangedAt": VERSION.at}


def test_python_values_are_sent_as_json() -> None:
    """As opensearch-py would, and whole numbers exactly."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    document = {
        "whole": Decimal(10**30),
        "part": Decimal("1.5"),
        "moment": moment,
        "day": date(2026, 1, 2),
        "set": {"b", "a"},
        "bytes": b"x",
        "id": UUID(int=1),
        "in": [{"deep": Decimal(2)}],
    }
    found = sent(document)
    assert {name: found[name] for name in document} == {
        "whole": 10**30,
        "part": 1.5,
        "moment": "2026-01-02T03:04:05+00:00",
        "day": "2026-01-02",
        "set": ["a", "b"],
        "bytes": "eA==",
        "id": "00000000-0000-0000-0000-000000000001",
        "in": [{"deep": 2}],
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "a value of type object in a document"),
        (float("nan"), "a value that JSON cannot hold"),
        (Decimal("Infinity"), "a value of type Decimal in a document"),
        ({1, "a"}, "a value that JSON cannot hold"),
        ("\ud800", "a value that JSON cannot hold"),
    ],
)
def test_a_value_that_json_cannot_hold_is_rejected(value: Any, message: str) -> None:
    """No retry helps; the message has no value."""
    with pytest.raises(Reject, match=message):
        action(body=value)


@pytest.mark.parametrize("identity", ["", "x" * 513, "ä" * 257])
def test_an_id_that_opensearch_does_not_take_is_rejected(identity: str) -> None:
    """It would refuse the request, with all other documents."""
    with pytest.raises(Reject, match="expected 1 to 512 bytes"):
        action(identity)


def test_an_id_of_512_bytes_is_taken() -> None:
    assert json.loads(action("ä" * 256).lines.splitlines()[0])["update"]["_id"] == "ä" * 256


REJECTED = ["mapping", "strict mapping"]
FOR_ALL = ["no index", "no permission"]
LATER = [name for name in ERRORS if name not in (*REJECTED, *FOR_ALL)]


@pytest.mark.parametrize("name", REJECTED)
def test_a_document_that_does_not_fit_is_rejected(name: str) -> None:
    """Without the reason, which quotes it."""
    (error,) = bulk([answer_of("1", name)]).send([action()])
    assert type(error) is Reject
    assert (
        str(error) == f"OpenSearch refused a write to 'orders' with {ERRORS[name][1]['type']}, which no retry can help"
    )


@pytest.mark.parametrize("name", FOR_ALL)
def test_what_every_write_is_refused_for_is_rejected(name: str) -> None:
    """As with the other effects: the index is missing, or the role may not write."""
    (error,) = bulk([answer_of("1", name)]).send([action()])
    assert isinstance(error, RefusedForAll)


@pytest.mark.parametrize("name", LATER)
def test_anything_else_can_succeed_later(name: str) -> None:
    """A conflict too: two writes of one document at a time, of which the script has seen none."""
    (error,) = bulk([answer_of("1", name)]).send([action()])
    assert isinstance(error, RefusedEntryError)
    assert str(error) == f"OpenSearch refused an entry with {ERRORS[name][1]['type']}"


def test_each_document_has_its_own_answer() -> None:
    """In the order of the request."""
    good = {"update": {"_id": "2", "status": 200, "result": "noop", "get": {"_source": {"routerVersion": "s003200"}}}}
    errors = bulk([answer_of("1", "mapping"), good, answer_of("3", "rejected")]).send(
        [action("1"), action("2"), action("3")]
    )
    assert [type(error) for error in errors] == [Reject, type(None), RefusedEntryError]


def test_an_error_that_is_a_text_is_understood() -> None:
    """As proxies answer."""
    (error,) = bulk([{"update": {"_id": "1", "status": 429, "error": "slow down"}}]).send([action()])
    assert str(error) == "OpenSearch refused an entry with the status 429"


def test_times_and_sequence_numbers_cannot_be_compared() -> None:
    """The record is rejected, as a view does it."""
    indexes = MemoryIndexes()
    timed = version_of(change(1, None, {}, SequenceNumber=None).record)
    target = Bulk("orders", indexes, 10, 1_000)
    assert target.send([action("1"), action("2", timed)]) == [None, None]
    for refused in (action("1", timed), action("2")):
        (error,) = target.send([refused])
        assert isinstance(error, Reject)
        assert "with and without a SequenceNumber" in str(error)


class TransportError(Exception):
    """The form of opensearch-py's errors."""

    def __init__(self, status: Any, error: str) -> None:
        super().__init__(status, error)
        self.status_code = status
        self.error = error


class ConnectionTimeout(TransportError):  # noqa: N818 - the name is opensearch-py's
    """Its error without an answer."""


@pytest.mark.parametrize(
    "error",
    [TransportError(429, "rejected_execution_exception"), TransportError(503, "x"), ConnectionTimeout("TIMEOUT", "x")],
    ids=repr,
)
def test_a_request_that_may_succeed_later_fails_each_document(error: Exception) -> None:
    """Until it is made again."""
    assert bulk(error).send([action("1"), action("2")]) == [error, error]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TransportError(413, "Request size exceeded 10485760 bytes"), Reject),
        (TransportError(400, "illegal_argument_exception"), Reject),
        (TransportError(404, "index_not_found_exception"), RefusedForAll),
        (TransportError(403, "security_exception"), RefusedForAll),
    ],
    ids=repr,
)
def test_a_request_that_never_succeeds_is_rejected(error: Exception, kind: type[Exception]) -> None:
    """With the type of the error, if it is one of OpenSearch."""
    with pytest.raises(kind) as raised:
        bulk(error).send([action()])
    assert "Request size" not in str(raised.value)
    assert type(raised.value) is kind


@pytest.mark.parametrize("error", [TransportError(403, "not authorized"), TransportError(401, ""), KeyError("secret")])
def test_another_error_of_the_client_is_that_of_the_record(error: Exception) -> None:
    """It is not rejected: credentials may come back."""
    with pytest.raises(type(error)) as raised:
        bulk(error).send([action()])
    assert raised.value is error
