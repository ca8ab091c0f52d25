"""Count the instructions of a record with valgrind; the load of the machine does not change them.

    python -m tests.benchmarks.instructions [--workload realistic insert] [--contestant app powertools floor]

Each contestant handles some events in an interpreter under ``valgrind --tool=callgrind``, and twice as many in another
one. The difference, divided by the number of records, is printed; costs that do not depend on the
records cancel out. Instructions are not time: they do not include waiting for memory. For the same code they hardly vary.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from router.testing import Context
from tests.benchmarks.contestants.registry import CONTESTANTS
from tests.benchmarks.measuring import quiet
from tests.benchmarks.workloads import event_text, workload_of

__all__ = ["CountingError", "count_all", "main"]

ROOT = Path(__file__).parents[2]
REPEATS = 5
RECORDS = 100
WARM_UP = 600  # records, after which parsers are generated
FEWEST_EVENTS = 6
WORKLOADS = ("realistic", "insert", "modify", "remove", "two-routes", "all", "one-of-four", "sample")
COLLECTED = re.compile(r"Collected : (\d+)")


class CountingError(Exception):
    """valgrind is missing, or the command under it failed."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", nargs="+", default=WORKLOADS, metavar="KEY", help="as in the figures' JSON")
    parser.add_argument("--contestant", nargs="+", choices=CONTESTANTS, default=["app", "powertools", "floor"])
    parser.add_argument("--records", type=int, default=RECORDS, help="of an event")
    parser.add_argument("--jobs", type=int, default=2, help="interpreters at a time")
    options = parser.parse_args(arguments)
    try:
        workloads = [workload_of(key) for key in options.workload]
    except LookupError as error:
        parser.error(str(error))
    pairs = [(workload.key, contestant) for workload in workloads for contestant in options.contestant]
    try:
        found = count_all(pairs, options.records, options.jobs)
    except CountingError as error:
        parser.exit(2, f"{error}\n")
    print("instructions a record, and how many times those of the first")
    for workload in workloads:
        counts = {name: found[workload.key, name] for name in options.contestant}
        first = counts[options.contestant[0]]
        cells = (f"{name} {count:,.0f} ({count / first:.2f})" for name, count in counts.items())
        print(f"  {workload.name:<36}" + "  ".join(f"{cell:<28}" for cell in cells))


def count_all(pairs: Iterable[tuple[str, str]], records: int = RECORDS, jobs: int = 2) -> dict[tuple[str, str], float]:
    """Count the instructions of a record for each pair of a workload and a contestant.

    Args:
        pairs: The pairs.
        records: How many records the event has.
        jobs: How many interpreters run at a time.

    Raises:
        CountingError: valgrind is missing, or the command under it failed.
    """
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pair: pool.submit(count, *pair, records) for pair in pairs}
        try:
            return {pair: future.result() for pair, future in futures.items()}
        finally:
            pool.shutdown(cancel_futures=True)


def count(workload: str, contestant: str, records: int) -> float:
    """Count the interpreter's instructions for a record.

    Args:
        workload: The workload's key.
        contestant: The contestant's name.
        records: How many records the event has.

    Raises:
        CountingError: valgrind is missing, or the command under it failed.
    """
    code = f"{workload!r}, {contestant!r}, {records}"
    once, twice = (counted(f"handle({code}, {each})") for each in (REPEATS, 2 * REPEATS))
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


def handle(key: str, contestant: str, records: int, repeats: int) -> None:
    """Handle events under valgrind: some to warm up, then others with the count on. All are parsed before."""
    workload, context = workload_of(key), Context(remaining=900)
    entry, text = CONTESTANTS[contestant](workload, None), event_text(workload, records)
    with quiet():
        for _ in range(max(FEWEST_EVENTS, WARM_UP // records)):
            entry.run(entry.prepare(json.loads(text)), context)
        events = [entry.prepare(json.loads(text)) for _ in range(repeats)]
        gc.collect()
        subprocess.run(["callgrind_control", "--instr=on", str(os.getpid())], stdout=subprocess.DEVNULL, check=True)
        for event in events:
            entry.run(event, context)
    os._exit(0)  # without it the count would include the interpreter's end


if __name__ == "__main__":
    main()
