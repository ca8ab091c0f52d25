"""How many records a second the dispatcher takes, beside Powertools on the same events, models and handlers.

    python -m tests.benchmarks.dispatch [--rounds 15] [--records 1000]

All contestants run in this one process, in turn, so that a noisy moment meets each of them alike; before that it is
checked that they make the same models of the same records. The application keeps its default log of one line per
invocation; what is written to standard output meanwhile goes to /dev/null. Garbage is collected before each run.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from router import Dispatcher, Insert, Modify, Routes
from router.decode import decode_image
from tests.benchmarks.workloads import WORKLOADS, Workload, make_event

ROOT = Path(__file__).parents[2]
PACKAGES = ("pydantic", "pydantic-core", "aws-lambda-powertools", "structlog")

# --------------------------------------------------------------------------------------- who dispatches: contestants

Run = Callable[[], Any]
Seen = list[tuple[Any, ...]]
"""The models that handlers were given, one tuple for each record. Where it is None handlers do nothing."""
Contestant = Callable[[Workload, dict[str, Any], "Seen | None"], Run]


def keeper(seen: Seen | None) -> Callable[..., None]:
    """What a handler does with the models of a record: nothing, or keep them."""
    return (lambda *_: None) if seen is None else (lambda *models: seen.append(models))


def dispatcher(workload: Workload, event: dict[str, Any], seen: Seen | None) -> Run:
    def insert(change: Insert[Any]) -> None: ...

    def modify(change: Modify[Any]) -> None: ...

    def keep_insert(change: Insert[Any]) -> None:
        keep(change.new)

    def keep_modify(change: Modify[Any]) -> None:
        keep(change.new, change.old)

    keep = keeper(seen)
    routes = Routes()
    for model in workload.models.values():
        if workload.event_name == "INSERT":
            routes.on_insert(model)(insert if seen is None else keep_insert)
        else:
            routes.on_modify(model)(modify if seen is None else keep_modify)
    app = Dispatcher(routes)
    return lambda: app(event, None)


def powertools(workload: Workload, event: dict[str, Any], seen: Seen | None) -> Run:
    processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
    handle = keeper(seen)
    models, both = workload.models, "OldImage" in workload.images

    def handle_record(record: DynamoDBRecord) -> None:
        body = record.dynamodb
        assert body is not None
        new = body.new_image
        model = models.get(new["EntityType"])
        if model is None:
            return
        if both:
            handle(model.model_validate(new), model.model_validate(body.old_image))
        else:
            handle(model.model_validate(new))

    return lambda: process_partial_response(event, handle_record, processor)


def floor(workload: Workload, event: dict[str, Any], seen: Seen | None) -> Run:
    bodies = [record["dynamodb"] for record in event["Records"]]
    models = [workload.models.get(body["NewImage"]["EntityType"]["S"]) for body in bodies]
    ready = [
        (model.model_validate, [decode_image(body[name]) for name in workload.images])
        for model, body in zip(models, bodies, strict=True)
        if model is not None
    ]
    handle = keeper(seen)

    def validate() -> dict[str, Any]:
        for model_validate, images in ready:
            handle(*map(model_validate, images))
        return {"batchItemFailures": []}

    return validate


CONTESTANTS: dict[str, Contestant] = {
    "app(event, context)": dispatcher,
    "Powertools": powertools,
    "model_validate": floor,
}

# ------------------------------------------------------------------------------------------------------- measuring


Times = dict[str, list[float]]
"""Seconds of each contestant, round by round."""


def interleaved(runs: dict[str, Callable[[], float]], rounds: int) -> Times:
    """Measure each in each round, in another order every time."""
    times: Times = {name: [] for name in runs}
    names = list(runs)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            times[name].append(runs[name]())
    return times


def timed(run: Run) -> float:
    gc.collect()
    started = perf_counter()
    run()
    return perf_counter() - started


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def check_equal_work(workload: Workload, event: dict[str, Any]) -> int:
    """Assert that all contestants make the same models, and answer that all is well; tell how many they make."""
    results: list[tuple[Any, Seen]] = []
    for contestant in CONTESTANTS.values():
        seen: Seen = []
        results.append((contestant(workload, event, seen)(), seen))
    assert all(result == results[0] for result in results), "the contestants do not do the same"
    response, seen = results[0]
    assert response == {"batchItemFailures": []}
    assert len(seen) == workload.routed_records(event)
    return sum(map(len, seen))


def dispatch_figures(workload: Workload, records: int, rounds: int) -> None:
    event = make_event(workload, records)
    with quiet():
        models = check_equal_work(workload, event)
        runs = {name: contestant(workload, event, None) for name, contestant in CONTESTANTS.items()}
        for run in runs.values():
            run()
        times = interleaved({name: partial(timed, run) for name, run in runs.items()}, rounds)
    print(f"\n{workload.name}: {len(event['Records'])} records, {models} models")
    print_table(times, len(event["Records"]))


IMPORTS = {
    "handlers": "import handlers",
    "pydantic + structlog": "import structlog\nfrom pydantic import BaseModel\nclass Model(BaseModel):\n    id: str",
}


def import_seconds(statements: str, environment: dict[str, str]) -> float:
    code = f"from time import perf_counter\nstarted = perf_counter()\n{statements}\nprint(perf_counter() - started)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return float(done.stdout)


def import_figures(rounds: int) -> None:
    if not (ROOT / "handlers").is_dir():
        print("\nimport: there is no package handlers here, so nothing is measured")
        return
    print("\nimport, each in a new interpreter, all of it compiled before")
    with tempfile.TemporaryDirectory() as cache:
        # Whatever the shell says of bytecode: what is installed has some, and a package without is another question.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        runs: dict[str, Callable[[], float]] = {
            name: partial(import_seconds, code, environment) for name, code in IMPORTS.items()
        }
        for run in runs.values():
            run()
        print_table(interleaved(runs, rounds))


def print_table(times: Times, records: int | None = None) -> None:
    """Print medians and quartiles, and how long each takes beside the first in the same round."""
    first = next(iter(times.values()))
    for name, seconds in times.items():
        low, median, high = statistics.quantiles(seconds, n=4)
        ratio = statistics.median(mine / firsts for mine, firsts in zip(seconds, first, strict=True))
        rate = f"{records / median:>10,.0f} records/s" if records else ""
        print(f"  {name:<22}{median * 1e3:8.2f} ms  [{low * 1e3:.2f} .. {high * 1e3:.2f}]{rate}{ratio:8.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--records", type=int, default=1000)
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES))
    print(f"Medians of {arguments.rounds} rounds [quartiles]; last: time beside the first line's, round by round")
    for workload in WORKLOADS:
        dispatch_figures(workload, arguments.records, arguments.rounds)
    import_figures(max(9, arguments.rounds // 2))


if __name__ == "__main__":
    main()
