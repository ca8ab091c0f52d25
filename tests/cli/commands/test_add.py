"""`router add entity` adds an entity to a project that has the layout of `router init`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Refused, Run

ROOT = Path(__file__).parents[3]
MADE = """from router import Dispatcher

from handlers import order


def make():
    return Dispatcher(order.routes)


app = make()
"""


@pytest.fixture
def shop(run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project, which is the current folder."""
    assert run_bare("init", "shop", "--yes").code == 0
    monkeypatch.chdir("shop")
    return Path.cwd()


@pytest.fixture
def example(run_bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this repository's own application, which is the current folder."""
    for name in ("handlers", "models"):
        shutil.copytree(ROOT / name, tmp_path / "example" / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "template.yaml", tmp_path / "example")
    for name in [name for name in sys.modules if name.partition(".")[0] == "models"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.chdir(tmp_path / "example")
    return Path.cwd()


def test_the_entity_is_routed(shop: Path, run_bare: Run) -> None:
    """The model, the handlers, the test and the recorded event are new, and the app handles the event."""
    ended = run_bare("add", "entity", "order-line")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "created models/order_line.py\n"
        "created handlers/order_line.py\n"
        "created tests/test_order_line.py\n"
        "created tests/events/order_line.json\n"
        "changed handlers/__init__.py\n"
        "changed template.yaml\n"
    )
    assert "6 records; outcomes: 6 done" in run_bare("invoke", "tests/events").out


def test_the_filters_follow(shop: Path, run_bare: Run) -> None:
    """The template's filters pass the new entity, and lint has no findings."""
    run_bare("add", "entity", "Cart")
    assert "no findings" in run_bare("lint", "--strict").out
    assert '"Cart"' in Path("template.yaml").read_text(encoding="utf-8")


def test_filters_of_the_users_own_stay(shop: Path, run_bare: Run) -> None:
    """Filters that were not those of the routes before are not changed."""
    path = Path("template.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace('["Order"]', '["Order","Legacy"]'), encoding="utf-8")
    before = path.read_text(encoding="utf-8")
    assert run_bare("add", "entity", "Cart").code == 0
    assert path.read_text(encoding="utf-8") == before


def test_an_entity_twice_changes_nothing(shop: Path, run_bare: Run) -> None:
    """The second time everything is kept as it is."""
    run_bare("add", "entity", "Cart")
    before = {path: path.read_bytes() for path in shop.rglob("*.*") if path.is_file()}
    ended = run_bare("add", "entity", "Cart")
    assert (ended.code, {line.split()[0] for line in ended.out.splitlines()}) == (0, {"kept"})
    assert {path: path.read_bytes() for path in shop.rglob("*.*") if path.is_file()} == before


def test_the_layout_of_the_example_application(example: Path, run_bare: Run) -> None:
    """The command works in this repository's own application, in which it changes one file only."""
    before = {path: path.read_bytes() for path in example.rglob("*.*") if path.is_file()}
    ended = run_bare("add", "entity", "Coupon")
    assert (ended.code, ended.err) == (0, "")
    assert [path.name for path, text in before.items() if path.read_bytes() != text] == ["__init__.py"]
    assert "3 records; outcomes: 3 done" in run_bare("invoke", "tests/events/coupon.json").out


def test_code_below_a_folder(shop: Path, run_bare: Run) -> None:
    """With CodeUri: src/ models and handlers are added there, tests in the project."""
    Path("src").mkdir()
    for name in ("handlers", "models"):
        Path(name).rename(Path("src", name))
    path = Path("template.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("CodeUri: .", "CodeUri: src/"), encoding="utf-8")
    Path("pyproject.toml").unlink()
    ended = run_bare("add", "entity", "Cart")
    assert (ended.code, ended.err) == (0, "")
    assert Path("src/models/cart.py").exists()
    assert Path("tests/test_cart.py").exists()


def test_where_the_routes_belong_is_not_guessed(shop: Path, run_bare: Run) -> None:
    """If the Dispatcher is not found in the code, the command prints the lines to add."""
    Path("handlers/__init__.py").write_text(MADE, encoding="utf-8")
    ended = run_bare("add", "entity", "Cart")
    assert ended.code == 1
    assert "handlers/__init__.py is unchanged, because 0 calls of Dispatcher make 'app'" in ended.err
    assert "from handlers import cart\n    cart.routes" in ended.err
    assert Path("handlers/__init__.py").read_text(encoding="utf-8") == MADE


def test_a_module_without_routes_is_not_registered(shop: Path, run_bare: Run) -> None:
    """If the app does not load afterwards, its code is as it was before."""
    Path("handlers/cart.py").write_text("", encoding="utf-8")
    before = Path("handlers/__init__.py").read_text(encoding="utf-8")
    ended = run_bare("add", "entity", "Cart")
    assert ended.code == 1
    assert "handlers/__init__.py is as it was before" in ended.err
    assert Path("handlers/__init__.py").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["entity", "!!!"], "found the entity '!!!'"),
        (["table", "Order"], "'table' is not"),
        (["entity", "Order", "--key", ","], "found --key ','"),
    ],
)
def test_wrong_command_lines_are_refused(shop: Path, run_bare: Run, arguments: list[str], message: str) -> None:
    """A wrong name is one line and exit code 2, and nothing is written."""
    before = sorted(shop.rglob("*.py"))
    ended = run_bare("add", *arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert message in ended.err
    assert sorted(shop.rglob("*.py")) == before


def test_an_app_outside_of_a_package_is_refused(project: Path, refused: Refused) -> None:
    """An app in a module of its own has no package for handlers."""
    assert "expected one in the __init__.py of a package such as handlers" in refused(
        "add", "entity", "Order", "--app", "tallies:app"
    )


@pytest.mark.slow
def test_the_tests_of_both_entities_pass(shop: Path, run_bare: Run) -> None:
    """pytest passes in the project with the new entity, and its code is as ruff formats it."""
    run_bare("add", "entity", "3d-model")
    for command in (
        ("pytest", "-q", "-p", "no:cacheprovider", "-W", "error"),
        ("ruff", "check", "--no-cache"),
        ("ruff", "format", "--check", "--no-cache"),
    ):
        ended = subprocess.run(
            [Path(sys.executable).with_name(command[0]), *command[1:]],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert ended.returncode == 0, ended.stdout
