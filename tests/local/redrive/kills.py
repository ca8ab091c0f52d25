"""Redrive parked records with kills at random points, and count what is lost, out of order, or run twice.

By hand: ``python -m tests.local.redrive.kills 10000 500 20 0``, with the number of records, items, kills, and the seed.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from router.local.engines.embedded import Embedded
from tests.builders import Json
from tests.local.redrive.shop import APP, change, make_table, parked, write_lines

ROUTER = Path(sys.executable).with_name("router")
_STALE_EVERY = 10  # items: of these the table holds a later version


class Figures(NamedTuple):
    """What a run has counted."""

    kills: int
    done: int
    lost: int
    out_of_order: int
    twice: int
    stale: int
    stale_expected: int
    stale_run: int


def measure(records: int, items: int, kills: int, seed: int, folder: Path) -> Figures:
    """Redrive records with kills.

    Args:
        records: How many records are parked.
        items: Of how many items.
        kills: How many times the command is killed.
        seed: Chooses the moments.
        folder: An empty folder.
    """
    rng = random.Random(seed)  # noqa: S311 - to be repeatable
    documents, versions = _parked(records, items, rng)
    write_lines(folder / "parked.jsonl", documents)
    (folder / "redriven_shop.py").write_text(APP, encoding="utf-8")
    stale = {item for number, item in enumerate(versions) if number % _STALE_EVERY == 0}
    with Embedded() as engine:
        held = {item: version + (item in stale) for item, version in versions.items()}
        make_table(engine.client("dynamodb"), "shop", held)
        every = sorted(rng.sample(range(1, records - sum(versions[item] for item in stale)), kills))
        for moment in every:
            _redrive(folder, engine.endpoint_url, until=moment, pause=rng.uniform(0, 0.02))
        _redrive(folder, engine.endpoint_url)
    return _figures(folder, documents, stale, kills)


def _parked(records: int, items: int, rng: random.Random) -> tuple[list[Json], dict[str, int]]:
    """Documents in an order of their own, and the last version of each item."""
    versions: dict[str, int] = {}
    documents = []
    for number in range(records):
        item = f"i{number % items}"
        versions[item] = version = versions.get(item, 0) + 1
        documents.append(parked(change(item, version, number + 1, "INSERT" if version == 1 else "MODIFY")))
    rng.shuffle(documents)
    return documents, versions


def _redrive(folder: Path, url: str, until: int | None = None, pause: float = 0.0) -> None:
    """Run the command, and kill it some time after that many records have been handled in all."""
    environment = {**os.environ, "SEEN": str(folder / "seen.txt"), "LOG_LEVEL": "CRITICAL"}
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [ROUTER, "redrive", "parked.jsonl", "--app", "redriven_shop:app", "--endpoint-url", url],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            if until is not None and len(_lines(folder)) >= until:
                time.sleep(pause)
                process.kill()
                until = None
            time.sleep(0.005)
    process.wait()


def _lines(folder: Path) -> list[str]:
    path = folder / "seen.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _figures(folder: Path, documents: list[Json], stale: set[str], kills: int) -> Figures:
    handled = [line.split() for line in _lines(folder)]
    counts = Counter(int(number) for _, _, _, number, _ in handled)
    left = {
        int(json.loads(line)["record"]["dynamodb"]["SequenceNumber"])
        for line in (folder / "parked.jsonl").read_text(encoding="utf-8").splitlines()
    }
    items = {int(each["record"]["dynamodb"]["SequenceNumber"]): each for each in documents}
    latest: dict[str, int] = {}
    out_of_order = 0
    for _, _, item, number, _ in handled:
        out_of_order += int(number) < latest.get(item, 0)
        latest[item] = int(number)
    of_stale = {number for number, each in items.items() if each["record"]["dynamodb"]["Keys"]["pk"]["S"] in stale}
    return Figures(
        kills=kills,
        done=len(counts),
        lost=len(items.keys() - counts.keys() - left),
        out_of_order=out_of_order,
        twice=sum(count - 1 for count in counts.values()),
        stale=len(left),
        stale_expected=len(of_stale),
        stale_run=len(of_stale & counts.keys()),
    )


def main() -> None:
    """Print the figures of a run."""
    records, items, kills, seed = map(int, (*sys.argv[1:], *("10000", "500", "20", "0")[len(sys.argv) - 1 :]))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(records, items, kills, seed, Path(folder))
    sys.stdout.write(f"{figures}\n{time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
