"""A soak of the built package: DynamoDB Local, a writer, the mapping, and the function in Lambda's runtime client."""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from importlib.metadata import files
from pathlib import Path
from threading import Timer
from typing import Any

from router.local.engines.dynamodb_local import SharedDynamoDBLocal
from router.local.event_source_mapping import Invoke, Result
from router.local.runtime import FunctionConfiguration, RuntimeFunction, payload_of, result_of
from tests.soak.database import Database
from tests.soak.histories import Write, damaged, histories
from tests.soak.redeliveries import Redeliveries
from tests.soak.stream_mapping import StreamMapping, number_of
from tests.soak.tables import COMPLETED, create_tables, items_of, write

__all__ = ["Progress", "Settings", "run_real"]

Progress = Callable[[int], object]

_ROOT = Path(__file__).parents[2]
_PROCESSES = 4
_KILLED = 0.02
_LONGEST_LIFE = 0.1
_FUNCTION = ("app", "contestant", "database", "effects", "faults", "function")
_CLIENTS = (
    *("awslambdaric", "simplejson", "snapshot-restore-py"),
    *("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"),
)
"""What is beside a package in Lambda: the runtime client, and boto3 with what it needs."""


@dataclass(frozen=True)
class Settings:
    """A run.

    Args:
        changes: How many changes are written.
        seed: Of the histories and of the faults.
        by: Who handles them: ``durable`` and ``memory``, the Dispatcher with that store of completed routes,
            ``effects``, one whose handlers are effects, or ``powertools``.
        intensity: A factor of the rates of all faults; 0 for none.
        timeout: The function's time-out in seconds.
    """

    changes: int
    seed: int = 1
    by: str = "durable"
    intensity: float = 1.0
    timeout: float = 10.0


def run_real(settings: Settings, package: Path, folder: Path, progress: Progress = lambda _: None) -> Path:
    """Run a soak.

    Args:
        settings: The run.
        package: The unpacked package of the function, for this Python.
        folder: An empty folder for the function and the database.
        progress: Receives the number of changes that are handled, parked or given up.

    Returns:
        The database.

    Raises:
        StalledError: The run makes no progress.
    """
    path = folder / "soak.db"
    beside = _beside_the_package(folder / "beside")
    with ExitStack() as running:
        engine = running.enter_context(SharedDynamoDBLocal())
        database = Database(path)
        running.callback(database.close)
        tables, streams = engine.client("dynamodb"), engine.client("dynamodbstreams")
        running.callback(tables.close)
        running.callback(streams.close)
        stream_arn = create_tables(tables)
        environment = {
            "PYTHONPATH": str(beside),
            "LOG_LEVEL": "CRITICAL",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "SOAK_BY": settings.by,
            "SOAK_CHANGES": str(settings.changes),
            "SOAK_COMPLETED": COMPLETED,
            "SOAK_DATABASE": str(path),
            "SOAK_ENDPOINT": engine.endpoint_url,
            "SOAK_INTENSITY": str(settings.intensity),
            "SOAK_SEED": str(settings.seed),
        }
        configuration = FunctionConfiguration(
            handler="tests.soak.function.handler",
            root=package,
            name="soak",
            timeout=settings.timeout,
            python=(sys.executable, "-S"),  # no site-packages
            environment=environment,
        )
        processes = [
            running.enter_context(RuntimeFunction(configuration, log=lambda _: None)) for _ in range(_PROCESSES)
        ]
        writes = [*histories(settings.changes, settings.seed)]
        redeliveries = Redeliveries(path, settings.seed)
        function = _Function(processes, settings, writes, database, redeliveries)
        mapping = StreamMapping(streams, stream_arn, function, database)
        with ThreadPoolExecutor(1) as writer:
            written = writer.submit(write, tables, writes, database, parents=settings.by == "effects")
            mapping.run(settings.changes, lambda settled: progress(settled) if not _failed(written) else None)
            written.result()
        function.stop()
        if settings.by == "effects":
            calm = replace(configuration, environment={**environment, "SOAK_INTENSITY": "0"})
            process = running.enter_context(RuntimeFunction(calm, log=lambda _: None))
            redeliveries.deliver(
                lambda event: json.loads(process.invoke(payload_of(function.delivered(event))).payload)
            )
            database.write_items(items_of(tables))
    return path


def _failed(written: Any) -> bool:
    """Raise the writer's error, if there is one."""
    if written.done():
        written.result()
    return False


class _Function:
    """The function in several processes, each of which serves one invocation at a time, and may be killed meanwhile."""

    def __init__(
        self,
        processes: list[RuntimeFunction],
        settings: Settings,
        writes: list[Write],
        database: Database,
        redeliveries: Redeliveries,
    ) -> None:
        self._idle: queue.SimpleQueue[RuntimeFunction] = queue.SimpleQueue()
        for process in processes:
            self._idle.put(process)
        self._database = database
        self._redeliveries = redeliveries
        self._chosen = random.Random(settings.seed)
        self._killed = _KILLED * settings.intensity
        self._malformed = {(write.item, write.number) for write in writes if write.kind == "malformed"}
        self._timers: list[Timer] = []

    def __call__(self, invoke: Invoke) -> Result:
        process = self._idle.get()
        if self._chosen.random() < self._killed:
            timer = Timer(self._chosen.uniform(0, _LONGEST_LIFE), self._kill, [process])
            self._timers.append(timer)
            timer.start()
        self._redeliveries.note(invoke.event["Records"])
        try:
            return result_of(process.invoke(payload_of(self.delivered(invoke.event)), request_id=invoke.request_id))
        finally:
            self._idle.put(process)

    def delivered(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """An event as it arrives: some of its records are damaged on the way."""
        return {**event, "Records": [self._delivered(record) for record in event["Records"]]}

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
            timer.join()

    def _kill(self, process: RuntimeFunction) -> None:
        # The process group holds on to its number until the sandbox is closed, so no other process has it.
        if (pid := process.pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self._database.count("fault: killed from outside")

    def _delivered(self, record: dict[str, Any]) -> dict[str, Any]:
        number = number_of(record)
        if (record["dynamodb"]["Keys"]["pk"]["S"], number) in self._malformed:
            return damaged(record, number)
        return record


def _beside_the_package(folder: Path) -> Path:
    """A folder with what the function has beside its package: its own modules, the runtime client and boto3."""
    own = folder / "tests" / "soak"
    own.mkdir(parents=True)
    for name in _FUNCTION:
        shutil.copy(_ROOT / "tests" / "soak" / f"{name}.py", own)
    for distribution in _CLIENTS:
        tops = {file.parts[0]: file for file in files(distribution) or () if ".." not in file.parts}
        for top, file in tops.items():
            if not (folder / top).exists():
                (folder / top).symlink_to(_site_packages(file) / top)
    return folder


def _site_packages(file: Any) -> Path:
    located = Path(str(file.locate()))
    return located.parents[len(file.parts) - 1]
