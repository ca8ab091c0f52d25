"""``router put``, ``update``, ``delete`` and ``expire`` on the table of one engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from router.cli import main
from router.local.engines.embedded import Embedded
from tests.waiting import becomes

ICON = '{"id": {"S": "1"}, "tags": {"SS": ["a"]}, "icon": {"B": "aWNvbg=="}, "total": {"N": "5"}}'
Router = Callable[..., str]


@pytest.fixture(scope="module")
def engine() -> Iterator[Embedded]:
    with Embedded() as engine:
        client = engine.client("dynamodb")
        client.create_table(
            TableName="Orders",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.create_table(
            TableName="Events",
            AttributeDefinitions=[{"AttributeName": "at", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "at", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.update_time_to_live(
            TableName="Events", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}
        )
        yield engine


@pytest.fixture
def router(engine: Embedded, project: Path, capsys: pytest.CaptureFixture[str]) -> Router:
    """Run a command on the engine: its output, or its one line of an error."""

    def run(*argv: str) -> str:
        code = main([*argv, "--endpoint-url", engine.endpoint_url])
        captured = capsys.readouterr()
        assert (code, captured.err.count("\n")) in ((0, 0), (2, 1))
        return captured.out or captured.err

    return run


def items(engine: Embedded, table: str = "Orders") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = engine.client("dynamodb").scan(TableName=table)["Items"]
    return found


def test_an_item_in_dynamodb_json_is_put_as_it_is(router: Router, engine: Embedded) -> None:
    """With its set and its bytes."""
    assert router("put", ICON).startswith("put an item id=1 into Orders at http://127.0.0.1:")
    assert items(engine) == [
        {"id": {"S": "1"}, "tags": {"SS": ["a"]}, "icon": {"B": b"icon"}, "total": {"N": "5"}},
    ]


def test_an_item_of_a_model_is_put(router: Router, engine: Embedded) -> None:
    """With the table's key and the required fields; --set changes them."""
    router("delete", "id=1")
    assert router("put", "Order", "--set", "total=7").startswith("put Order id=Order#1 into Orders")
    assert items(engine) == [{"EntityType": {"S": "Order"}, "total": {"N": "7"}, "id": {"S": "Order#1"}}]
    router("delete", "id=Order#1")


def test_an_update_sets_adds_and_removes(router: Router, engine: Embedded) -> None:
    """With paths, and a name that is reserved."""
    router("put", ICON)
    router("update", "id=1", "--set", 'lines=[{"n": 1}]', "--set", "status=SHIPPED", "--remove", "icon")
    argv = ("--set", "lines.0.n=2", "--add", "total=1", "--add", 'tags={"SS": ["b"]}')
    assert router("update", "id=1", *argv).startswith("updated id=1 in Orders")
    (item,) = items(engine)
    assert sorted(item.pop("tags")["SS"]) == ["a", "b"]
    assert item == {
        "id": {"S": "1"},
        "total": {"N": "6"},
        "status": {"S": "SHIPPED"},
        "lines": {"L": [{"M": {"n": {"N": "2"}}}]},
    }


def test_a_delete_removes_the_item(router: Router, engine: Embedded) -> None:
    """And says so; a second one finds none."""
    router("put", ICON)
    assert router("delete", "id=1").startswith("deleted id=1 from Orders")
    assert items(engine) == []
    assert "found no item id=1 in Orders" in router("delete", "id=1")


def test_an_expiry_is_that_of_the_engine(router: Router, engine: Embedded) -> None:
    """The engine deletes the item, and not the command."""
    router("put", '{"at": 5}', "--table", "Events")
    assert router("expire", "at=5", "--table", "Events").startswith("set ttl of at=5 in Events")
    assert becomes(lambda: items(engine, "Events") == [])
    assert "found no item at=5 in Events" in router("expire", "at=5", "--table", "Events")


def test_an_expiry_needs_a_time_to_live(router: Router) -> None:
    """The message says where it is set."""
    assert "found no time to live on table Orders" in router("expire", "id=1")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("update", "id=1"), "found nothing to change"),
        (("update", "id=1", "--set", "status"), "found --set 'status', expected NAME=VALUE"),
        (("update", "id=1", "--add", "total=x"), "refuses to change the item"),
        (("update", "id=1", "--set", "id=2"), "refuses to change the item"),
        (("delete", "di=1"), "found the key di, expected id, such as id=..."),
        (("put", '{"total": 1}'), "found an item without id"),
        (("put", "Odrer"), "found no entity 'Odrer' in the app; did you mean Order?"),
        (
            ("put", "Order", "--set", "ttoal=7"),
            "found --set ttoal, which is no attribute of Order; did you mean total?",
        ),
        (("put", "Order", "--json", "{}", "--set", "total=7"), "found --json and --set, expected one of them"),
        (("put", "none.json"), "cannot read none.json"),
        (("delete", "id=1", "--table", "Odrers"), "found no table 'Odrers' in template.yaml; there is Orders"),
    ],
)
def test_a_wrong_command_line_is_one_line(router: Router, argv: tuple[str, ...], message: str) -> None:
    """With exit code 2."""
    assert message in router(*argv)


def test_no_session_and_no_template(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says how to start one."""
    (project / "template.yaml").unlink()
    assert main(["delete", "id=1"]) == 2
    assert "found no router dev for" in capsys.readouterr().err
