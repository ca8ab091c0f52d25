"""``router backfill``: the items of a table or an export through the routes, from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from router.cli import main
from tests.cli.shop import Ended
from tests.local.backfill.deployments import APP
from tests.local.backfill.exports import EXPORT_ID, item_line, upload, write_export
from tests.ministack import Ministack

Seen = Callable[[], list[str]]
Backfill = Callable[..., Ended]

# At the item of a number, the process gets a signal.
SIGNALLED = """
import signal
import time
import sys
handled = 0
note_item = note
def note(pk, record):
    global handled
    handled += 1
    note_item(pk, record)
    if handled == int(os.environ.get("SIGNAL_AT", 0)):
        os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
        while not sys.modules["router.cli.stop_request"]._active[0].requested:
            time.sleep(0.001)
"""
ORDERS = sorted(f"o{number}" for number in range(200))


@pytest.fixture
def backfill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ministack: Ministack
) -> Backfill:
    """Run the command in this process, on the app in ``shop.py`` and on ministack."""
    (tmp_path / "shop.py").write_text(APP + SIGNALLED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.txt"))
    monkeypatch.setenv("ROUTER_APP", "shop:app")
    monkeypatch.delitem(sys.modules, "shop", raising=False)

    def run(*argv: str) -> Ended:
        code = main(["backfill", *argv, "--endpoint-url", ministack.endpoint_url])
        sys.modules.pop("shop", None)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


def document(ended: Ended) -> Any:
    return json.loads(ended.out)


def test_all_items_of_a_table_reach_the_routes(backfill: Backfill, table: str, seen: Seen) -> None:
    """A failed one is named by its route, its error and the file that has its key; its value is not printed."""
    ended = backfill("--table", table)
    assert ended.code == 1
    assert sorted(seen()) == sorted({*ORDERS} - {"o7"})
    assert ended.out.splitlines()[:2] == [
        f"Failed  1 items in backfill-{table}.json.failed.jsonl; the same command runs them again",
        "  1  shop.index: handler: TimeoutError",
    ]
    assert "199 done  200 skipped  1 failed" in ended.out
    assert "o7" not in ended.out + ended.err


def test_the_same_command_runs_what_has_failed(backfill: Backfill, table: str, seen: Seen, tmp_path: Path) -> None:
    """And nothing else."""
    backfill("--table", table)
    (tmp_path / "seen.txt.mended").touch()
    ended = backfill("--table", table)
    assert (ended.code, seen()[199:]) == (0, ["o7"])
    assert ended.out.endswith("0 items read; 200 in all runs; 1 run again; all sent\n") or "capacity units" in ended.out
    assert backfill("--table", table).code == 0
    assert len(seen()) == 200


def test_the_document(backfill: Backfill, table: str) -> None:
    """The shape of the result in JSON."""
    found = document(backfill("--table", table, "--limit", "50", "--json", "--batch-size", "20"))
    assert found.keys() == {
        "table", "finished", "items", "items_of_all_runs", "passed_over", "retried", "outcomes", "failed", "reasons",
        "capacity_units", "checkpoint",
    }  # fmt: skip
    assert (found["table"], found["finished"], found["items"]) == (table, False, 50)
    assert found["checkpoint"] == f"backfill-{table}.json"
    rest = document(backfill("--table", table, "--json"))
    assert (rest["finished"], rest["items"], rest["items_of_all_runs"]) == (True, 150, 200)


def test_restart_begins_again(backfill: Backfill, table: str, seen: Seen) -> None:
    """All items are sent a second time."""
    backfill("--table", table)
    backfill("--table", table, "--restart")
    assert len(seen()) == 398


def test_a_dry_run_counts_and_runs_nothing(backfill: Backfill, table: str, seen: Seen, tmp_path: Path) -> None:
    """By entity and route; it leaves no file."""
    ended = backfill("--table", table, "--dry-run")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "Entity  Items",
        "Order   200",
        "Route                        Items",
        "on_insert(Order) shop.index  200",
        "200 items read, nothing was run",
    ]
    assert document(backfill("--table", table, "--dry-run", "--json", "--limit", "3"))["entities"] == {"Order": 3}
    assert seen() == []
    assert not [*tmp_path.glob("backfill-*")]


def test_only_the_entities_that_are_named_are_sent(backfill: Backfill, table: str, seen: Seen) -> None:
    """The others are counted."""
    found = document(backfill("--table", table, "--entity", "Customer", "--json"))
    assert (found["passed_over"], found["outcomes"], seen()) == (200, {}, [])


def test_a_function_is_invoked_in_place_of_the_app(
    backfill: Backfill, table: str, function: str, seen: Seen, tmp_path: Path
) -> None:
    """The app is not even imported."""
    (tmp_path / "shop.py").write_text("raise AssertionError", encoding="utf-8")
    found = document(backfill("--table", table, "--function", function, "--json"))
    assert (found["outcomes"], found["reasons"]) == (
        {"done": 199, "skipped": 200, "failed": 1},
        {"see the function's log": 1},
    )
    assert sorted(seen()) == sorted({*ORDERS} - {"o7"})


def test_an_export_in_a_folder(backfill: Backfill, tmp_path: Path, seen: Seen) -> None:
    """Its items are sent, and failed lines again."""
    folder = write_export(tmp_path / "copy", [[item_line("a"), item_line("b", total=7)], [item_line("c")]])
    ended = backfill("--export", str(folder), "--key", "pk", "--workers", "1")
    assert (ended.code, seen()) == (1, ["a", "c"])
    (tmp_path / "seen.txt.mended").touch()
    assert backfill("--export", str(folder), "--key", "pk").code == 0
    assert seen() == ["a", "c", "b"]


def test_an_export_in_a_bucket_to_a_function(
    backfill: Backfill, tmp_path: Path, ministack: Ministack, function: str, seen: Seen
) -> None:
    """Nothing is stored here but the checkpoint."""
    write_export(tmp_path / "bucket", [[item_line("a")], [item_line("b")]])
    upload(ministack.client("s3"), "backups", tmp_path / "bucket")
    ended = backfill("--export", f"s3://backups/AWSDynamoDB/{EXPORT_ID}", "--key", "pk", "--function", function)
    assert (ended.code, sorted(seen())) == (0, ["a", "b"])


def test_the_keys_of_an_exported_table_are_those_of_the_table(
    backfill: Backfill, tmp_path: Path, table: str, ministack: Ministack
) -> None:
    """Where it still exists."""
    arn = ministack.client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
    line = {"Item": {"pk": {"S": "a"}, "sk": {"B": "TUVUQQ=="}, "EntityType": {"S": "Order"}}}
    folder = write_export(tmp_path / "copy", [[line]], tableArn=arn)
    assert backfill("--export", str(folder)).code == 0


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        ((), "found neither --table nor --export, expected one of them"),
        (("--table", "a", "--export", "b"), "found both --table and --export, expected one of them"),
        (("--table", "nowhere"), "found ResourceNotFoundException on describe_table of table nowhere"),
        (("--export", "nowhere"), "found no manifest-summary.json of an export at nowhere"),
        (("--table", "a", "--entity", "Ordr"), "found --entity 'Ordr', expected an entity that has a route"),
    ],
)
def test_a_wrong_command_line_is_one_line(backfill: Backfill, argv: tuple[str, ...], found: str) -> None:
    """With exit code 2."""
    ended = backfill(*argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert found in ended.err


def test_a_function_that_does_not_exist_ends_the_command(backfill: Backfill, table: str) -> None:
    """No item has failed, and the next run begins with the same ones."""
    ended = backfill("--table", table, "--function", "nowhere")
    assert ended.code == 1
    assert "found ResourceNotFoundException on invoking the function nowhere" in ended.err
    assert "the same command goes on" in ended.err
    assert "failed" not in ended.out


def _in_process(table: str, url: str, folder: Path, signal_at: int, name: str) -> int:
    """Run the command in a process of its own, which gets a signal at an item."""
    argv = ["backfill", "--table", table, "--app", "shop:app", "--endpoint-url", url, "--batch-size", "7"]
    environment = {**os.environ, "SIGNAL_AT": str(signal_at), "SIGNAL": name}
    ended = subprocess.run([sys.executable, "-m", "router", *argv], cwd=folder, env=environment, check=False)
    return ended.returncode


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_no_item_is_missed_after_kills(
    backfill: Backfill, ministack: Ministack, table: str, seen: Seen, tmp_path: Path, seed: int
) -> None:
    """By SIGKILL at items that a seed chooses; the same command goes on."""
    random = Random(seed)  # noqa: S311 - chosen by a seed
    (tmp_path / "seen.txt.mended").touch()
    code = -signal.SIGKILL
    for attempt in range(6):
        code = _in_process(
            table, ministack.endpoint_url, tmp_path, random.randrange(1, 90) if attempt < 3 else 0, "SIGKILL"
        )
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert code == 0
    assert sorted(set(seen())) == ORDERS


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_after_the_batch(
    backfill: Backfill, ministack: Ministack, table: str, seen: Seen, tmp_path: Path, name: str
) -> None:
    """The next run sends what is left, and no item twice."""
    (tmp_path / "seen.txt.mended").touch()
    code = _in_process(table, ministack.endpoint_url, tmp_path, 10, name)
    assert code == 128 + getattr(signal, name)
    assert 10 <= len(seen()) < 200
    assert _in_process(table, ministack.endpoint_url, tmp_path, 0, name) == 0
    assert sorted(seen()) == ORDERS
