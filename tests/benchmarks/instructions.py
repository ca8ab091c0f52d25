"""Count the instructions of a record with valgrind; the load of the machine does not change them.

    python -m tests.benchmarks.instructions [--workload insert modify] [--contestant app powertools floor]
    python -m tests.benchmarks.instructions --shape one-route three-routes

Each contestant handles the same event some times in an interpreter under ``valgrind --tool=callgrind``, and twice as
often in another one. The difference, divided by the number of records, is printed; costs that do not depend on the
records cancel out. Instructions are not time: they do not include waiting for memory. For the same code they hardly vary.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.benchmarks.contestants import CONTESTANTS
from tests.benchmarks.measuring import quiet
from tests.benchmarks.shapes import SHAPES, shape
from tests.benchmarks.workloads import GROUPS, Workload, make_event

__all__ = ["CountingError", "count", "main"]

ROOT = Path(__file__).parents[2]
WARM_UP = 3
REPEATS = 5
WORKLOADS = ("insert", "realistic", "modify", "one-of-four", "3-of-30", "sample")
COLLECTED = re.compile(r"Collected : (\d+)")


class CountingError(Exception):
    """valgrind is missing, or the command under it failed."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--workload", nargs="+", choices=GROUPS, default=WORKLOADS, metavar="GROUP", help=", ".join(GROUPS)
    )
    parser.add_argument("--contestant", nargs="+", choices=CONTESTANTS, default=["app", "powertools", "floor"])
    parser.add_argument("--shape", nargs="+", choices=SHAPES, metavar="SHAPE", help=", ".join(SHAPES))
    parser.add_argument("--records", type=int, default=400, help="of an event")
    parser.add_argument("--jobs", type=int, default=2, help="interpreters at a time")
    options = parser.parse_args(arguments)
    if options.shape:
        print("instructions a record")
        for name in options.shape:
            try:
                print(f"  {name:<28}{count_shape(name, options.records):,.0f}", flush=True)
            except CountingError as error:
                parser.exit(2, f"{error}\n")
        return
    with ThreadPoolExecutor(options.jobs) as pool:
        counts = [
            (workload, [pool.submit(count, group, workload, each, options.records) for each in options.contestant])
            for group in options.workload
            for workload in GROUPS[group]()
        ]
        print("instructions a record, and how many times those of the first")
        for workload, futures in counts:
            try:
                found = [future.result() for future in futures]
            except CountingError as error:
                pool.shutdown(cancel_futures=True)
                parser.exit(2, f"{error}\n")
            each = zip(options.contestant, found, strict=True)
            cells = (f"{name} {mine:,.0f} ({mine / found[0]:.2f})" for name, mine in each)
            print(f"  {workload.name:<28}" + "  ".join(f"{cell:<28}" for cell in cells), flush=True)


def count(group: str, workload: Workload, contestant: str, records: int) -> float:
    """Count the interpreter's instructions for a record.

    Args:
        group: The workload's group.
        workload: The workload.
        contestant: The contestant.
        records: About how many records the event has.

    Raises:
        CountingError: valgrind is missing, or the command under it failed.
    """
    code = f"{group!r}, {workload.key!r}, {contestant!r}, {records}"
    once, twice = (counted(f"handle({code}, {each})") for each in (REPEATS, 2 * REPEATS))
    return (twice - once) / (len(make_event(workload, records)["Records"]) * REPEATS)


def count_shape(name: str, records: int) -> float:
    """Count the interpreter's instructions for a record of a shape.

    Raises:
        CountingError: valgrind is missing, or the command under it failed.
    """
    once, twice = (counted(f"handle_shape({name!r}, {records}, {each})") for each in (REPEATS, 2 * REPEATS))
    return (twice - once) / (records * REPEATS)


def counted(call: str) -> int:
    """Count all instructions of an interpreter that makes a call of this module."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        msg = "found no valgrind, which counts instructions; install it (Debian, Ubuntu: apt-get install valgrind)"
        raise CountingError(msg)
    code = f"from tests.benchmarks import instructions; instructions.{call}"
    # setarch, if it exists, gives each run the same addresses: the places of objects decide a few branches.
    fixed = [setarch, "--addr-no-randomize"] if (setarch := shutil.which("setarch")) else []
    with tempfile.TemporaryDirectory() as folder:
        # The count starts when the run asks for it: the imports take much longer than the run.
        options = ["--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out"]
        command = [*fixed, valgrind, *options, sys.executable, "-c", code]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    found = COLLECTED.search(done.stderr)
    if done.returncode or found is None:
        msg = f"{call}: exit code {done.returncode} under valgrind, expected a count:\n{done.stderr[-2000:]}"
        raise CountingError(msg)
    return int(found[1])


def handle(group: str, key: str, contestant: str, records: int, repeats: int) -> None:
    """Handle an event under valgrind: some times to warm up, then with the count on."""
    workload = next(workload for workload in GROUPS[group]() if workload.key == key)
    run_counted(lambda: CONTESTANTS[contestant](workload, make_event(workload, records), None).run, repeats)


def handle_shape(name: str, records: int, repeats: int) -> None:
    """Handle the event of a shape under valgrind, like ``handle``."""
    run_counted(lambda: shape(name, records), repeats)


def run_counted(make: Callable[[], Callable[[], Any]], repeats: int) -> None:
    with quiet():
        run = make()
        for _ in range(WARM_UP):
            run()
        gc.collect()
        subprocess.run(["callgrind_control", "--instr=on", str(os.getpid())], stdout=subprocess.DEVNULL, check=True)
        for _ in range(repeats):
            run()
    os._exit(0)  # without it the count would include the interpreter's end


if __name__ == "__main__":
    main()
