"""Many changes through an app whose handlers fail and whose containers die, and a check that none is lost.

    make soak N=100000
    python -m tests.soak --run durable --changes 20000 --seed 7

The runs `durable`, `memory`, `powertools` and `effects` are real: DynamoDB Local, a writer, the function's package in
Lambda's runtime client in four processes, by the Dispatcher with a store of completed routes in a table or in memory, by
Powertools' BatchProcessor, and by a Dispatcher whose handlers are effects, with a tenth of the changes. The others are
simulated in this process, with a tenth of the changes, too: each source with one store for all containers, and DynamoDB
Streams with a store in each and by Powertools. Their figures do not depend on the speed of the machine. The exit code is 1
if a run of the Dispatcher has a fault.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from router.errors import RouterError
from router.local.engines.install import install
from tests.benchmarks.page import table
from tests.deploy.conftest import VERSION, build_artifact
from tests.soak.checker import Findings, check
from tests.soak.effects_checker import EffectFindings, check_effects
from tests.soak.real import Settings, run_real
from tests.soak.simulation import Simulation
from tests.soak.sources import SOURCES

__all__ = ["main"]

EFFECTS = "effects"
"""The run whose tables are compared, in place of what its handlers have noted."""

WHOLE = ("durable", "memory", "powertools")
"""The runs of all changes; others have a tenth."""

REAL = (*WHOLE, EFFECTS)
SIMULATED = {source: (source, "shared") for source in SOURCES} | {
    "streams-memory": ("streams", "memory"),
    "streams-powertools": ("streams", "powertools"),
}
"""The source, and who handles its changes."""

RUNS = (*REAL, *SIMULATED)
_SHARE = 10  # a tenth of the changes
_NEVER = ("lost", "out_of_order", "doubled", "invented", "wrong")
"""What no run of the Dispatcher may have."""

_ROWS: dict[str, Callable[[Any], int]] = {
    "changes": lambda found: found.changes,
    "handlers ran": lambda found: found.counts["handlers ran"],
    "handlers ran again": lambda found: found.counts["handlers ran again"],
    "of these after a response": lambda found: found.counts["handlers ran again after an answer"],
    "records parked, once a handler": lambda found: found.counts["parked"],
    "records in failure documents": lambda found: found.counts["discarded"],
    "lost": lambda found: len(found.lost),
    "out of order": lambda found: len(found.out_of_order),
    "ran oftener than delivered": lambda found: len(found.doubled),
    "invented": lambda found: len(found.invented),
    "older change again after a newer one": lambda found: len(found.stale),
}
_EFFECT_ROWS: dict[str, Callable[[Any], int]] = {
    "changes": lambda found: found.changes,
    "items compared": lambda found: found.compared,
    "items that differ": lambda found: len(found.wrong),
}


@dataclass(frozen=True)
class _Done:
    name: str
    found: Findings | EffectFindings
    seconds: float


def main() -> int:
    """Run the soaks that the command line names, and print their figures."""
    options = _options()
    os.environ["LOG_LEVEL"] = "CRITICAL"
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            if not {*REAL}.isdisjoint(options.run):
                install()
                build_artifact(VERSION, folder / "package")
            done = [_run(run, options, folder, console) for run in options.run]
        except RouterError as error:  # such as a missing Java
            console.print(str(error), style="bold red")
            return 1
    for rows, each in ((_ROWS, False), (_EFFECT_ROWS, True)):
        if runs := [run for run in done if (run.name == EFFECTS) is each]:
            print(_markdown(runs, rows))
    bad = [each.name for each in done if "powertools" not in each.name and not {*_NEVER}.isdisjoint(each.found.faults)]
    if bad:
        console.print(f"faults in {', '.join(bad)}", style="bold red")
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--intensity", type=float, default=1.0, help="a factor of the rates of all faults")
    parser.add_argument("--run", action="append", choices=RUNS, help="one of the runs; all by default")
    options = parser.parse_args()
    options.run = options.run or list(RUNS)
    return options


def _run(run: str, options: argparse.Namespace, folder: Path, console: Console) -> _Done:
    columns = TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn()
    began = time.monotonic()
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        own = folder / run
        own.mkdir()
        changes = options.changes if run in WHOLE else max(options.changes // _SHARE, 1)
        task = progress.add_task(run, total=changes)
        if run in REAL:
            settings = Settings(changes, options.seed, run, options.intensity)
            path = run_real(settings, folder / "package", own, lambda count: progress.update(task, completed=count))
        else:
            source, by = SIMULATED[run]
            path = own / "soak.db"
            simulation = Simulation(path, changes, seed=options.seed, source=source, by=by, intensity=options.intensity)
            simulation.run(lambda count: progress.update(task, completed=count))
    seconds = time.monotonic() - began
    found = check_effects(path) if run == EFFECTS else check(path, ordered=run != "sqs")
    return _Done(run, found, seconds)


def _markdown(done: list[_Done], counted: Mapping[str, Callable[[Any], int]]) -> str:
    """The figures, a column for each run, in Markdown for ``docs/reliability.md``."""
    rows = {"seconds": [f"{each.seconds:.0f}" for each in done]}
    rows |= {row: [f"{count(each.found):,}" for each in done] for row, count in counted.items()}
    for fault in sorted({name for each in done for name in each.found.injected}):
        rows[f"injected: {fault}"] = [f"{each.found.injected.get(fault, 0):,}" for each in done]
    return table(["", *(each.name for each in done)], ([name, *values] for name, values in rows.items()))


if __name__ == "__main__":
    sys.exit(main())
