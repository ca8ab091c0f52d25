"""Signals at random moments to commands that do everything that could keep them alive.

By hand: ``python -m tests.cli.signals 300 4 0 8``, with the number of signals, the commands at a time, the seed of the
moments, and the latest moment in seconds, which a slow or busy machine needs later to reach the handlers.
"""

from __future__ import annotations

import json
import os
import pty
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.testing import event, inserted
from tests.cli.tally import TEMPLATE

ROUTER = Path(sys.executable).with_name("router")
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}

APP = """
import asyncio, hashlib, time
from decimal import Decimal
from typing import Literal
from pydantic import BaseModel
from router import Dispatcher, Insert, Routes
{top}
class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    id: str
    total: Decimal

routes = Routes()

@routes.on_insert(Order)
{handler}

app = Dispatcher(routes{options})
"""

HANDLERS = {
    "quick": "def tally(change: Insert[Order]) -> None: ...",
    "sleeping": "def tally(change: Insert[Order]) -> None: time.sleep(60)",
    "stubborn": (
        "def tally(change: Insert[Order]) -> None:\n"
        "    end = time.monotonic() + 60\n"
        "    while time.monotonic() < end:\n"
        "        try:\n            time.sleep(1)\n"
        "        except BaseException:\n            pass"
    ),
    "asynchronous": "async def tally(change: Insert[Order]) -> None: await asyncio.sleep(60)",
    "in C": 'def tally(change: Insert[Order]) -> None: hashlib.pbkdf2_hmac("sha256", b"x", b"x", 100_000_000)',
    "printing": (
        "def tally(change: Insert[Order]) -> None:\n"
        "    end = time.monotonic() + 60\n"
        '    while time.monotonic() < end: print("x" * 1000, flush=True)'
    ),
}


@dataclass(frozen=True)
class Situation:
    """A command, and what is to keep it alive.

    Args:
        command: ``dev``, ``record``, ``replay`` or ``invoke``.
        handler: The name of the handler.
        concurrent: Whether records run in lanes.
        runtime: Whether ``dev`` runs the app in Lambda's runtime client.
        engine: Whether ``dev`` starts the engine, which it has to stop.
        output: ``read``, ``unread pipe`` or ``unread terminal``.
    """

    command: str
    handler: str = "quick"
    concurrent: bool = False
    runtime: bool = False
    engine: bool = False
    output: str = "read"

    @property
    def seconds(self) -> float:
        """Within which the command has to end."""
        return 2.0 if self.engine or self.command == "record" else 1.0


@dataclass
class End:
    """How a command ended.

    Args:
        situation: The command.
        number: The signal.
        moment: Seconds from the first line of ``main()`` to the signal.
        seconds: Seconds from the signal to the end; infinite if the command had to be killed.
        code: The exit code.
        left: Processes that it left over.
        traceback: The traceback in the output.
    """

    situation: Situation
    number: signal.Signals
    moment: float
    seconds: float
    code: int
    left: list[str] = field(default_factory=list)
    traceback: str = ""

    @property
    def right(self) -> bool:
        """Whether the command ended with the right exit code, by itself, and left nothing."""
        right = self.code == CODES[self.number]
        return self.seconds < float("inf") and right and not self.left and not self.traceback


def situations() -> Iterator[Situation]:
    """All situations that the signals go to."""
    for handler in HANDLERS:
        for concurrent in (False, True):
            if not (concurrent and handler == "quick"):
                yield Situation("dev", handler, concurrent)
    for handler in ("quick", "sleeping", "stubborn"):
        yield Situation("dev", handler, runtime=True)
        yield Situation("dev", handler, engine=True)
    for output in ("unread pipe", "unread terminal"):
        for handler in ("quick", "sleeping", "printing"):
            yield Situation("dev", handler, output=output)
            yield Situation("dev", handler, runtime=True, output=output)
    yield Situation("dev", "sleeping", runtime=True, engine=True)
    for output in ("read", "unread pipe", "unread terminal"):
        yield Situation("record", output=output)
    for handler in ("sleeping", "stubborn", "in C"):
        yield Situation("replay", handler)
        yield Situation("invoke", handler, concurrent=True)


def run(count: int, *, seed: int = 0, beside: int = 1, longest: float = 8) -> list[End]:
    """Send signals, to each situation in turn.

    Args:
        count: The number of signals.
        seed: The seed of the moments.
        beside: How many commands run at a time, which keep the machine busy.
        longest: The latest moment of a signal, in seconds after the first line of ``main()``.
    """
    from router.local.engines.embedded import Embedded

    rng, every = random.Random(seed), list(situations())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(Embedded())
        _make_table(engine.client("dynamodb"))
        stack.enter_context(_puts(engine.client("dynamodb")))
        pool = stack.enter_context(ThreadPoolExecutor(beside))
        ends = [
            pool.submit(
                _end,
                every[at % len(every)],
                rng.choice([signal.SIGINT, signal.SIGTERM]),
                rng.uniform(0.02, longest),
                folder / str(at),
                engine.endpoint_url,
            )
            for at in range(count)
        ]
        return [end.result() for end in ends]


