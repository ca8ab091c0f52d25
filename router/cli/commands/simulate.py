"""``router simulate``: simulate a load on the event source mapping, on a virtual clock."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.console import Page
from router.cli.json_output import print_json
from router.cli.options import (
    BatchSizeOption,
    FunctionOption,
    JsonOption,
    ParallelizationOption,
    PoisonOption,
    RetriesOption,
    TemplateOption,
)
from router.local.cloudformation.template import LocalFunction, read_template
from router.local.simulate import Simulation
from router.local.simulate import simulate as run_scenario
from router.local.simulate.plot import check_plot, plot
from router.local.simulate.report import course, document, scenario_text, summary, warnings
from router.local.simulate.scenario_file import ScenarioFile, build_scenario, read_scenario, template_values

__all__ = ["simulate"]

_TEMPLATE = Path("template.yaml")

ScenarioOption = Annotated[Path | None, typer.Option(metavar="FILE", help="A scenario in TOML; options override it.")]
WritesOption = Annotated[float | None, typer.Option(metavar="N", help="Writes a second; 100 by default.")]
DurationOption = Annotated[str | None, typer.Option(metavar="TIME", help="24h, 90m or 30s, up to 7d; 1h by default.")]
ShardsOption = Annotated[int | None, typer.Option(metavar="N", help="Shards of the stream; 1 by default.")]
RecordTimeOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="The handler's time for a record; 1ms by default.")
]
SeedOption = Annotated[int | None, typer.Option(metavar="N", help="The same seed gives the same figures.")]
PlotOption = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw a picture: .svg, .png or .pdf.")]


def simulate(
    scenario: ScenarioOption = None,
    writes: WritesOption = None,
    duration: DurationOption = None,
    shards: ShardsOption = None,
    poison: PoisonOption[float | None] = None,
    record_time: RecordTimeOption = None,
    batch_size: BatchSizeOption[int | None] = None,
    parallelization_factor: ParallelizationOption[int | None] = None,
    maximum_retry_attempts: RetriesOption[int | None] = None,
    seed: SeedOption = None,
    template: TemplateOption[str | None] = None,
    function: FunctionOption = None,
    plot_file: PlotOption = None,
    as_json: JsonOption = False,
) -> int:
    """Simulate a load on the event source mapping: iterator age, invocations, re-executions, discards and cost.

    The clock is virtual and nothing is invoked. The mapping's settings, and the function's time-out, memory and
    architecture, come from template.yaml if it exists, else they are AWS's defaults with ReportBatchItemFailures;
    --template '' reads no template. A scenario file replaces the template's values, and options replace the file's. For
    example, load.toml:

    \b
    [load]
    writes = 2000
    duration = "24h"
    shards = 4
    poison = 0.0001
    profile = [{at = "0:00", factor = 0.2}, {at = "8:30", factor = 1}]
    bursts = [{at = "12:00", duration = "5m", factor = 4}]
    [function]
    record_time = "2ms"
    memory = 512
    [mapping]
    batch_size = 500
    maximum_retry_attempts = 3
    [prices]
    architecture = "arm64"

    docs/simulate.md lists all keys. If there are many lanes, a sample of them is simulated; the last line of the output
    says how many, and the figures have a standard error.

    --plot needs matplotlib: pip install 'entity-router[plot]'.
    """
    if plot_file is not None:
        check_plot(plot_file)
    options: dict[str, Any] = {
        "load": _given(writes=writes, duration=duration, shards=shards, poison=poison),
        "function": _given(record_time=record_time),
        "mapping": _given(
            batch_size=batch_size,
            parallelization_factor=parallelization_factor,
            maximum_retry_attempts=maximum_retry_attempts,
        ),
        **_given(seed=seed),
    }
    file = ScenarioFile() if scenario is None else read_scenario(scenario)
    source, described = _function(file.template if template is None else template, function or file.template_function)
    built = build_scenario(template_values(described), file.values, options)
    with _progress() as progress:
        simulation = run_scenario(built, progress)
    if plot_file is not None:
        plot(simulation, plot_file, "\n".join(text for _, text in scenario_text(built)))
    if as_json:
        print_json({"settings_from": source, **document(simulation)})
    else:
        _show(simulation, source, plot_file)
    return 0


def _given(**values: Any) -> Mapping[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _function(template: str | None, name: str | None) -> tuple[str, LocalFunction | None]:
    """The template's function, if a template is named or template.yaml exists, and where the settings come from."""
    if template == "" or (template is None and name is None and not _TEMPLATE.exists()):
        return "defaults", None
    path = Path(template or _TEMPLATE)
    function = read_template(path).function(name)
    return f"{path}, function {function.name}", function


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("lanes", total=None)
        yield lambda done, lanes: bar.update(task, completed=done, total=lanes)


def _show(simulation: Simulation, source: str, plot_file: Path | None) -> None:
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
    page.line(_sample_text(simulation))
    if plot_file is not None:
        page.line(f"plot: {plot_file}")


def _sample_text(simulation: Simulation) -> str:
    lanes, elapsed = simulation.scenario.lanes, simulation.elapsed
    sampled = "" if simulation.simulated == lanes else "; a sample of the lanes, ± is the standard error"
    return (
        f"simulated {simulation.simulated:,} of {lanes:,} lanes, {simulation.records:,} records in {elapsed:.2f} s, "
        f"{simulation.records / elapsed:,.0f} records/s{sampled}"
    )
