"""Measure cold starts of the function's package in Lambda's runtime client, and the time of each import.

    python -m tests.benchmarks.cold_start [--rounds 15] [--package FOLDER --python 3.13] [--json FILE]

A cold start lasts from the start of the process until the local Runtime API has its first response, to four records of
an order's life. Contestants take turns; ratios are taken round by round. The process has the package and the client, and
no site-packages. Bytecode is compiled before, as `make build` does it; `sam build` alone leaves it out, so the time
without bytecode is measured too.

Without --package, a package is made of the distributions installed here, for the Python that runs this. --package names
another one, such as build/x86_64 of `make build`, and --python its Python; pip fetches the client for it.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from importlib.metadata import files
from pathlib import Path
from typing import Any

from router.local.runtime import FunctionConfiguration, RuntimeFunction
from tests.benchmarks.measuring import Spread, interleaved, ratios
from tests.local.runtime.machine import ROOT, RUNNING, fetch_client, interpreter

__all__ = ["main"]

COLD = "tests.benchmarks.cold"
CONTESTANTS = {
    "shop": "handlers.app",
    "shop, plain handlers": f"{COLD}.router_shop.app",
    "router, one handler": f"{COLD}.router_alone.app",
    "Powertools": f"{COLD}.powertools_shop.app",
    "Powertools, records": f"{COLD}.powertools_records.app",
    "pydantic only": f"{COLD}.pydantic_only.app",
    "nothing": f"{COLD}.nothing.app",
}
MEASURED = "shop, plain handlers"  # does what Powertools' contestant does; the shop has effects, too
GOAL = 0.85  # of Powertools' cold start, at most
EVENT = ROOT / "tests" / "events" / "order-lifecycle.json"
OURS = ("router", "handlers", "models")
IMPORT_ROUNDS = 7
FIRST_RESPONSE = "import handlers, json, os; handlers.app(json.load(open(os.environ['EVENT'])))"
_IMPORT_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--package", type=Path, metavar="FOLDER")
    parser.add_argument("--python", default=RUNNING, metavar="VERSION")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to keep the figures")
    options = parser.parse_args(arguments)
    python = interpreter(options.python)
    if python is None:
        parser.error(f"found no Python {options.python} on this machine; install it, or name another with --python")
    with tempfile.TemporaryDirectory() as folder:
        package, client = Path(folder, "package"), fetch_client(options.python, Path(folder, "client"))
        prepare(package, options.package)
        compile_all(python, package, client)
        bare = shutil.copytree(package, Path(folder, "bare"), ignore=shutil.ignore_patterns("__pycache__"))
        configurations = {
            name: configuration(handler, package, client, options.python) for name, handler in CONTESTANTS.items()
        }
        for name in (MEASURED, "Powertools"):
            configurations[f"{name}, no bytecode"] = configuration(CONTESTANTS[name], bare, client, options.python)
        figures = {"python": options.python, "rounds": options.rounds, **cold_starts(configurations, options.rounds)}
        figures["imports"] = imports(configurations["shop"])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def prepare(package: Path, given: Path | None) -> None:
    """Make a package with all contestants."""
    if given is not None:
        shutil.copytree(given, package)
    else:
        for name in re.findall(r"^([\w-]+)==", (ROOT / ".lambda" / "packages.txt").read_text(), re.MULTILINE):
            for file in files(name) or ():
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    (package / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(str(file.locate()), package / file)
        unneeded = shutil.ignore_patterns("__pycache__", "cli", "local", "testing")
        for name in OURS:
            shutil.copytree(ROOT / name, package / name, ignore=unneeded)
    shutil.copytree(Path(__file__).with_name("cold"), package.joinpath(*COLD.split(".")))


def compile_all(python: str, *folders: Path) -> None:
    compiled = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", *map(str, folders)]
    subprocess.run(compiled, check=True)


def configuration(handler: str, package: Path, client: Path, version: str) -> FunctionConfiguration:
    return FunctionConfiguration(
        handler=handler,
        root=package,
        name="shop",
        timeout=60,
        memory_size=512,
        runtime=f"python{version}",
        log_format="JSON",
        environment={
            "PYTHONPATH": str(client),
            "SHOP_IN_MEMORY": "1",
            "POWERTOOLS_METRICS_NAMESPACE": "Shop",
            "PYTHONDONTWRITEBYTECODE": "1",  # as in Lambda, where the package cannot be written to
        },
        python=(interpreter(version) or "", "-S"),  # no site-packages
    )


# ---------------------------------------------------------------------------------------------- cold starts


def cold_starts(configurations: dict[str, FunctionConfiguration], rounds: int) -> dict[str, Any]:
    peaks: dict[str, int] = {}
    runs = {name: partial(cold_start, name, each, peaks) for name, each in configurations.items()}
    for run in runs.values():
        run()
    times = interleaved(runs, rounds)
    print(
        f"Python {next(iter(configurations.values())).runtime}, median of {rounds} [quartiles], cold start to first response"
    )
    figures: dict[str, Any] = {}
    for name, seconds in times.items():
        spread, ratio = Spread.of(seconds).scaled(1e3), ratios(seconds, times["Powertools"])
        figures[name] = {"milliseconds": vars(spread), "times Powertools": ratio.median, "peak MB": peaks[name] / 1024}
        print(
            f"  {name:<24}{spread.median:7.1f} ms  [{spread.low:.1f} .. {spread.high:.1f}]"
            f"{ratio.median:7.2f} x Powertools{peaks[name] / 1024:8.1f} MB at most"
        )
    for suffix in ("", ", no bytecode"):
        found = ratios(times[f"{MEASURED}{suffix}"], times[f"Powertools{suffix}"]).median
        print(
            f"  goal: {MEASURED}{suffix}, at most {GOAL} x Powertools: {'met' if found <= GOAL else 'not met'}, {found:.2f}"
        )
    return {"cold starts": figures}


def cold_start(name: str, configuration: FunctionConfiguration, peaks: dict[str, int]) -> float:
    """Start a process, wait for its first response, and return the seconds; note the process's memory."""
    lines: list[str] = []
    with RuntimeFunction(configuration, log=lines.append) as function:
        answer = function.invoke(EVENT.read_bytes())
        assert answer.payload == b'{"batchItemFailures": []}', (name, answer.payload, lines)
        assert answer.init_duration is not None
        status = Path(f"/proc/{function.pid}/status")  # exists on Linux only
        if status.exists():
            peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            peaks[name] = max(peaks.get(name, 0), int(peak[1]) if peak else 0)
        return answer.init_duration + answer.duration


