"""The client of opensearch-py fits: what it sends is understood, and what it raises has the right outcome."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from botocore.credentials import Credentials

from router import Change, Dispatcher, MemoryParking, Routes
from router.effects import Index, RefusedEntryError
from tests.builders import SUCCESS, Context, Order, batch, failures, insert, inserts, statuses
from tests.effects.schedules import change
from tests.effects.search_server import CLOSED, SearchServer, search_server
from tests.real import missing


@pytest.fixture(scope="module")
def opensearch() -> Any:
    if find_spec("opensearchpy") is None:
        missing("found no opensearch-py, expected it in the development environment: make venv")
    return import_module("opensearchpy")


@pytest.fixture
def search() -> Iterator[SearchServer]:
    with search_server() as search:
        yield search


@pytest.fixture
def client(opensearch: Any, search: SearchServer) -> Iterator[Any]:
    with closing(opensearch.OpenSearch(hosts=[search.url], max_retries=0, timeout=10)) as client:
        yield client


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which take no time."""
    taken: list[float] = []
    monkeypatch.setattr("time.sleep", taken.append)
    return taken


def app_of(client: Any, **options: Any) -> Dispatcher:
    routes, index = Routes(), Index("orders", client=client)

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        index.put(
            change, change.image.pk, None if change.new is None else {"total": change.new.total, "note": "ä\u2028"}
        )

    return Dispatcher(routes, **options)


def test_documents_come_to_the_index(client: Any, search: SearchServer) -> None:
    """In one request to the address of the index, whose access a policy may allow by its path."""
    event = batch(insert(101, "b", total=1), insert(100, "a", total=2), insert(102, "a", total=3))
    assert app_of(client)(event) == SUCCESS
    assert search.indexes.documents("orders") == {
        "a": {"total": 3, "note": "ä\u2028"},
        "b": {"total": 1, "note": "ä\u2028"},
    }
    ((path, headers),) = search.requests
    assert path == "/orders/_bulk"
    assert headers["content-type"] == "application/json"


def test_requests_are_signed_and_compressed(opensearch: Any, search: SearchServer) -> None:
    """As the client is set: it is the user's."""
    credentials = Credentials("AKIDEXAMPLE", "secret")
    signer = opensearch.Urllib3AWSV4SignerAuth(credentials, "eu-west-1")
    with closing(opensearch.OpenSearch(hosts=[search.url], http_auth=signer, http_compress=True)) as client:
        assert app_of(client)(inserts(100, 101)) == SUCCESS
    ((_, headers),) = search.requests
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert len(search.indexes.documents("orders")) == 2


def test_an_older_change_is_done(client: Any, search: SearchServer) -> None:
    """OpenSearch answers ``noop``."""
    assert app_of(client)(batch(insert(101, "a", total=1))) == SUCCESS
    assert app_of(client)(batch(insert(100, "a", total=2))) == SUCCESS
    assert search.indexes.documents("orders")["a"]["total"] == 1


def test_each_refused_document_fails_its_record(client: Any, search: SearchServer) -> None:
    """By its own error: parked, sent again until it is written, or failed at the deadline."""
    search.refused = {
        "key-101": ["mapping"],
        "key-102": ["rejected", "no shard", "conflict"],
        "key-103": ["blocked"] * 99,
    }
    report = app_of(client, parking=MemoryParking()).dispatch(inserts(100, 101, 102, 103))
    assert statuses(report) == ["done", "parked", "done", "failed"]
    assert report.response == failures(103)
    assert sorted(search.indexes.documents("orders")) == ["key-100", "key-102"]


@pytest.mark.parametrize("error", ["rejected", "unavailable", "gateway", CLOSED])
def test_a_request_that_fails_is_made_again(client: Any, search: SearchServer, error: str) -> None:
    search.refused_requests = [error, error]
    assert app_of(client)(inserts(100, 101)) == SUCCESS
    assert len(search.requests) == 3
    assert len(search.indexes.documents("orders")) == 2


@pytest.mark.parametrize("error", ["too large", "malformed"])
def test_a_request_that_is_refused_is_made_in_halves(client: Any, search: SearchServer, error: str) -> None:
    """So one bad document is found, and is the only one that fails."""
    search.refused_requests = [error, "", error, error]  # all, the first half, the second, and a half of that
    report = app_of(client, parking=MemoryParking()).dispatch(inserts(100, 101, 102, 103))
    assert statuses(report) == ["done", "done", "parked", "done"]
    assert sorted(search.indexes.documents("orders")) == ["key-100", "key-101", "key-103"]
    assert len(search.requests) == 5


@pytest.mark.parametrize("error", ["no index", "no permission"])
def test_what_every_request_is_refused_for_is_not_tried_in_halves(
    client: Any, search: SearchServer, error: str
) -> None:
    search.refused_requests = [error]
    report = app_of(client, parking=MemoryParking()).dispatch(inserts(100, 101))
    assert statuses(report) == ["parked", "parked"]
    assert len(search.requests) == 1


@pytest.mark.parametrize("error", ["not authorized", "expired"])
def test_what_stands_before_the_domain_fails_the_records(client: Any, search: SearchServer, error: str) -> None:
    """They are not parked: credentials may be in order at the next delivery."""
    search.refused_requests = [error]
    report = app_of(client, parking=MemoryParking()).dispatch(inserts(100, 101))
    assert statuses(report) == ["failed", "failed"]
    assert report.response == failures(100)


def test_no_server_is_a_failure_of_the_records(opensearch: Any) -> None:
    """After tries until the deadline."""
    with closing(opensearch.OpenSearch(hosts=["http://127.0.0.1:1"], max_retries=0)) as client:
        (outcome,) = app_of(client, reserve=1.0).dispatch(inserts(100), Context(1_010))
    assert outcome.status == "failed"
    assert isinstance(outcome.error, opensearch.ConnectionError)


def test_an_error_is_raised_at_once_outside_of_an_invocation(client: Any, search: SearchServer) -> None:
    search.refused = {"x": ["blocked"] * 99}
    with pytest.raises(RefusedEntryError, match="OpenSearch refused an entry with cluster_block_exception"):
        Index("orders", client=client).put(change(1, None, {}), "x", {})