def _make_table(client: Any) -> None:
    client.create_table(
        TableName="Orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


@contextmanager
def _puts(client: Any) -> Iterator[None]:
    """Put an item every few milliseconds."""
    ended = threading.Event()

    def put() -> None:
        number = 0
        while not ended.wait(0.02):
            number += 1
            item = {"EntityType": {"S": "Order"}, "id": {"S": str(number)}, "total": {"N": "1"}}
            client.put_item(TableName="Orders", Item=item)

    thread = threading.Thread(target=put)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _end(situation: Situation, number: signal.Signals, moment: float, folder: Path, url: str) -> End:
    folder.mkdir()
    options = ", concurrency=4" if situation.concurrent else ""
    text = APP.format(top="", handler=HANDLERS[situation.handler], options=options)
    (folder / "tallies.py").write_text(text, encoding="utf-8")
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    records = event(*(inserted({"EntityType": "Order", "id": str(each), "total": 1}) for each in range(20)))
    (folder / "event.json").write_text(json.dumps(records), encoding="utf-8")
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1", "LOG_LEVEL": "CRITICAL"}
    environment = {**os.environ, **keys, "SIGNALS": str(folder)}
    with ExitStack() as stack:
        output, read = _output(situation.output, stack)
        process = subprocess.Popen(
            [ROUTER, *_argv(situation, url)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        os.close(output)
        _await_handlers(process)
        time.sleep(moment)
        sent = time.monotonic()
        process.send_signal(number)
        try:
            code = process.wait(20)
            seconds = time.monotonic() - sent
        except subprocess.TimeoutExpired:
            process.kill()
            code, seconds = process.wait(), float("inf")
        end = End(situation, number, moment, seconds, code, _left(str(folder)))
        shown = read()
        end.traceback = shown[shown.find("Traceback") :][:2000] if "Traceback" in shown else ""
        return end


def _await_handlers(process: subprocess.Popen[bytes]) -> None:
    """Wait until the package is imported: before, Python's own handlers end the process."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        caught = int(status.read_text(encoding="utf-8").partition("SigCgt:")[2].split()[0], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)


def _argv(situation: Situation, url: str) -> list[str]:
    match situation.command:
        case "dev":
            place = ["--port", "0"] if situation.engine else ["--endpoint-url", url]
            return ["dev", *place, *(["--runtime"] if situation.runtime else []), *(["--slow", "0.01"])]
        case "record":
            return ["record", "--table", "Orders", "--endpoint-url", url, "--follow", "60", "--batch-size", "2"]
        case command:
            return [command, "event.json", "--app", "tallies:app", "--timeout", "900"]


def _output(kind: str, stack: ExitStack) -> tuple[int, Any]:
    """A file descriptor to write to, and a function that returns what was written."""
    if kind == "read":
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        writer = os.open(folder / "output", os.O_RDWR | os.O_CREAT)

        return writer, lambda: (folder / "output").read_text(encoding="utf-8", errors="replace")
    reader, writer = os.pipe() if kind == "unread pipe" else pty.openpty()
    stack.callback(os.close, reader)
    _fill(writer)

    def rest() -> str:
        found, ready = b"", select.poll()
        ready.register(reader, select.POLLIN)
        while ready.poll(0):
            try:
                part = os.read(reader, 65536)
            except OSError:
                break
            if not part:
                break
            found += part
        return found.decode(errors="replace")

    return writer, rest


def _fill(writer: int) -> None:
    """Fill the buffer, so that the next write waits for a reader."""
    os.set_blocking(writer, False)
    try:
        for size in (4096, 1):
            while True:
                try:
                    os.write(writer, b"." * size)
                except BlockingIOError:
                    break
    finally:
        os.set_blocking(writer, True)


def _left(mark: str) -> list[str]:
    """The processes of a command that are running a second after its end."""
    end = time.monotonic() + 1
    while (left := list(_marked(mark))) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def _marked(mark: str) -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"SIGNALS={mark}\0".encode() in (path / "environ").read_bytes():
                yield f"{path.name}: {(path / 'cmdline').read_bytes().replace(bytes(1), b' ').decode()}"
        except OSError:
            continue


def main() -> None:
    """Send signals, and print how the commands ended."""
    # In the background of a shell SIGINT is ignored, and commands would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    count, beside, seed, longest = map(int, (*sys.argv[1:], *("300", "4", "0", "8")[len(sys.argv) - 1 :]))
    ends = run(count, seed=seed, beside=beside, longest=longest)
    for end in ends:
        if not end.right:
            print(end)
    print(
        f"{len(ends)} signals: {sum(end.seconds == float('inf') for end in ends)} commands left over, "
        f"{sum(bool(end.left) for end in ends)} with processes left, {sum(bool(end.traceback) for end in ends)} with a "
        f"traceback, {sum(end.seconds > end.situation.seconds for end in ends)} later than they should"
    )
    for number in CODES:
        print(number.name, dict(Counter(end.code for end in ends if end.number == number)))
    for limit in (1.0, 2.0):
        print(f"slowest of {limit:g} s: {max(end.seconds for end in ends if end.situation.seconds == limit):.2f} s")
    for end in sorted(ends, key=lambda end: end.situation.seconds - end.seconds)[:8]:
        print(f"{end.seconds:.2f} s of {end.situation.seconds:g} s", end.situation)


if __name__ == "__main__":
    main()
