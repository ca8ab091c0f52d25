"""``router simulate``: a load on the mapping, from the command line."""

import json
import re
from pathlib import Path

import pytest

from router.local.simulate import Scenario
from tests.cli.conftest import Run

QUICK = ("simulate", "--duration", "2m", "--no-template")

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
    """What was simulated, the figures, the course of things, and how fast that was."""
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
    """One document; the seed makes it the same every time."""
    argv = (*QUICK, "--json", "--seed", "3", "--poison", "0.01", "--maximum-retry-attempts", "1")
    first, second = (json.loads(run_bare(*argv).out) for _ in range(2))
    for each in (first, second):
        assert each.pop("simulated")["lanes"] == 1
    assert first == second
    assert first["totals"]["written"]["value"] == pytest.approx(12_000, rel=0.05)
    assert first["settings_from"] == "defaults"


def test_options_reach_the_scenario(run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option is what its name says."""
    seen: list[Scenario] = []

    def watch(scenario: Scenario, progress: object) -> None:
        seen.append(scenario)
        raise KeyboardInterrupt

    monkeypatch.setattr("router.cli.commands.simulate.run_scenario", watch)
    options = (
        "--writes 7 --duration 90m --profile 0=0.5,8:30=2 --burst 1:00+5m=4 --burst 0+30s=2 --arrivals regular "
        "--shards 3 --zipf 1.2 --keys 99 --poison 0.25 --record-bytes 500 --invocation-time 0.5 --record-time 0.25 "
        "--spread 0.1 --timeout 9 --cold-start 2 --keep-warm 60 --memory 512 --batch-size 11 "
        "--maximum-batching-window-in-seconds 2 --parallelization-factor 4 --maximum-retry-attempts 6 "
        "--maximum-record-age-in-seconds 70 --bisect-batch-on-function-error --architecture arm64 "
        "--request-price 1 --sample 5 --poll 0.5 --seed 8 --no-template"
    )
    assert run_bare("simulate", *options.split(), "--function-response-types", "").code == 130
    (scenario,) = seen
    load, function, settings = scenario.load, scenario.function, scenario.settings
    assert (load.writes, load.seconds, load.profile) == (7, 5400, [(0, 0.5), (30_600, 2)])
    assert (load.bursts, load.arrivals, load.shards) == ([(3600, 300, 4), (0, 30, 2)], "regular", 3)
    assert (load.zipf, load.keys, load.poison, load.record_bytes) == (1.2, 99, 0.25, 500)
    assert (function.seconds, function.seconds_per_record, function.spread, function.timeout) == (0.5, 0.25, 0.1, 9)
    assert (function.cold_start, function.keep_warm, function.memory) == (2, 60, 512)
    assert (settings.batch_size, settings.maximum_batching_window_in_seconds) == (11, 2)
    assert (settings.parallelization_factor, settings.maximum_retry_attempts) == (4, 6)
    assert (settings.maximum_record_age_in_seconds, settings.bisect_batch_on_function_error) == (70, True)
    assert settings.function_response_types == []
    assert (scenario.prices.request, scenario.prices.gb_second) == (1e-6, 0.0000133334)
    assert (scenario.sample, scenario.poll, scenario.seed) == (5, 0.5, 8)


def test_settings_come_from_the_template(run_bare: Run, folder: Path) -> None:
    """template.yaml in the current folder is read by itself; options come first."""
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    out = run_bare("simulate", "--duration", "1m", "--batch-size", "43").out
    assert "batches of 43, window 0 s, 5 retries" in out
    assert "no partial responses" in out
    assert "time-out 17 s" in out
    assert "from template.yaml, function Router" in out


def test_a_template_can_be_left_out(run_bare: Run, folder: Path) -> None:
    """--no-template is the defaults, whatever lies in the folder."""
    (folder / "template.yaml").write_text("{", encoding="utf-8")
    ended = run_bare(*QUICK)
    assert ended.code == 0
    assert "from defaults" in ended.out


def test_a_plot_is_drawn(run_bare: Run, folder: Path) -> None:
    """Beside the table, into the file that was named."""
    pytest.importorskip("matplotlib", reason="draws plots")
    ended = run_bare(*QUICK, "--plot", "load.svg")
    assert ended.out.splitlines()[-1] == "plot: load.svg"
    assert "<svg" in (folder / "load.svg").read_text(encoding="utf-8")


def test_a_sample_says_so(run_bare: Run) -> None:
    """How many lanes were simulated, and what the others are taken for."""
    out = run_bare(*QUICK, "--shards", "30", "--sample", "10").out
    assert "simulated 10 of 30 lanes" in out
    assert out.splitlines()[-1].endswith("they stand for the others, ± is the standard error of that")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ("--writes -1", "found writes -1, expected 0 to 1e+08"),
        ("--writes many", "invalid value for '--writes'"),
        ("--duration soon", "found 'soon' for --duration, expected a length of time such as 24h, 90m or 30s"),
        ("--duration 8d", "found seconds 691200, expected 1 to 604,800"),
        ("--profile 8", "found '8' in --profile, expected HOUR=FACTOR, such as 8:30=1.5"),
        ("--profile 8:75=1", "found the time '8:75' in --profile, expected hours such as 8 or 8:30"),
        ("--profile 8=x", "found the factor 'x' in --profile, expected a number, 0 or more"),
        ("--burst 12:00=4", "found '12:00=4' for --burst, expected HOUR+LENGTH=FACTOR, such as 12:00+5m=4"),
        ("--batch-size 20000", "1 validation error detected: Value '20000' at 'batchSize' failed"),
        ("--maximum-record-age-in-seconds 5", "MaximumRecordAgeInSeconds must be either -1"),
        ("--arrivals often", "invalid value for '--arrivals'"),
        ("--plot load.gif", "found the plot 'load.gif', expected a name that ends in .svg, .png, .pdf"),
        ("--template nowhere.yaml", "found no template nowhere.yaml"),
        ("--gb-second-price -1", "found the price of a GB-second -1, expected 0 to 1,000"),
        ("more", "got unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_is_one_line(run_bare: Run, argv: str, told: str) -> None:
    """What was found and what was expected, on standard error; exit code 2."""
    ended = run_bare("simulate", *argv.split())
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"router: {told}")
    assert ended.err.count("\n") == 1


def test_the_help_fits_80_columns(run_bare: Run) -> None:
    """No line of the help is too long for a terminal."""
    ended = run_bare("simulate", "--help")
    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) <= 80
