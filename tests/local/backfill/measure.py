"""Items a second, memory, and what is missed after kills: ``python -m tests.local.backfill.measure 100000``.

The command runs in a process of its own, on the items of a table of DynamoDB Local and on an export of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from router.local.engines.dynamodb_local import DynamoDBLocal
from tests.local.backfill.deployments import APP, make_table
from tests.local.backfill.exports import write_export

_KILLS = 5
_BYTES = 15  # of an item in what the app has seen


def main(items: int) -> None:
    """Measure a Scan and an export."""
    with tempfile.TemporaryDirectory() as name, DynamoDBLocal() as engine:
        folder = Path(name)
        (folder / "shop.py").write_text(APP, encoding="utf-8")
        (folder / "seen.txt.mended").touch()
        with closing(engine.client("dynamodb")) as client:
            table = make_table(client, items)
        scan = ["--table", table, "--endpoint-url", engine.endpoint_url]
        lines = [
            [
                {"Item": {"pk": {"S": f"o{number}"}, "EntityType": {"S": "Order"}, "total": {"N": "1"}}}
                for number in part
            ]
            for part in (range(start, items, 10) for start in range(10))
        ]
        export = ["--export", str(write_export(folder / "export", lines)), "--key", "pk"]
        for label, place in (("Scan", scan), ("export", export)):
            whole = _run(folder, place)
            _print(f"{label}: {items / whole['seconds']:,.0f} items/s, {whole['mb']} MB; {_found(folder, items)}")
            random = Random(1)  # noqa: S311 - the same moments in every run
            kills = sorted(random.randrange(items * _BYTES) for _ in range(_KILLS))
            codes = [_run(folder, place, kill_at=size)["code"] for size in kills]
            codes.append(_run(folder, place)["code"])
            _print(f"{label}, exit codes {codes}: {_found(folder, items)}")


def _run(folder: Path, argv: list[str], kill_at: int | None = None) -> dict[str, Any]:
    """Run the command to its end, or kill it when the app has seen so many bytes of items."""
    argv = [sys.executable, "-m", "router", "backfill", *argv, "--app", "shop:app"]
    environment = {**os.environ, "SEEN": str(folder / "seen.txt")}
    began = time.monotonic()
    process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    if kill_at is not None:
        seen = folder / "seen.txt"
        while not seen.exists() or seen.stat().st_size < kill_at:
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {"seconds": time.monotonic() - began, "code": process.returncode, "mb": usage.ru_maxrss // 1024}


def _found(folder: Path, items: int) -> str:
    seen = Counter((folder / "seen.txt").read_text(encoding="utf-8").splitlines())
    for path in (folder / "seen.txt", *folder.glob("backfill-*")):
        path.unlink()
    return f"{items - len(seen)} missed, {seen.total() - len(seen)} run twice"


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the result


if __name__ == "__main__":
    main(int(sys.argv[1]))
