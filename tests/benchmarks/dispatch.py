"""Measure a record in the dispatcher and in the alternatives, on the same events, models and handlers.

    python -m tests.benchmarks.dispatch [--workload insert modify] [--rounds 15] [--quick]
                                        [--json FILE] [--plot FILE] [--write-docs]

All contestants run in this process, in turn, in a random order in each round, so that a noisy moment affects each of
them. A check before the measurement ensures that their handlers get the same models. Ratios are taken round by round.
Times are processor times, without those of other programs. The application keeps its log of one line per invocation;
standard output goes to /dev/null meanwhile. Garbage is collected before each run, and during it as usual.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from router.parsing.parser import IMAGES_BEFORE_CODEGEN
from tests.benchmarks import docs, scale
from tests.benchmarks.contestants import CONTESTANTS
from tests.benchmarks.equality import check_equal_work
from tests.benchmarks.measuring import interleaved, quiet, timed
from tests.benchmarks.memory import measure_memory
from tests.benchmarks.page import print_goals, print_memory, print_workload, pythons, tables
from tests.benchmarks.plot import plot
from tests.benchmarks.results import Measured, Results
from tests.benchmarks.rust import RustMissingError, rust_handler
from tests.benchmarks.workloads import GROUPS, Workload, event_text

__all__ = ["main"]

ROUNDS = 15
QUICK_ROUNDS, QUICK_RECORDS, QUICK_BYTES = 2, 4, 20_000
LOOKED_AT = ("one-of-four", "3-of-30")  # the rest of a record costs little there
Runs = dict[tuple[str, str], Callable[[], float]]
"""Runs that return their time, by workload and contestant."""


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
    results = Results(options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS))
    for group in options.workload or GROUPS:
        for measured in measure(group, results.rounds, QUICK_RECORDS if options.quick else None):
            results.measured[measured.key] = measured
            print_workload(measured)
    if not options.workload:
        results.memory = measure_memory(QUICK_BYTES) if options.quick else measure_memory()
        print_memory(results.memory)
    if not options.quick:  # few records do not show whether a goal is met
        print_goals(results)
    if options.json:
        options.json.write_text(document(results), encoding="utf-8")
    if options.plot:
        plot(results, options.plot)
    if options.write_docs:
        write_docs(results)


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
        rounds: How often each contestant handles each event.
        records: About how many records each event has; ``None`` for the workload's own number.

    Raises:
        UnequalWorkError: Two contestants do different work.
    """
    runs: Runs = {}
    abouts: list[tuple[Workload, int, int, int]] = []
    with quiet():
        made = [(workload, event_text(workload, records)) for workload in GROUPS[group]()]
        # Earlier objects leave holes in memory, and the first events would be scattered over them: these fill the holes.
        ballast = [json.loads(text) for _, text in made]
        for workload, text in made:
            event: dict[str, Any] = json.loads(text)
            abouts.append((workload, len(event["Records"]), len(text), check_equal_work(workload, event)))
            for name, contestant in CONTESTANTS.items():
                runs[workload.key, name] = partial(timed, contestant(workload, event, None).run)
            if workload.key == "sample":
                runs.update(yardsticks(workload, text))
            if workload.key in LOOKED_AT:
                runs[workload.key, "look"] = partial(timed, partial(look, event))
        if records is None:  # a quick run needs no warm-up
            for (key, _), run in runs.items():
                for _ in range(warm_ups(key, abouts)):
                    run()
        times = interleaved(runs, rounds)
    del ballast
    return [
        Measured(workload.key, workload.name, count, size, models, times_of(workload.key, times))
        for workload, count, size, models in abouts
    ]


def warm_ups(key: str, abouts: list[tuple[Workload, int, int, int]]) -> int:
    """The number of runs until each model has been parsed often enough for a generated parser."""
    workload, records = next((workload, records) for workload, records, *_ in abouts if workload.key == key)
    return 1 + IMAGES_BEFORE_CODEGEN * len(workload.entities) // records


def times_of(workload: str, times: dict[tuple[str, str], list[float]]) -> dict[str, list[float]]:
    return {name: seconds for (key, name), seconds in times.items() if key == workload}


def yardsticks(workload: Workload, text: str) -> Runs:
    """Rust, which parses the JSON and builds the models, and ``json.loads`` alone."""
    data = text.encode()
    runs: Runs = {(workload.key, "json.loads"): partial(timed, partial(json.loads, data))}
    try:
        handle = rust_handler()
    except RustMissingError as error:
        print(f"Rust is not measured: {error}", file=sys.stderr)
        return runs
    check_rust(data, handle)
    return {(workload.key, "rust"): partial(timed, partial(handle, data)), **runs}


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
