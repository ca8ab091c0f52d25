"""The course of a simulation as a picture. matplotlib is imported when a picture is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from router.extras import absent, not_installed
from router.local.simulate.errors import SimulationError
from router.local.simulate.simulation import Simulation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["check_plot", "plot"]

_SUFFIXES = (".svg", ".png", ".pdf")
_SIZE = (9.0, 9.0)  # inches
_MEDIAN, _MAXIMUM, _PLAIN = "#1f6fb4", "#d1495b", "#3d5a6c"
_LOGARITHMIC = 50.0  # the maximum divided by the median from which the axis is logarithmic


def check_plot(path: Path) -> None:
    """Check, before the simulation runs, that a picture can be drawn.

    Args:
        path: The file.

    Raises:
        SimulationError: The suffix is unknown, or the folder or matplotlib is missing.
    """
    if path.suffix.lower() not in _SUFFIXES:
        msg = f"found the plot {path.name!r}, expected a name that ends in {', '.join(_SUFFIXES)}"
    elif not path.resolve().parent.is_dir():
        msg = f"found no folder {path.parent} for the plot, expected one; create it"
    elif path.is_dir():
        msg = f"found the folder {path}, expected a file for the plot"
    elif absent(["matplotlib"]):
        msg = not_installed(["matplotlib"], "a plot")
    else:
        return
    raise SimulationError(msg)


def plot(simulation: Simulation, path: Path, title: str = "") -> None:
    """Draw writes, iterator age, concurrency and waiting records over time.

    Args:
        simulation: The simulation.
        path: The file: SVG, PNG or PDF by its suffix.
        title: The title.

    Raises:
        SimulationError: The picture cannot be drawn or written.
    """
    check_plot(path)
    import matplotlib as mpl
    from matplotlib.figure import Figure

    unit, seconds = _unit(simulation.scenario.load.duration)
    times = [(bucket.start + bucket.end) / 2 / seconds for bucket in simulation.buckets]
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots(4, 1, sharex=True)
    _draw_writes(axes[0], simulation, times)
    _draw_age(axes[1], simulation, times)
    _draw_concurrency(axes[2], simulation, times)
    _draw_backlog(axes[3], simulation, times)
    for each in axes:
        each.grid(visible=True, color="#dddddd", linewidth=0.6)
        each.spines[["top", "right"]].set_visible(False)
    axes[3].set_xlabel(f"{unit} since the start")
    axes[3].set_xlim(0, simulation.scenario.load.duration / seconds)
    figure.suptitle(title, fontsize=10)
    try:
        # Equal simulations give equal files: no date, and no random IDs.
        with mpl.rc_context({"svg.hashsalt": "router"}):
            figure.savefig(path, metadata={} if path.suffix.lower() == ".png" else {_dated(path): None})
    except OSError as error:
        msg = f"cannot write the plot {path}: {error.strerror}"
        raise SimulationError(msg) from None


def _dated(path: Path) -> str:
    return "Date" if path.suffix.lower() == ".svg" else "CreationDate"


def _unit(seconds: float) -> tuple[str, float]:
    if seconds >= 3 * 3600:
        return "hours", 3600.0
    return ("minutes", 60.0) if seconds >= 180 else ("seconds", 1.0)


def _draw_writes(axes: Axes, simulation: Simulation, times: list[float]) -> None:
    axes.plot(times, [bucket.writes for bucket in simulation.buckets], color=_PLAIN)
    axes.yaxis.set_major_formatter("{x:,.10g}")
    axes.set_ylabel("writes/s")
    axes.set_ylim(bottom=0)


def _draw_age(axes: Axes, simulation: Simulation, times: list[float]) -> None:
    known = [
        (time, bucket) for time, bucket in zip(times, simulation.buckets, strict=True) if bucket.age_p50 is not None
    ]
    medians = [bucket.age_p50 or 0.0 for _, bucket in known]
    maxima = [bucket.age_max or 0.0 for _, bucket in known]
    at = [time for time, _ in known]
    axes.plot(at, maxima, color=_MAXIMUM, label="max")
    axes.plot(at, medians, color=_MEDIAN, label="p50")
    lowest = min((age for age in medians if age > 0), default=0.0)
    if lowest and max(maxima) > _LOGARITHMIC * lowest:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("iterator age, s")
    axes.legend(loc="upper right", frameon=False, ncols=2, bbox_to_anchor=(1.0, 1.15))


def _draw_concurrency(axes: Axes, simulation: Simulation, times: list[float]) -> None:
    running = [bucket.concurrency for bucket in simulation.buckets]
    axes.plot(times, running, color=_PLAIN)
    lanes = simulation.scenario.lanes
    if max(running) > lanes / 4:  # a line far above the curve would flatten it
        axes.axhline(lanes, color=_MAXIMUM, linestyle="--", linewidth=1)
        axes.annotate(f"{lanes:,} lanes", (0.01, lanes), xycoords=("axes fraction", "data"), va="bottom", fontsize=8)
    axes.set_ylabel("concurrency")
    axes.set_ylim(bottom=0)


def _draw_backlog(axes: Axes, simulation: Simulation, times: list[float]) -> None:
    axes.plot(times, [bucket.backlog for bucket in simulation.buckets], color=_PLAIN)
    axes.yaxis.set_major_formatter("{x:,.10g}")
    axes.set_ylabel("records waiting")
    axes.set_ylim(bottom=0)
