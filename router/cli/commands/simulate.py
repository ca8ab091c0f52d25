"""``router simulate``: what a load would do to the mapping, on a virtual clock."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.console import Page
from router.cli.errors import CommandLineError
from router.cli.options import JsonOption
from router.errors import RouterError
from router.local.cloudformation.template import read_template
from router.local.event_source_mapping import MappingSettings
from router.local.simulate import PRICES, Burst, Function, Load, Prices, Scenario, Simulation, Step
from router.local.simulate import simulate as run_scenario
from router.local.simulate.plot import check_plot, plot
from router.local.simulate.report import course, document, scenario_text, summary, warnings

__all__ = ["simulate"]

_TEMPLATE = Path("template.yaml")
_TIMEOUT = 60.0
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_CLOCK = re.compile(r"(\d{1,3})(?::(\d{2}))?")


class Arrivals(StrEnum):
    """How writes come."""

    poisson = "poisson"
    regular = "regular"


class Architecture(StrEnum):
    """What a function runs on."""

    arm64 = "arm64"
    x86_64 = "x86_64"


WritesOption = Annotated[float, typer.Option(metavar="N", help="Writes in a second.")]
DurationOption = Annotated[str, typer.Option(metavar="TIME", help="How long: 24h, 90m, 30s, up to 7d.")]
ProfileOption = Annotated[
    str | None, typer.Option(metavar="H=X,...", help="Levels of a day: 0=0.2,8:30=1,20=0.5 times the writes.")
]
BurstOption = Annotated[
    list[str] | None, typer.Option(metavar="H+TIME=X", help="12:00+5m=4: 5 minutes of 4 times the writes; repeat.")
]
ArrivalsOption = Annotated[Arrivals, typer.Option(help="Writes by chance, or at equal distances.")]
ShardsOption = Annotated[int, typer.Option(metavar="N", help="Shards of the stream at a time.")]
ZipfOption = Annotated[float, typer.Option(metavar="S", help="Hot keys: the exponent of Zipf's law; 0 is none.")]
KeysOption = Annotated[int, typer.Option(metavar="N", help="How many items share the writes by that law.")]
PoisonOption = Annotated[float, typer.Option(metavar="SHARE", help="Records that always fail: 0.001 is 1 in 1000.")]
BytesOption = Annotated[int, typer.Option(metavar="N", help="Bytes of a record in the event, which holds 6 MB.")]
InvocationOption = Annotated[float, typer.Option(metavar="SECONDS", help="An invocation's time beside its records.")]
RecordOption = Annotated[float, typer.Option(metavar="SECONDS", help="The handler's time for a record.")]
SpreadOption = Annotated[float, typer.Option(metavar="CV", help="Deviation of an invocation's time by its mean.")]
TimeoutOption = Annotated[float | None, typer.Option(metavar="SECONDS", help="The time-out; 60 without a template.")]
ColdOption = Annotated[float, typer.Option(metavar="SECONDS", help="What a cold start takes.")]
WarmOption = Annotated[float, typer.Option(metavar="SECONDS", help="After how long an idle environment is gone.")]
MemoryOption = Annotated[int, typer.Option(metavar="MB", help="The function's memory, 128 to 10240.")]
BatchOption = Annotated[int | None, typer.Option(metavar="N", help="The most records of a batch, 1 to 10000.")]
WindowOption = Annotated[int | None, typer.Option(metavar="SECONDS", help="How long to gather records, 0 to 300.")]
FactorOption = Annotated[int | None, typer.Option(metavar="N", help="Batches of a shard at a time, 1 to 10.")]
RetriesOption = Annotated[int | None, typer.Option(metavar="N", help="0 to 10000; -1 is without end.")]
AgeOption = Annotated[
    int | None, typer.Option(metavar="SECONDS", help="Discard what is older, from 60 on; -1 is never.")
]
BisectOption = Annotated[
    bool | None,
    typer.Option("--bisect-batch-on-function-error/--no-bisect-batch-on-function-error", help="Split what fails."),
]
ResponseOption = Annotated[
    list[str] | None, typer.Option(metavar="TYPE", help="ReportBatchItemFailures, which is the default, or ''.")
]
TemplateOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where settings come from; template.yaml if it is there.")
]
NoTemplateOption = Annotated[bool, typer.Option("--no-template", help="Read no template.")]
FunctionOption = Annotated[str | None, typer.Option(metavar="NAME", help="Which function of the template.")]
ArchitectureOption = Annotated[Architecture, typer.Option(help="Whose prices count.")]
RequestPriceOption = Annotated[float | None, typer.Option(metavar="USD", help="For a million requests.")]
GbSecondOption = Annotated[float | None, typer.Option(metavar="USD", help="For a GB-second.")]
SampleOption = Annotated[int | None, typer.Option(metavar="N", help="How many lanes to simulate; 0 is all.")]
PollOption = Annotated[float, typer.Option(metavar="SECONDS", help="Between two polls of a shard.")]
SeedOption = Annotated[int, typer.Option(metavar="N", help="The same seed gives the same figures.")]
PlotOption = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw it: .svg, .png or .pdf.")]


def simulate(
    writes: WritesOption = 100,
    duration: DurationOption = "1h",
    profile: ProfileOption = None,
    burst: BurstOption = None,
    arrivals: ArrivalsOption = Arrivals.poisson,
    shards: ShardsOption = 1,
    zipf: ZipfOption = 0,
    keys: KeysOption = 1_000_000,
    poison: PoisonOption = 0,
    record_bytes: BytesOption = 1_000,
    invocation_time: InvocationOption = 0.02,
    record_time: RecordOption = 0.001,
    spread: SpreadOption = 0,
    timeout: TimeoutOption = None,
    cold_start: ColdOption = 0.25,
    keep_warm: WarmOption = 600,
    memory: MemoryOption = 256,
    batch_size: BatchOption = None,
    maximum_batching_window_in_seconds: WindowOption = None,
    parallelization_factor: FactorOption = None,
    maximum_retry_attempts: RetriesOption = None,
    maximum_record_age_in_seconds: AgeOption = None,
    bisect_batch_on_function_error: BisectOption = None,
    function_response_types: ResponseOption = None,
    template: TemplateOption = None,
    no_template: NoTemplateOption = False,
    function: FunctionOption = None,
    architecture: ArchitectureOption = Architecture.x86_64,
    request_price: RequestPriceOption = None,
    gb_second_price: GbSecondOption = None,
    sample: SampleOption = None,
    poll: PollOption = 0.25,
    seed: SeedOption = 0,
    plot_file: PlotOption = None,
    as_json: JsonOption = False,
) -> int:
    """Simulate a load on the mapping, on a virtual clock: iterator age, invocations, re-executions, discards and cost.

    The mapping's settings and the time-out are those of template.yaml, or else AWS's defaults with
    ReportBatchItemFailures; options come first. No record is made: the lanes of shards are counted batch by batch, and
    only batches in which something fails go record by record. Where there are many lanes, some stand for the others;
    the figures say how many, and how sure they are.

    --plot needs matplotlib: pip install 'entity-router[plot]'.
    """
    types = function_response_types
    given = {
        "batch_size": batch_size,
        "maximum_batching_window_in_seconds": maximum_batching_window_in_seconds,
        "parallelization_factor": parallelization_factor,
        "maximum_retry_attempts": maximum_retry_attempts,
        "maximum_record_age_in_seconds": maximum_record_age_in_seconds,
        "bisect_batch_on_function_error": bisect_batch_on_function_error,
        "function_response_types": None if types is None else [each for each in types if each],
    }
    try:
        if plot_file is not None:
            check_plot(plot_file)
        settings, template_timeout, source = _settings(given, template, function, read=not no_template)
        scenario = Scenario(
            load=Load(
                writes=writes,
                seconds=_length(duration, "--duration"),
                profile=_profile(profile),
                bursts=[_burst(text) for text in burst or ()],
                arrivals=arrivals.value,
                shards=shards,
                keys=keys,
                zipf=zipf,
                poison=poison,
                record_bytes=record_bytes,
            ),
            function=Function(
                seconds=invocation_time,
                seconds_per_record=record_time,
                spread=spread,
                timeout=template_timeout if timeout is None else timeout,
                cold_start=cold_start,
                keep_warm=keep_warm,
                memory=memory,
            ),
            settings=settings,
            poll=poll,
            seed=seed,
            sample=sample,
            prices=_prices(architecture, request_price, gb_second_price),
        )
        with _progress() as progress:
            simulation = run_scenario(scenario, progress)
        if plot_file is not None:
            plot(simulation, plot_file, "\n".join(text for _, text in scenario_text(scenario)))
    except RouterError as error:
        raise CommandLineError(str(error)) from None
    if as_json:
        print(json.dumps({"settings_from": source, **document(simulation)}))
    else:
        _show(simulation, source, plot_file)
    return 0


def _settings(
    given: dict[str, Any], template: Path | None, function: str | None, *, read: bool
) -> tuple[MappingSettings, float, str]:
    """The mapping's settings, the function's time-out, and where they come from."""
    chosen = {name: value for name, value in given.items() if value is not None}
    path = template or _TEMPLATE
    if not read or (template is None and function is None and not path.exists()):
        reporting = {"function_response_types": ["ReportBatchItemFailures"]}
        return MappingSettings.of({**reporting, **chosen}), _TIMEOUT, "defaults"
    found = read_template(path).function(function)
    return replace(found.settings, **chosen), found.timeout, f"{path}, function {found.name}"


def _prices(architecture: Architecture, request: float | None, gb_second: float | None) -> Prices:
    prices = PRICES[architecture.value]
    if request is None and gb_second is None:
        return prices
    return Prices(
        request=prices.request if request is None else request / 1e6,
        gb_second=prices.gb_second if gb_second is None else gb_second,
        region="a region of your choice",
        as_of="the command line",
    )


def _length(text: str, option: str) -> float:
    match = _LENGTH.fullmatch(text)
    if match is None:
        msg = f"found {text!r} for {option}, expected a length of time such as 24h, 90m or 30s"
        raise CommandLineError(msg)
    return float(match[1]) * _UNITS[match[2]]


def _clock(text: str, option: str) -> float:
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[2] or 0) > 59:
        msg = f"found the time {text!r} in {option}, expected hours such as 8 or 8:30"
        raise CommandLineError(msg)
    return int(match[1]) * 3600 + int(match[2] or 0) * 60


def _factor(text: str, option: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0 <= factor < math.inf:
        msg = f"found the factor {text!r} in {option}, expected a number, 0 or more"
        raise CommandLineError(msg)
    return factor


def _profile(text: str | None) -> list[Step]:
    if text is None:
        return []
    steps = []
    for part in text.split(","):
        at, equals, factor = part.strip().partition("=")
        if not equals:
            msg = f"found {part!r} in --profile, expected HOUR=FACTOR, such as 8:30=1.5"
            raise CommandLineError(msg)
        steps.append(Step(_clock(at, "--profile"), _factor(factor, "--profile")))
    return steps


def _burst(text: str) -> Burst:
    when, equals, factor = text.partition("=")
    at, plus, length = when.partition("+")
    if not (equals and plus):
        msg = f"found {text!r} for --burst, expected HOUR+LENGTH=FACTOR, such as 12:00+5m=4"
        raise CommandLineError(msg)
    return Burst(_clock(at, "--burst"), _length(length, "--burst"), _factor(factor, "--burst"))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("lanes", total=None)
        yield lambda done, all_: bar.update(task, completed=done, total=all_)


def _show(simulation: Simulation, source: str, drawn: Path | None) -> None:
    page = Page()
    page.rows([*scenario_text(simulation.scenario), ("settings", f"from {source}")])
    page.line("")
    page.rows([(row.label, (f"{row.value:>16}", "bold"), (row.remark, "dim")) for row in summary(simulation)])
    page.line("")
    rows = course(simulation)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    page.rows([[f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)] for row in rows])
    page.line("")
    for text in warnings(simulation):
        page.line(("note: ", "yellow"), text)
    page.line(_sampled(simulation))
    if drawn is not None:
        page.line(f"plot: {drawn}")


def _sampled(simulation: Simulation) -> str:
    lanes, elapsed = simulation.scenario.lanes, simulation.elapsed
    stand = "" if simulation.simulated == lanes else "; they stand for the others, ± is the standard error of that"
    return (
        f"simulated {simulation.simulated:,} of {lanes:,} lanes, {simulation.records:,} records in {elapsed:.2f} s, "
        f"{simulation.records / elapsed:,.0f} records/s{stand}"
    )
