"""Measure a record in the dispatcher and in the alternatives, on the same events, models and handlers.

    python -m tests.benchmarks.dispatch [--workload realistic flat] [--rounds 15] [--quick]
                                        [--json FILE] [--plot FILE] [--write-docs]

All contestants run in this process, in turn, in a random order in each round, so that a noisy moment affects each of
them. A check before the measurement ensures that their handlers get the same models. Each run has an event of its own,
parsed from JSON before. Ratios are taken round by round. Times are processor times, without those of other programs.
The application keeps its log of one line per invocation; standard output goes to /dev/null meanwhile. Garbage is
collected before each measurement, and during it as usual. A whole run also measures memory, lanes, invocations and cold
starts in Lambda's runtime client, and counts instructions if valgrind is installed.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from router.parsing.parser import IMAGES_BEFORE_CODEGEN
from router.testing import Context
from tests.benchmarks import docs, scale
from tests.benchmarks.contestants.entry import Entry
from tests.benchmarks.contestants.registry import contestants_of
from tests.benchmarks.equality import check_equal_work
from tests.benchmarks.goals import GOALS
from tests.benchmarks.in_runtime import measure_cold_starts, measure_in_runtime
from tests.benchmarks.instructions import CountingError, count_all
from tests.benchmarks.lanes import measure_lanes
from tests.benchmarks.measuring import interleaved, quiet, timed
from tests.benchmarks.memory import EVENT_BYTES, measure_memory
from tests.benchmarks.page import print_goals, print_rest, print_workload, pythons, tables
from tests.benchmarks.plot import plot
from tests.benchmarks.results import Measured, Results
from tests.benchmarks.rust import RustMissingError, rust_handler
from tests.benchmarks.workloads import GROUPS, Workload, event_text

__all__ = ["main"]

ROUNDS = 15
QUICK_ROUNDS, QUICK_RECORDS, QUICK_BYTES = 2, 4, 20_000
LOOKED_AT = ("one-of-four", "3-of-30")  # the rest of a record costs little there
Runs = dict[tuple[str, str], Callable[[], float]]
"""Measurements by workload and contestant."""
ROUND_BYTES = 1_000_000  # events of fewer bytes are handled several times in each round


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", nargs="+", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--rounds", type=int, help=f"default: {ROUNDS}")
    parser.add_argument("--quick", action="store_true", help="few records and rounds, as a test of the benchmark")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the file of the figures")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="the picture: .svg or .png")
    parser.add_argument("--write-docs", action="store_true", help="write them into docs/, with the picture")
    options = parser.parse_args(arguments)
    if options.write_docs and (options.workload or options.quick):
        parser.error("--write-docs is for a whole run: leave --workload and --quick away")
    # Powertools writes a hundred values at once, and warns at the end that it has none.
    warnings.filterwarnings("ignore", "No application metrics to publish")
    results = Results(options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS))
    for group in options.workload or GROUPS:
        for measured in measure(group, results.rounds, QUICK_RECORDS if options.quick else None):
            results.measured[measured.key] = measured
            print_workload(measured)
    if not options.workload:
        measure_rest(results, quick=options.quick)
        print_rest(results)
    if not options.quick:  # few records do not show whether a goal is met
        print_goals(results)
    if options.json:
        options.json.write_text(document(results), encoding="utf-8")
    if options.plot:
        plot(results, options.plot)
    if options.write_docs:
        write_docs(results)


def measure_rest(results: Results, *, quick: bool) -> None:
    """Measure what is no workload. A quick run leaves out what takes long or needs valgrind."""
    event_bytes = QUICK_BYTES if quick else EVENT_BYTES
    results.memory = measure_memory(event_bytes)
    results.lanes = measure_lanes(results.rounds)
    results.in_runtime = measure_in_runtime(results.rounds, event_bytes)
    if quick:
        return
    results.cold_starts = measure_cold_starts(results.rounds)
    try:
        results.instructions = count_all({pair for goal in GOALS for pair in goal.counted})
    except CountingError as error:
        print(f"Instructions are not counted: {error}", file=sys.stderr)


def document(results: Results) -> str:
    return json.dumps(results.to_dict(), indent=1, ensure_ascii=False) + "\n"


def write_docs(results: Results) -> None:
    """Write the figures into the pages, beside the kept figures of other Pythons."""
    folder = docs.FOLDER / "benchmarks"
    folder.mkdir(exist_ok=True)
    major, minor, *_ = platform.python_version_tuple()
    (folder / f"dispatch-{major}.{minor}.json").write_text(document(results), encoding="utf-8")
    plot(results, folder / "dispatch.svg")
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("dispatch-*.json"))]
    docs.write(docs.FOLDER / "benchmarks.md", {**tables(results), "pythons": pythons(kept)})
    docs.write(docs.FOLDER / "scale.md", scale.figures(results))


def measure(group: str, rounds: int, records: int | None = None) -> list[Measured]:
    """Check and measure the workloads of a group in the same rounds.

    Args:
        group: Its name.
        rounds: How often each contestant is measured on each workload.
        records: How many records each event has; ``None`` for the workload's own number.

    Raises:
        UnequalWorkError: Two contestants do different work.
    """
    runs: Runs = {}
    about: dict[str, tuple[str, int, int, int]] = {}
    with quiet():
        for workload in GROUPS[group]():
            text, count = event_text(workload, records), records or workload.records
            about[workload.key] = (workload.name, count, len(text), check_equal_work(workload, text))
            found = runs_of(workload, text, 1 if records else max(1, ROUND_BYTES // len(text)))
            for name, run in found.items():
                for _ in range(0 if records else warm_ups(workload, name)):  # a quick run needs none
                    run()
                runs[workload.key, name] = run
        times = interleaved(runs, rounds)
    return [
        Measured(key, *each, {name: seconds for (of, name), seconds in times.items() if of == key})
        for key, each in about.items()
    ]


def runs_of(workload: Workload, text: str, repeats: int) -> dict[str, Callable[[], float]]:
    """The measurements of a workload. Each run has an event of its own, as Lambda's runtime client parses it."""
    runs: dict[str, Callable[[], float]] = {}
    kept = json.loads(text)
    for name, contestant in contestants_of(workload).items():
        entry, context = contestant(workload, None), Context(remaining=900)
        prepare = partial(prepared, entry, text)
        if workload.kept:
            prepare = partial(lambda ready: ready, entry.prepare(kept))
        runs[name] = partial(timed, prepare, partial(call, entry, context), repeats)
    if workload.key in LOOKED_AT:
        runs["look"] = partial(timed, partial(json.loads, text), look)
    if workload.key == "sample":
        runs |= yardsticks(text.encode())
    return runs


