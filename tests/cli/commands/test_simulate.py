"""``router simulate``: a load on the mapping, from the command line."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from router.local.simulate import Scenario
from tests.cli.conftest import Run

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS.joinpath("simulate.md").read_text(encoding="utf-8")
QUICK = ("simulate", "--duration", "2m")

TEMPLATE = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  Router:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.app
      Runtime: python3.13
      Timeout: 17
      MemorySize: 768
      Architectures: [arm64]
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: 42
            MaximumRetryAttempts: 5
"""


def test_the_figures_stand_in_a_table(run_bare: Run) -> None:
    """The scenario, the figures, the course over time, and the simulation's speed."""
    ended = run_bare(*QUICK, "--writes", "40", "--shards", "2", "--poison", "0.001", "--maximum-retry-attempts", "1")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].split(maxsplit=1) == ["load", "40 writes/s for 2m, 0.001 of them poison"]
    labels = [line[:15].strip() for line in lines]
    for label in ("written", "invocations", "re-executions", "discarded", "iterator age", "concurrency", "cost"):
        assert label in labels
    assert any(line.split()[:2] == ["time", "writes/s"] for line in lines)
    assert re.fullmatch(r"simulated 2 of 2 lanes, [\d,]+ records in \d+\.\d\d s, [\d,]+ records/s", lines[-1])


def test_json_has_the_same_figures(run_bare: Run) -> None:
    """One document; equal seeds give equal documents."""
    argv = (*QUICK, "--json", "--seed", "3", "--poison", "0.01", "--maximum-retry-attempts", "1")
    first, second = (json.loads(run_bare(*argv).out) for _ in range(2))
    for each in (first, second):
        assert each.pop("simulated")["lanes"] == 1
    assert first == second
    assert first["totals"]["written"]["value"] == pytest.approx(12_000, rel=0.05)
    assert first["settings_from"] == "defaults"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Scenario]:
    """The scenario that the command simulates; it is interrupted before it does."""
    scenarios: list[Scenario] = []

    def watch(scenario: Scenario, progress: object) -> None:
        scenarios.append(scenario)
        raise KeyboardInterrupt

    monkeypatch.setattr("router.cli.commands.simulate.run_scenario", watch)
    return scenarios


OPTIONS = (
    "--writes 7 --duration 90m --shards 3 --poison 0.25 --record-time 250ms --batch-size 11 --parallelization-factor 4 "
    "--maximum-retry-attempts 6 --seed 8"
)


def test_options_reach_the_scenario(run_bare: Run, seen: list[Scenario]) -> None:
    """Each option sets the value of its name."""
    assert run_bare("simulate", *OPTIONS.split()).code == 130
    (scenario,) = seen
    load, mapping = scenario.load, scenario.mapping
    assert (load.writes, load.duration, load.shards, load.poison) == (7, 5400, 3, 0.25)
    assert (scenario.function.record_time, mapping.batch_size, mapping.parallelization_factor) == (0.25, 11, 4)
    assert (mapping.maximum_retry_attempts, scenario.seed) == (6, 8)


def test_options_override_the_scenario_file(run_bare: Run, folder: Path, seen: list[Scenario]) -> None:
    """Other values are those of the file."""
    text = "seed = 1\n[load]\nwrites = 5\nzipf = 1.1\n[mapping]\nbatch_size = 5\nmaximum_batching_window_in_seconds = 2"
    (folder / "load.toml").write_text(text, encoding="utf-8")
    run_bare("simulate", "--scenario", "load.toml", *OPTIONS.split())
    (scenario,) = seen
    assert (scenario.load.writes, scenario.load.zipf, scenario.seed) == (7, 1.1, 8)
    assert (scenario.mapping.batch_size, scenario.mapping.maximum_batching_window_in_seconds) == (11, 2)


def test_the_example_of_the_help_runs(run_bare: Run, folder: Path) -> None:
    """It can be copied into a file."""
    text = run_bare("simulate", "--help").out.partition("load.toml:\n\n")[2].partition("\n\n")[0]
    (folder / "load.toml").write_text(text, encoding="utf-8")
    ended = run_bare("simulate", "--scenario", "load.toml", "--duration", "13h", "--writes", "2")
    assert (ended.code, ended.err) == (0, "")
    assert "2 writes/s, varying for 13h" in ended.out


def test_settings_come_from_the_template(run_bare: Run, folder: Path) -> None:
    """template.yaml in the current folder is read without an option; options override it."""
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    out = run_bare("simulate", "--duration", "1m", "--batch-size", "43").out
    assert "batches of 43, window 0 s, 5 retries" in out
    assert "no partial responses" in out
    assert "time-out 17 s" in out
    assert "768 MB" in out
    assert "arm64" in out
    assert "from template.yaml, function Router" in out


