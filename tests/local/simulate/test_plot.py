"""``router.local.simulate.plot``: the figures as a picture."""

import subprocess
import sys
from pathlib import Path

import pytest

from router.local.simulate import SimulationError, simulate
from router.local.simulate.plot import check_plot, plot
from tests.local.simulate.scenarios import scenario


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")])
def test_a_plot_is_drawn(tmp_path: Path, name: str, magic: bytes) -> None:
    """By the suffix of the file."""
    pytest.importorskip("matplotlib", reason="draws plots")
    plot(simulate(scenario(poison=0.001)), tmp_path / name, "title")
    assert (tmp_path / name).read_bytes().startswith(magic)


def test_the_same_simulation_is_the_same_file(tmp_path: Path) -> None:
    """No date and no random names in it, so that it can be committed."""
    pytest.importorskip("matplotlib", reason="draws plots")
    for name in ("a.svg", "b.svg"):
        plot(simulate(scenario()), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_plot_without_invocations_is_drawn(tmp_path: Path) -> None:
    """Axes with nothing on them."""
    pytest.importorskip("matplotlib", reason="draws plots")
    plot(simulate(scenario(writes=0)), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.gif", "found the plot 'a.gif', expected a name that ends in .svg, .png, .pdf"),
        ("no/a.svg", "found no folder"),
        ("folder.svg", "found the folder"),
    ],
)
def test_a_plot_that_cannot_be_drawn_is_refused_early(tmp_path: Path, name: str, message: str) -> None:
    """Before the simulation runs."""
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(SimulationError, match=message):
        check_plot(tmp_path / name)


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message names the extra."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SimulationError, match=r"pip install 'entity-router\[plot\]'"):
        check_plot(tmp_path / "a.svg")


def test_matplotlib_is_loaded_for_plots_only() -> None:
    """A simulation without a plot needs nothing but the standard library and the mapping."""
    code = "import sys, router.local.simulate.plot; print('matplotlib' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]
