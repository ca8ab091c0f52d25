"""What a record costs the dispatcher, beside what else a team would write, on the same events, models and handlers.

    python -m tests.benchmarks.dispatch [--workload insert modify] [--rounds 15] [--quick]
                                        [--json FILE] [--plot FILE] [--write-docs]

All contestants run in this one process, in turn, in an order by lot in each round, so that a noisy moment meets each of
them alike; before that it is checked that they give handlers the same models of the same records. Ratios are taken
round by round. Times are those of the processor, so that what other programs take is left out. The application keeps its default log of one line per invocation; what is written to standard output
meanwhile goes to /dev/null. Garbage is collected before each run, and as always during it.
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
LOOKED_AT = ("one-of-four", "3-of-30")  # where not much more is done than that
Runs = dict[tuple[str, str], Callable[[], float]]
"""What times itself, by workload and contestant."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", nargs="+", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--rounds", type=int, help=f"{ROUNDS} if nothing is said")
    parser.add_argument("--quick", action="store_true", help="a few records and rounds, to see that everything works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to keep the figures")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="where to draw them: .svg or .png")
    parser.add_argument("--write-docs", action="store_true", help="put them into docs/, with the picture")
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
    if not options.quick:  # so few records say nothing of a goal
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
    """Put the figures where readers find them, beside those of other Pythons that are there already."""
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
        records: How many records each event has, or a few fewer; what the workload says if nothing is said.

    Raises:
        UnequalWorkError: Two contestants do not do the same.
    """
    runs: Runs = {}
    abouts: list[tuple[Workload, int, int, int]] = []
    with quiet():
        made = [(workload, event_text(workload, records)) for workload in GROUPS[group]()]
        # What went before leaves holes in memory, over which the first events would be scattered: other ones fill them.
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
        if records is None:  # so few say nothing of speed
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
    """How often an event has to be handled until a container is as fast as it gets: each model has been read often."""
    workload, records = next((workload, records) for workload, records, *_ in abouts if workload.key == key)
    return 1 + IMAGES_BEFORE_CODEGEN * len(workload.entities) // records


def times_of(workload: str, times: dict[tuple[str, str], list[float]]) -> dict[str, list[float]]:
    return {name: seconds for (key, name), seconds in times.items() if key == workload}


def yardsticks(workload: Workload, text: str) -> Runs:
    """Rust, which parses the JSON and builds the models, and what parsing alone takes in Python."""
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
    """Follow each record down to its entity's name and do nothing: what no dispatcher can do without."""
    for record in event["Records"]:
        record["dynamodb"]["NewImage"]["EntityType"]["S"]


def check_rust(data: bytes, handle: Callable[[bytes], int]) -> None:
    images = [record["dynamodb"]["NewImage"] for record in json.loads(data)["Records"]]
    texts = sum(len(image["Message"]["S"]) + len(image["EntityType"]["S"]) for image in images)
    assert handle(data) == texts + sum(int(image["Id"]["N"]) for image in images), "Rust makes other models"


if __name__ == "__main__":
    main()