def test_a_template_can_be_left_out(run_bare: Run, folder: Path) -> None:
    """--template '' reads no template, although there is one in the folder."""
    (folder / "template.yaml").write_text("{", encoding="utf-8")
    ended = run_bare(*QUICK, "--template", "")
    assert ended.code == 0
    assert "from defaults" in ended.out


def test_a_scenario_file_can_leave_the_template_out(run_bare: Run, folder: Path) -> None:
    """With an empty template; the option overrides it."""
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    (folder / "load.toml").write_text('template = ""', encoding="utf-8")
    assert "from defaults" in run_bare(*QUICK, "--scenario", "load.toml").out
    assert "from template.yaml" in run_bare(*QUICK, "--scenario", "load.toml", "--template", "template.yaml").out


def test_a_scenario_file_names_its_template(run_bare: Run, folder: Path) -> None:
    """From its own folder; the file's values override the template's."""
    (folder / "loads").mkdir()
    (folder / "loads" / "stack.yaml").write_text(TEMPLATE, encoding="utf-8")
    text = 'template = "stack.yaml"\ntemplate_function = "Router"\n[mapping]\nbatch_size = 44'
    (folder / "loads" / "load.toml").write_text(text, encoding="utf-8")
    out = run_bare(*QUICK, "--scenario", "loads/load.toml").out
    assert "batches of 44, window 0 s, 5 retries" in out
    assert "from loads/stack.yaml, function Router" in out


def test_a_plot_is_drawn(run_bare: Run, folder: Path) -> None:
    """Beside the table, into the file that was named."""
    pytest.importorskip("matplotlib", reason="draws plots")
    ended = run_bare(*QUICK, "--plot", "load.svg")
    assert ended.out.splitlines()[-1] == "plot: load.svg"
    assert "<svg" in (folder / "load.svg").read_text(encoding="utf-8")


def test_a_sample_says_so(run_bare: Run, folder: Path) -> None:
    """The last line has the number of simulated lanes, and explains the ±."""
    (folder / "load.toml").write_text("sample = 10", encoding="utf-8")
    out = run_bare(*QUICK, "--scenario", "load.toml", "--shards", "30").out
    assert "simulated 10 of 30 lanes" in out
    assert out.splitlines()[-1].endswith("; a sample of the lanes, ± is the standard error")


def test_the_page_shows_the_scenario_file() -> None:
    """docs/simulate.md has the text of docs/scenarios/day.toml."""
    scenario = DOCS.joinpath("scenarios", "day.toml").read_text(encoding="utf-8")
    assert f"```toml\n{scenario}```" in PAGE


@pytest.mark.parametrize("command", re.findall(r"^\$ router (simulate .*)$", PAGE, re.MULTILINE))
def test_the_commands_of_the_page_run(run_bare: Run, folder: Path, command: str) -> None:
    """Here with few writes; wrong.toml has the message on the page."""
    shutil.copytree(DOCS / "scenarios", folder / "docs" / "scenarios")
    (folder / "wrong.toml").write_text("[load]\nwirtes = 5", encoding="utf-8")
    ended = run_bare(*shlex.split(command), "--writes", "1", "--duration", "13h", "--shards", "1")
    assert (ended.code, ended.err) == (0, "") or ended.err in PAGE


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("--writes -1", "found writes -1, expected 0 to 100,000,000"),
        ("--writes many", "invalid value for '--writes'"),
        ("--duration soon", "--duration: found 'soon', expected a duration such as 24h, 90m, 30s or 20ms"),
        ("--duration 8d", "found duration 691,200, expected 1 to 604,800"),
        ("--record-time x", "--record-time: found 'x', expected a duration"),
        ("--batch-size 20000", "1 validation error detected: Value '20000' at 'batchSize' failed"),
        ("--plot load.gif", "found the plot 'load.gif', expected a name that ends in .svg, .png, .pdf"),
        ("--template nowhere.yaml", "found no template nowhere.yaml"),
        ("--scenario nowhere.toml", "found no scenario nowhere.toml, expected a TOML file"),
        ("--scenario .", "cannot read the scenario .: Is a directory"),
        ("--scenario wrong.toml", "wrong.toml: [mapping]: Parameter validation failed: Invalid type for parameter"),
        ("--zipf 1", "no such option: --zipf"),
        ("more", "got unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_is_one_line(run_bare: Run, folder: Path, argv: str, message: str) -> None:
    """Found and expected on standard error; exit code 2."""
    (folder / "wrong.toml").write_text("[mapping]\nbatch_size = 'x'", encoding="utf-8")
    ended = run_bare("simulate", *argv.split())
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"router: {message}")
    assert ended.err.count("\n") == 1


def test_the_help_fits_80_columns(run_bare: Run) -> None:
    """No line of the help is too long for a terminal."""
    ended = run_bare("simulate", "--help")
    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) <= 80
