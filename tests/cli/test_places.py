"""``router.cli.places``: apps run away from their parking place and their store of completed routes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from router import Dispatcher, JsonLinesParking, Routes
from router.cli.places import app_in_container
from tests.cli.conftest import Run
from tests.cli.shop import APP, CANCELLED, PLACED, write

PARKED = Path("parked.jsonl")
COMPLETED = Path("completed.txt")

# The app parks its failures in a file, and its store of completed routes writes another.
WITH_PLACES = APP.replace("Modify, Remove", "JsonLinesParking, Modify, Park, Remove").replace(
    "app = Dispatcher(routes)",
    f"""
import pathlib


class Store:
    def recall(self, records):
        pathlib.Path({str(COMPLETED)!r}).touch()
        return ()

    def remember(self, pairs): ...
    def forget(self, pairs): ...


app = Dispatcher(routes, parking=JsonLinesParking({str(PARKED)!r}), on_error=Park(), completed=Store())
""",
)

Ran = Callable[..., Any]


@pytest.fixture
def run_on_failure(run: Run, folder: Path) -> Ran:
    """Run a command on a record that the app parks."""
    (folder / "shop.py").write_text(WITH_PLACES, encoding="utf-8")
    return lambda command, *options: run(command, write("event.json", CANCELLED), *options)


@pytest.mark.parametrize("command", ["invoke", "replay"])
def test_the_parking_place_is_not_touched(run_on_failure: Ran, command: str) -> None:
    """The outcome is that of Lambda, but the record stays out of the app's place."""
    ended = run_on_failure(command)
    assert (ended.code, PARKED.exists()) == (0, False)
    assert "1 parked" in ended.out


@pytest.mark.parametrize("command", ["invoke", "replay"])
def test_the_store_of_completed_routes_is_not_touched(run_on_failure: Ran, command: str) -> None:
    """Else a second replay would skip what the first one completed."""
    run_on_failure(command)
    assert not COMPLETED.exists()


@pytest.mark.parametrize("command", ["invoke", "replay"])
def test_what_would_be_parked_is_shown(run_on_failure: Ran, command: str) -> None:
    """The route, the error, the place and the option."""
    shown = run_on_failure(command).out
    assert "handler: KeyError at shop.py:" in shown
    assert "note: 1 record would be parked in JsonLinesParking; --park parks them" in shown


@pytest.mark.parametrize("command", ["invoke", "replay"])
def test_beside_json_the_note_goes_to_standard_error(run_on_failure: Ran, command: str) -> None:
    """Standard output is the document only."""
    ended = run_on_failure(command, "--json")
    assert ended.out.count("\n") == 1
    assert "router: 1 record would be parked in JsonLinesParking" in ended.err


@pytest.mark.parametrize("command", ["invoke", "replay"])
def test_park_parks_in_the_apps_own_place(run_on_failure: Ran, command: str) -> None:
    """The store is the app's own too, and there is no note."""
    ended = run_on_failure(command, "--park")
    assert (len(PARKED.read_text(encoding="utf-8").splitlines()), COMPLETED.exists()) == (1, True)
    assert "would be parked" not in ended.out


def test_an_app_without_a_parking_place_has_none(run: Run) -> None:
    """Its failures are reported, as in Lambda."""
    ended = run("invoke", write("event.json", CANCELLED))
    assert (ended.code, "1 failed" in ended.out) == (1, True)


def test_a_clean_up_that_raises_is_one_line(run: Run, folder: Path) -> None:
    """The result stays, and the exit code is that of the records."""
    factory = "def connection():\n    yield 1\n    print('closing')\n    raise OSError('secret')\n\n\n"
    source = (
        APP.replace("from typing import Any,", "from typing import Annotated, Any,")
        .replace("Change, Dispatcher,", "Change, Depends, Dispatcher,")
        .replace("routes = Routes()", f"{factory}routes = Routes()")
        .replace(
            "def place(change: Insert[Order])",
            "def place(change: Insert[Order], it: Annotated[int, Depends(connection, scope='cold_start')])",
        )
    )
    (folder / "shop.py").write_text(source, encoding="utf-8")
    ended = run("invoke", write("event.json", PLACED))
    assert (ended.code, "closing" in ended.out) == (0, False)
    assert "router: a clean-up of scope cold_start raised OSError at shop.py:" in ended.err


def test_an_error_of_the_command_is_not_a_clean_ups(tmp_path: Path) -> None:
    """It leaves the block, and the app's own place is back."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    app = Dispatcher(Routes(), parking=place)
    with suppress(ZeroDivisionError), app_in_container(app, park=False):
        _ = 1 / 0
    assert app.parking is place
