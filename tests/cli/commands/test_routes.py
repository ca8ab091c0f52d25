"""``router routes``: the table of routes."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.shop import line_of

PLACE_LINE = line_of("@routes.on_insert(Order)")
CONDITION = "changed('status', to='SHIPPED')"


def test_routes_come_in_the_order_of_registration(run: Run) -> None:
    """The table's order is the order in which routes run."""
    ended = run("routes")
    assert (ended.code, ended.err) == (0, "")
    handlers = [
        word for line in ended.out.splitlines() for word in line.split() if word.startswith("shop.") and ":" not in word
    ]
    assert handlers == ["shop.place", "shop.ship", "shop.praise", "shop.cancel", "shop.index"]


def test_a_row_tells_entity_event_handler_and_line(run: Run) -> None:
    """The line is the decorator's, in a file named from the current folder."""
    line = run("routes").out.splitlines()[1]
    assert line.split() == ["Order", "INSERT", "shop.place", f"shop.py:{PLACE_LINE}"]


def test_a_row_tells_conditions_and_options(run: Run) -> None:
    """Conditions, on_error= and on_batch are shown as they were written."""
    lines = run("routes").out.splitlines()
    assert CONDITION in lines[2]
    assert lines[3].endswith("on_error={ValueError: Drop()}")
    assert lines[4].split()[1] == "REMOVE"
    assert lines[5].split()[1] == "ANY"
    assert lines[5].endswith("batch")


def test_a_fallback_takes_any_other_entity(run: Run, folder: Path) -> None:
    """The fallback has no entity of its own."""
    (folder / "rest.py").write_text(
        "from router import Change, Dispatcher, Routes\nfrom typing import Any\nroutes = Routes()\n"
        "@routes.fallback\ndef rest(change: Change[dict[str, Any]]) -> None: ...\napp = Dispatcher(routes)\n",
        encoding="utf-8",
    )
    line = run("routes", app="rest:app").out.splitlines()[1]
    assert line.startswith("(any other)  ANY")
    assert line.endswith("fallback")
    (route,) = json.loads(run("routes", "--json", app="rest:app").out)
    assert (route["fallback"], route["entities"]) == (True, [])


def test_a_route_that_refuses_existing_items_says_so(run: Run, folder: Path) -> None:
    """Only that: to take them is the default, and a window takes none."""
    (folder / "filled.py").write_text(
        "from pydantic import BaseModel\nfrom router import Dispatcher, Insert, Routes, Window\n"
        "class Order(BaseModel):\n    total: int = 0\nroutes = Routes()\n"
        "@routes.on_insert(Order, backfill=False)\ndef welcome(change: Insert[Order]) -> None: ...\n"
        "@routes.on_window(Order, state=Order)\ndef total(window: Window[Order, Order]) -> None: ...\n"
        "app = Dispatcher(routes)\n",
        encoding="utf-8",
    )
    welcome, total = run("routes", app="filled:app").out.splitlines()[1:3]
    assert welcome.endswith("backfill=False")
    assert total.endswith("window, state=Order")
    assert [route["backfill"] for route in json.loads(run("routes", "--json", app="filled:app").out)] == [False, False]


def test_every_option_of_a_route_is_in_the_json(run: Run) -> None:
    """The shape of a route in JSON."""
    routes = json.loads(run("routes", "--json").out)
    assert routes[0] == {
        "handler": "shop.place",
        "route": "on_insert(Order)",
        "entities": ["Order"],
        "events": ["INSERT"],
        "condition": None,
        "source": f"shop.py:{PLACE_LINE}",
        "batch": False,
        "window": None,
        "fallback": False,
        "on_error": None,
        "backfill": True,
    }
    assert routes[1]["condition"] == CONDITION
    assert routes[3]["events"] == ["DELETE", "EXPIRE"]
    assert routes[4]["batch"] is True


def test_a_single_policy_is_shown_as_it_prints(run: Run, folder: Path) -> None:
    """on_error= without a mapping is the policy alone."""
    source = (folder / "shop.py").read_text(encoding="utf-8").replace("{ValueError: Drop()}", "Drop()")
    (folder / "shop.py").write_text(source, encoding="utf-8")
    assert json.loads(run("routes", "--json").out)[2]["on_error"] == "Drop()"


def test_the_table_fits_80_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow terminal gets no broken table."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("routes").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(CONDITION in line for line in lines)


def test_an_app_without_routes_says_so(run: Run, folder: Path) -> None:
    """An empty table would look like a mistake of the command."""
    (folder / "bare.py").write_text("from router import Dispatcher\napp = Dispatcher()\n", encoding="utf-8")
    assert run("routes", app="bare:app") == (0, "bare:app has no routes\n", "")
    assert run("routes", "--json", app="bare:app").out == "[]\n"


def test_a_broken_app_is_the_users_error_and_1(run: Run, folder: Path) -> None:
    """An app that does not import is no wrong command line."""
    (folder / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    ended = run("routes", app="broken:app")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith("ZeroDivisionError: division by zero\n")


def test_asyncapi_prints_a_document(run: Run) -> None:
    """What the app consumes, for catalogues: its name, and an operation for each route."""
    ended = run("routes", "--asyncapi")
    document = json.loads(ended.out)
    assert (ended.code, document["asyncapi"], document["info"]["title"]) == (0, "3.0.0", "shop:app")
    assert document["info"]["version"] == "0.0.0"
    assert list(document["operations"]) == ["shop.place", "shop.ship", "shop.praise", "shop.cancel", "shop.index"]
    assert document["operations"]["shop.ship"]["description"].endswith("Only if status changes to 'SHIPPED'.")


def test_html_prints_a_page(run: Run) -> None:
    """The page shows each handler."""
    ended = run("routes", "--html")
    assert (ended.code, ended.out[:15]) == (0, "<!DOCTYPE html>")
    assert "<code>shop.place</code>" in ended.out
    assert run("routes", "--asyncapi", "--html").out == ended.out


def test_json_and_asyncapi_exclude_each_other(run: Run) -> None:
    """They are two documents."""
    ended = run("routes", "--json", "--asyncapi")
    assert (ended.code, ended.err) == (
        2,
        "router: found --json with --asyncapi or --html, expected one of them\n",
    )
