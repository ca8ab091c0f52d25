"""Draw the figures: the ratio of each contestant's time to the application's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.page import MAIN, TITLES, cost_text
from tests.benchmarks.results import Measured, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot"]

STYLES = {
    "app": ("#111111", "|"),
    "powertools": ("#d1495b", "o"),
    "powertools-models": ("#edae49", "s"),
    "boto3": ("#00798c", "D"),
    "floor": ("#8d96a3", "v"),
    "look": ("#a6761d", "+"),
}
SPREAD = 0.11  # between the contestants of a row


def plot(results: Results, path: Path) -> None:
    """Draw a row for each of the main workloads.

    Args:
        results: The figures.
        path: The file: SVG or PNG by its suffix. The same figures give the same file.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    rows = [results.measured[key] for key in MAIN if key in results.measured]
    figure = Figure(figsize=(9.0, 1.6 + 0.5 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for name in STYLES:
        _draw(axes, rows, name)
    axes.set_xscale("log")
    axes.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(rows)), [f"{row.name}\n{cost_text(row)} a record" for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(1, color="#111111", linewidth=1, label=TITLES["app"])
    for edge in range(len(rows) - 1):
        axes.axhline(edge + 0.5, color="#dddddd", linewidth=0.6)
    axes.grid(visible=True, which="both", axis="x", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.set_xlabel(
        "times the time of app(event, context): right of the line is slower, left is faster; lines are quartiles"
    )
    axes.set_title(results.title(), fontsize=10)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    with mpl.rc_context({"svg.hashsalt": "router", "svg.fonttype": "none"}):
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else {})


def _draw(axes: Axes, rows: list[Measured], name: str) -> None:
    if name == "app":
        return
    color, marker = STYLES[name]
    offset = (list(STYLES).index(name) - len(STYLES) / 2) * SPREAD
    points = [(row.ratio(name), place + offset) for place, row in enumerate(rows) if name in row.times]
    if points:
        medians = [ratio.median for ratio, _ in points]
        errors = [
            [ratio.median - ratio.low for ratio, _ in points],
            [ratio.high - ratio.median for ratio, _ in points],
        ]
        heights = [height for _, height in points]
        axes.errorbar(
            medians, heights, xerr=errors, fmt=marker, color=color, markersize=5, elinewidth=1.2, label=TITLES[name]
        )