def prepared(entry: Entry, text: str) -> Any:
    return entry.prepare(json.loads(text))


def call(entry: Entry, context: Context, ready: Any) -> Any:
    return entry.run(ready, context)


def warm_ups(workload: Workload, name: str) -> int:
    """The number of rounds without measurement: for the application until each model has a generated parser."""
    return 1 + (IMAGES_BEFORE_CODEGEN * len(workload.entities) // workload.records if name == "app" else 0)


def yardsticks(data: bytes) -> dict[str, Callable[[], float]]:
    """Rust, which parses the JSON and builds the models, and ``json.loads`` alone."""
    runs: dict[str, Callable[[], float]] = {"json.loads": partial(timed, lambda: data, json.loads)}
    try:
        handle = rust_handler()
    except RustMissingError as error:
        print(f"Rust is not measured: {error}", file=sys.stderr)
        return runs
    check_rust(data, handle)
    return {"rust": partial(timed, lambda: data, handle), **runs}


def look(event: dict[str, Any]) -> None:
    """Read the entity name of each record: the least work of any dispatcher."""
    for record in event["Records"]:
        record["dynamodb"]["NewImage"]["EntityType"]["S"]


def check_rust(data: bytes, handle: Callable[[bytes], int]) -> None:
    images = [record["dynamodb"]["NewImage"] for record in json.loads(data)["Records"]]
    texts = sum(len(image["Message"]["S"]) + len(image["EntityType"]["S"]) for image in images)
    assert handle(data) == texts + sum(int(image["Id"]["N"]) for image in images), "Rust makes other models"


if __name__ == "__main__":
    main()
