"""A table keeps what is completed, for every container."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from router import Dispatcher, DynamoDBCompleted, RegistrationError, Routes
from router.context import Clock, running_on
from router.local.engines.engine import Engine, open_engine
from tests.builders import SUCCESS, Handled, Order, dispatcher, failures, inserts


@pytest.fixture(scope="module", params=["embedded", pytest.param("dynamodb-local", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine that a session can start."""
    if request.param == "dynamodb-local":
        request.getfixturevalue("real")
    with open_engine(request.param) as opened:
        yield opened


class Table:
    """A table with the layout of Powertools, and the requests that were made."""

    def __init__(self, engine: Engine) -> None:
        self.client = engine.client("dynamodb")
        self.name = f"completed-{uuid4().hex}"
        self.client.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.requests: list[str] = []
        self.client.meta.events.register("before-call.dynamodb", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        self.requests.append(model.name)

    def store(self, **options: Any) -> DynamoDBCompleted:
        return DynamoDBCompleted(self.name, **{"name": "orders", "client": self.client, **options})

    def container(self, *handlers: Handled) -> Dispatcher:
        """A new container of an app in which each handler is given every record."""
        routes = Routes()
        for handler in handlers:
            routes.on(Order)(handler)
        return Dispatcher(routes, completed=self.store())

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.scan(TableName=self.name)["Items"]
        return found


@pytest.fixture
def table(engine: Engine) -> Table:
    return Table(engine)


def test_another_container_skips_what_is_completed(table: Table) -> None:
    """The first route of a record whose second one failed does not run again in the next container."""
    first, second = Handled(), Handled({2: TimeoutError()})
    assert table.container(first, second)(inserts(1, 2, 3)) == failures(2)
    second.fail.clear()
    app = table.container(first, second)
    assert app(inserts(2, 3)) == SUCCESS
    assert (list(first), list(second)) == (["1", "2", "3"], ["1", "2", "3"])
    app(inserts(4))
    (item,) = table.items()
    assert "pairs" not in item


def test_an_invocation_without_failures_costs_one_read(table: Table) -> None:
    """Nothing is written where nothing failed before or now."""
    app = table.container(Handled())
    table.requests.clear()
    app(inserts(*range(50)))
    app(inserts(50))
    assert table.requests == ["GetItem", "GetItem"]


def test_what_is_done_at_last_is_forgotten(table: Table) -> None:
    """The item keeps no pairs of records that do not come again."""
    store = table.store()
    store.remember([("route", "e1:1"), ("route", "e2:2")])
    again = table.store()
    (record, *_) = _records(1)
    assert list(again.recall([record])) == [("route", "e1:1")]
    again.forget([("route", "e1:1")])
    (item,) = table.items()
    assert [json.loads(entry)[1] for entry in item["pairs"]["SS"]] == ["e2:2"]


def _records(*numbers: int) -> Any:
    from router.sources import receive

    return receive(inserts(*numbers)).records


def test_the_item_has_powertools_layout(table: Table) -> None:
    """A key, an expiry in epoch seconds a day ahead, and a status."""
    table.store().remember([("route", "e1:1")])
    (item,) = table.items()
    assert (item["id"], item["status"]) == ({"S": "entity-router#orders"}, {"S": "COMPLETED"})
    assert float(item["expiration"]["N"]) == pytest.approx(time.time() + 86_400, abs=600)


def test_pairs_expire(table: Table) -> None:
    """A pair is known for 24 hours, though the item lives on."""
    hands = Hands(1e9)
    with running_on(hands.clock):
        table.store().remember([("route", "e1:1")])
        hands.now += 86_399
        assert list(table.store().recall(_records(1))) == [("route", "e1:1")]
        hands.now += 2
        assert list(table.store().recall(_records(1))) == []


class Hands:
    """A clock that only the test moves."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.clock = Clock(lambda: self.now, lambda: self.now)


def test_containers_do_not_undo_each_others_work(table: Table) -> None:
    """Pairs that many containers remember and forget at the same time are all kept, and all removed."""

    def work(number: int) -> None:
        store = table.store()
        store.remember([("kept", f"e{number}:{number}"), ("gone", f"e{number}:{number}")])
        store.forget([("gone", f"e{number}:{number}")])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(40)))
    found = set(table.store().recall(_records(*range(40))))
    assert found == {("kept", f"e{number}:{number}") for number in range(40)}


def test_apps_in_one_table_are_apart(table: Table) -> None:
    """Each name has an item of its own."""
    table.store(name="orders").remember([("route", "e1:1")])
    assert list(table.store(name="customers").recall(_records(1))) == []


def test_a_table_that_is_missing_fails_no_record(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    """Records are handled and reported as without a store, and the log has one error."""
    client = engine.client("dynamodb")
    handled = Handled({2: TimeoutError()})
    app = dispatcher(handled, completed=DynamoDBCompleted("no-such-table", client=client))
    with running_on(Hands(1e9).clock):
        assert app(inserts(1, 2)) == failures(2)
        assert app(inserts(2)) == failures(2)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["level"] for line in lines if line["event"] == "completed store failed"] == ["error"]


class Flaky:
    """A client whose next calls fail."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    def get_item(self, **_: Any) -> Any:
        self.calls += 1
        if self.calls <= self.failures:
            raise EndpointConnectionError(endpoint_url="http://localhost")
        return {}


def _asked(client: Flaky, seconds: int) -> list[int]:
    """The seconds at which a store asks the table, if an invocation comes each second."""
    hands, store, asked = Hands(1e9), DynamoDBCompleted("t", client=client), list[int]()
    with running_on(hands.clock):
        for second in range(seconds):
            before = client.calls
            with suppress(EndpointConnectionError):
                assert list(store.recall(_records(1))) == []
            asked += [second] * (client.calls - before)
            hands.now += 1
    return asked


def test_a_table_that_is_down_is_asked_less_and_less() -> None:
    """It is left alone for a second first, and for 30 seconds in the end."""
    assert _asked(Flaky(failures=99), 125) == [0, 1, 3, 7, 15, 31, 61, 91, 121]


def test_a_table_that_is_up_again_is_asked_each_time() -> None:
    """After a success the next failure has a short pause."""
    assert _asked(Flaky(failures=3), 10) == [0, 1, 3, 7, 8, 9]


def test_the_newest_pairs_are_kept(table: Table) -> None:
    """Of more than 2,000 pairs the oldest are not known any more, and the next write deletes them."""
    hands = Hands(1e9)
    with running_on(hands.clock):
        table.store().remember([("old", f"e{number}:{number}") for number in range(5)])
        hands.now += 1
        table.store().remember([("new", f"e{number}:{number}") for number in range(1_997)])
        store = table.store()
        assert len([pair for pair in store.recall(_records(*range(5))) if pair[0] == "old"]) == 3
        store.remember([("newest", "e1:1")])
        assert len(table.items()[0]["pairs"]["SS"]) == 2_001


def test_a_set_that_is_too_big_is_refused(table: Table) -> None:
    """DynamoDB refuses an item beyond 400 KB, and the store raises."""
    with pytest.raises(ClientError):
        table.store().remember([(f"route-{'x' * 100}", f"e{number}:{number}") for number in range(4_000)])


@pytest.mark.parametrize("wrong", [None, 7, "", object()])
def test_a_table_is_named_by_text(wrong: Any) -> None:
    """The name or the ARN, not a resource of boto3."""
    with pytest.raises(RegistrationError, match="expected its name or its ARN"):
        DynamoDBCompleted(wrong)


def test_the_function_names_the_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default the item has the name of the Lambda function."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    assert repr(DynamoDBCompleted("t")) == "DynamoDBCompleted('t', name='shop')"
