"""`router init` makes projects that work, and keeps what exists."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Refused, Run

PROJECTS = {
    "defaults": ("--entity", "Order"),
    "a preset, and words in an entity": ("--entity", "order-line", "--discriminator", "electrodb"),
    "keys that no stream guesses": ("--entity", "Order", "--key", "tenant,order", "--discriminator", "_type"),
    "one key, and letters of another script": ("--entity", "Größe", "--key", "id", "--discriminator", "kind"),
    "names that Python keeps for itself": ("--entity", "Class", "--key", "class,model-x", "--discriminator", "schema"),
    "names that generated code uses": ("--entity", "Insert", "--key", "status,state", "--discriminator", "json"),
    "a long name": ("--entity", "AVeryLongNameOfAnEntityInTheTableOfOrders2", "--key", "partition key,on"),
    "a name that the app's module uses": ("--entity", "app", "--discriminator", "AWS_LAMBDA_STREAM"),
    "a name that begins with a digit": ("--entity", "3d-model", "--discriminator", "dynamodb_toolbox"),
}
SCRIPTS = Path(sys.executable).parent
FILES = [
    ".gitignore",
    "handlers/__init__.py",
    "handlers/order.py",
    "models/__init__.py",
    "models/order.py",
    "pyproject.toml",
    "requirements.txt",
    "template.yaml",
    "tests/events/order.json",
    "tests/test_order.py",
]


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def tool(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment in a project."""
    return subprocess.run(
        [SCRIPTS / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=100
    )


@pytest.fixture(params=PROJECTS.values(), ids=list(PROJECTS))
def made(request: pytest.FixtureRequest, run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project, which is the current folder."""
    ended = run_bare("init", "shop", "--yes", *request.param)
    assert (ended.code, ended.err) == (0, "")
    monkeypatch.chdir("shop")
    return Path.cwd()


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all runs: without it each takes half a minute."""
    return tmp_path_factory.mktemp("mypy")


class TestANewProject:
    def test_lint_finds_nothing(self, made: Path, run_bare: Run) -> None:
        """`router lint --strict` has no findings."""
        ended = run_bare("lint", "--strict")
        assert (ended.code, ended.err) == (0, "")
        assert "no findings" in ended.out

    def test_its_filters_are_those_of_its_routes(self, made: Path, run_bare: Run) -> None:
        """`router template --check` finds no difference."""
        assert run_bare("template", "--check").code == 0

    def test_its_recorded_event_is_handled(self, made: Path, run_bare: Run) -> None:
        """`router invoke` on the recorded event calls a handler for each of the three records."""
        ended = run_bare("invoke", "tests/events")
        assert ended.code == 0
        assert "3 records; outcomes: 3 done" in ended.out

    @pytest.mark.slow
    def test_its_tests_pass(self, made: Path) -> None:
        """pytest passes, and a recording of the tests' own story gives the file that init wrote."""
        (event,) = made.glob("tests/events/*.json")
        before = event.read_text(encoding="utf-8")
        ended = tool(made, "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--record-mode=all")
        assert "2 passed" in ended.stdout, ended.stdout
        assert event.read_text(encoding="utf-8") == before

    @pytest.mark.slow
    def test_its_code_is_clean(self, made: Path, mypy_cache: Path) -> None:
        """ruff finds nothing to check or to format, and mypy --strict no error, with the project's own settings."""
        ruff = (("ruff", "check", "--no-cache"), ("ruff", "format", "--check", "--no-cache"))
        for command in (*ruff, ("mypy", "--cache-dir", str(mypy_cache))):
            ended = tool(made, *command)
            assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_files_of_a_project(run_bare: Run) -> None:
    """A project has models, handlers, a test with one recorded event, a template, settings and nothing else."""
    run_bare("init", "shop", "--entity", "Order", "--yes")
    assert files_of(Path("shop")) == FILES
    event = json.loads(Path("shop/tests/events/order.json").read_text(encoding="utf-8"))
    assert [record["eventName"] for record in event["Records"]] == ["INSERT", "MODIFY", "REMOVE"]
    assert event["Records"][0]["dynamodb"]["Keys"] == {"pk": {"S": "Order#1"}, "sk": {"S": "Order#1"}}


def test_the_folder_gives_the_name(run_bare: Run) -> None:
    """Without --name the project is called as its folder, as far as a distribution can be."""
    run_bare("init", "My Shop!", "--yes")
    assert 'name = "My-Shop"' in Path("My Shop!/pyproject.toml").read_text(encoding="utf-8")


def test_files_that_exist_are_kept(run_bare: Run) -> None:
    """What exists is never overwritten, and the output says so."""
    Path("pyproject.toml").write_text("[project]\n", encoding="utf-8")
    ended = run_bare("init", "--yes")
    assert ended.code == 0
    assert "kept    pyproject.toml\n" in ended.out
    assert Path("pyproject.toml").read_text(encoding="utf-8") == "[project]\n"
    assert Path("models/order.py").exists()


def test_it_asks_for_what_is_not_given(run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command asks for name, keys, discriminator and entity; an empty answer takes the default."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("bazaar\n\nCart\n"))
    assert run_bare("init", "shop", "--key", "id").code == 0
    assert 'name = "bazaar"' in Path("shop/pyproject.toml").read_text(encoding="utf-8")
    assert "AttributeName: id," in Path("shop/template.yaml").read_text(encoding="utf-8")
    assert 'EntityType: Literal["Cart"] = "Cart"' in Path("shop/models/cart.py").read_text(encoding="utf-8")


def test_the_end_of_answers_is_refused(run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal, and without --yes, the command says how to do without questions."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    ended = run_bare("init", "shop")
    assert ended.code == 2
    assert "--yes takes the defaults" in ended.err
    assert not Path("shop").exists()


def test_a_closed_standard_input_is_the_end_of_answers(run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell closes it with ``<&-``."""
    monkeypatch.setattr(sys, "stdin", None)
    ended = run_bare("init", "shop")
    assert (ended.code, ended.err.count("Traceback")) == (2, 0)
    assert 'found no answer to "The project\'s name"' in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--entity", "!!!"], "found the entity '!!!', expected a name with letters such as Order or order-line"),
        (["--entity", " Order"], "found the entity ' Order'"),
        (["--key", "pk,pk"], "found --key 'pk,pk', expected one name or two, as in pk,sk"),
        (["--key", "a,b,c"], "found --key 'a,b,c'"),
        (["--name", "router"], "found the project name 'router', which is that of the package it needs"),
        (["--name", "a/b"], "found the project name 'a/b', expected letters"),
        (["--discriminator", "sk"], "which does not read 'Order' from an item"),
        (["--discriminator", "electrodbb"], "expected the preset itself: discriminators.ELECTRODB"),
        (["--key", "a-b,a_b"], "of which two would be one field"),
    ],
)
def test_wrong_names_are_refused(refused: Refused, arguments: list[str], message: str) -> None:
    """A wrong name is one line and exit code 2, and nothing is written."""
    assert message in refused("init", "shop", "--yes", *arguments)
    assert not Path("shop").exists()


def test_a_module_that_hides_the_package_is_refused(refused: Refused) -> None:
    """A router.py in the folder would be imported in place of the package."""
    Path("router.py").touch()
    assert "found router.py, which hides the package router" in refused("init", "--yes")


def test_a_file_in_the_place_of_a_folder_is_refused(refused: Refused) -> None:
    """The project's folder, and each folder in it, can be no file."""
    Path("shop").touch()
    assert "found the file shop, expected a folder" in refused("init", "shop", "--yes")
    Path("models").touch()
    assert "models is no folder" in refused("init", "--yes")


class TestMinimal:
    def test_it_has_one_module_and_a_short_template(self, run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """--minimal makes one module and a template of at most 40 lines, in which lint finds nothing."""
        run_bare("init", "shop", "--minimal", "--yes", "--discriminator", "electrodb")
        assert files_of(Path("shop")) == ["app.py", "requirements.txt", "template.yaml"]
        assert len(Path("shop/template.yaml").read_text(encoding="utf-8").splitlines()) <= 40
        monkeypatch.chdir("shop")
        assert "no findings" in run_bare("lint", "--strict").out


class TestInfrastructure:
    def test_the_files(self, run_bare: Run) -> None:
        """--cdk and --terraform add their folders to a project."""
        run_bare("init", "shop", "--entity", "Order", "--yes", "--cdk", "--terraform")
        added = ["cdk.json", "infrastructure/app.py", "infrastructure/filters.json", "infrastructure/requirements.txt"]
        added += ["terraform/filters.json", "terraform/main.tf"]
        assert files_of(Path("shop")) == sorted([*FILES, *added])

    @pytest.mark.parametrize("options", [[], ["--key", "id"], ["--discriminator", "electrodb"]])
    def test_the_filters_are_those_of_the_command(
        self, run_bare: Run, monkeypatch: pytest.MonkeyPatch, options: list[str]
    ) -> None:
        """Both read what `router filters --json` prints, also after an entity is added."""
        run_bare("init", "shop", "--yes", "--cdk", "--terraform", *options)
        monkeypatch.chdir("shop")
        for path in ("infrastructure/filters.json", "terraform/filters.json"):
            assert Path(path).read_text(encoding="utf-8") == run_bare("filters", "--json").out
        assert "changed terraform/filters.json" in run_bare("add", "entity", "Cart").out
        for path in ("infrastructure/filters.json", "terraform/filters.json"):
            assert Path(path).read_text(encoding="utf-8") == run_bare("filters", "--json").out

    @pytest.mark.slow
    @pytest.mark.parametrize("options", [[], ["--key", "id"]])
    def test_the_code_is_clean(self, run_bare: Run, options: list[str]) -> None:
        """ruff finds nothing to check or to format in the CDK app."""
        run_bare("init", "shop", "--yes", "--cdk", *options)
        for command in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
            ended = tool(Path("shop"), "ruff", *command)
            assert ended.returncode == 0, ended.stdout

    def test_it_is_not_minimal(self, refused: Refused) -> None:
        """A minimal project has no such folders."""
        assert "found --minimal with --cdk" in refused("init", "shop", "--yes", "--minimal", "--cdk")