# ------------------------------------------------------------------------------------------ where imports go


def imports(configuration: FunctionConfiguration) -> dict[str, Any]:
    """The time of imports up to the first response, by the packages that contain the modules."""
    print("\nimports, milliseconds of their own with -X importtime, which makes them somewhat slower")
    figures = {}
    for title, code in (("import handlers", "import handlers"), ("up to the first response", FIRST_RESPONSE)):
        modules = module_times(configuration, code)
        packages: dict[str, float] = defaultdict(float)
        for module, milliseconds in modules.items():
            packages[package_of(module)] += milliseconds
        figures[title] = {"packages": dict(packages), "modules": modules}
        print(f"\n  {title}: {sum(packages.values()):.1f} ms, {len(modules)} modules")
        for package, milliseconds in sorted(packages.items(), key=lambda pair: -pair[1])[:10]:
            print(f"    {package:<24}{milliseconds:7.1f}")
        worst = sorted(modules.items(), key=lambda pair: -pair[1])[:16]
        print("    worst modules: " + ", ".join(f"{module} {milliseconds:.1f}" for module, milliseconds in worst))
    return figures


def module_times(configuration: FunctionConfiguration, code: str) -> dict[str, float]:
    """The median of each module's own import time."""
    found: dict[str, list[int]] = defaultdict(list)
    for _ in range(IMPORT_ROUNDS):
        done = subprocess.run(
            [*configuration.python, "-X", "importtime", "-c", code],
            cwd=configuration.root,
            env={**configuration.environment, "EVENT": str(EVENT), "AWS_LAMBDA_FUNCTION_NAME": "shop"},
            capture_output=True,
            text=True,
            check=True,
        )
        for own, module in _IMPORT_LINE.findall(done.stderr):
            found[module].append(int(own))
    return {module: statistics.median(own) / 1000 for module, own in found.items()}


def package_of(module: str) -> str:
    top = module.partition(".")[0]
    return "standard library" if top in sys.stdlib_module_names or top in ("encodings", "zipimport") else top


if __name__ == "__main__":
    main()
