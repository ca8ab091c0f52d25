"""``router lint``: its output and its exit codes."""

import json
import os
import shutil
from pathlib import Path

import pytest

from router.local.lint import RULES
from tests.cli.conftest import Run

CASES = Path(__file__).parent / "lint"
ROOT = Path(__file__).parents[3]
ALL_RULES = [rule.id for rule in RULES]
TUTORIAL = "copied_from_a_tutorial"
HEAD = 'Resources:\n  T: {Type: "AWS::DynamoDB::Table"}\n'


@pytest.fixture
def case(folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """The folder of a template with usual mistakes, and of its app."""
    there = folder / str(request.param)
    shutil.copytree(CASES / request.param, there)
    monkeypatch.chdir(there)
    return there


@pytest.mark.parametrize(
    ("case", "options"),
    [
        (TUTORIAL, []),
        ("plain_cloudformation", ["--app", "payments:app"]),
        ("out_of_step", []),
    ],
    indirect=["case"],
)
def test_templates_with_the_usual_mistakes(case: Path, run_bare: Run, options: list[str]) -> None:
    """expected.txt has the output; the exit code is 1 for errors."""
    ended = run_bare("lint", *options)
    assert ended.out == (case / "expected.txt").read_text(encoding="utf-8")
    assert (ended.code, ended.err) == (1, "")


def test_the_example_is_clean(folder: Path, run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """This project's template and app, without warnings and notes too."""
    monkeypatch.chdir(ROOT)
    ended = run_bare("lint", "--strict")
    assert ended.out == f"template.yaml, function Router, handlers:app: no findings ({len(RULES)} rules)\n"
    assert ended.code == 0


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        ("dynamodb:PutItem", "effect-not-allowed"),
        ("events:PutEvents", "effect-not-allowed"),
        ("sqs:SendMessage", "parking-not-allowed"),
    ],
)
def test_the_example_without_a_permission(
    action: str, rule: str, folder: Path, run_bare: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its handlers and the app need is found out from their code."""
    for name in ("handlers", "models"):
        shutil.copytree(ROOT / name, folder / name)
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert action in text
    (folder / "template.yaml").write_text(text.replace(action, "sts:GetCallerIdentity"), encoding="utf-8")
    monkeypatch.chdir(folder)
    ended = run_bare("lint", "--json")
    assert {found["id"] for found in json.loads(ended.out)["findings"]} == {rule}


@pytest.mark.parametrize("case", [TUTORIAL], indirect=True)
class TestOneTemplate:
    def test_json(self, case: Path, run_bare: Run) -> None:
        """One document, with file and line apart."""
        ended = run_bare("lint", "--json")
        document = json.loads(ended.out)
        assert (document["template"], document["function"], document["app"], document["ignored"]) == (
            "template.yaml",
            "OrdersFunction",
            "orders:handler",
            0,
        )
        first, *_, last = document["findings"]
        assert (first["id"], first["severity"], first["file"], first["line"]) == (
            "no-partial-failures",
            "error",
            "template.yaml",
            34,
        )
        assert (last["id"], last["severity"]) == ("logs-never-expire", "note")
        (writes,) = (each for each in document["findings"] if each["id"] == "writes-own-table")
        assert writes["file"] == str(Path("src", "orders.py"))
        assert ended.code == 1

    def test_the_environment_is_left_as_it_was(self, case: Path, run_bare: Run) -> None:
        """The variables of the template are there while the app is imported."""
        run_bare("lint")
        assert "TABLE_NAME" not in os.environ

    def test_ignoring_on_the_command_line(self, case: Path, run_bare: Run) -> None:
        """Warnings and notes alone do not fail, unless they have to."""
        errors = ["--ignore=no-partial-failures", "--ignore=endless-retries", "--ignore=no-destination"]
        ended = run_bare("lint", *errors)
        assert ended.out.endswith("orders:handler: 4 warnings, 1 note, 3 ignored\n")
        assert ended.code == 0
        assert run_bare("lint", "--strict", *errors).code == 1

    def test_strict_counts_what_was_not_judged(self, case: Path, run_bare: Run) -> None:
        """A rule that is not judged may hide a loss."""
        path = case / "template.yaml"
        text = path.read_text(encoding="utf-8").replace(
            "    Type: AWS::Serverless::Function\n",
            "    Type: AWS::Serverless::Function\n    Metadata: {router: {ignore: [" + ", ".join(ALL_RULES) + "]}}\n",
        )
        path.write_text(text.replace("StartingPosition: LATEST", "StartingPosition: !ImportValue x"), encoding="utf-8")
        assert run_bare("lint").code == 0
        ended = run_bare("lint", "--strict")
        assert (ended.code, ended.out.splitlines()[0].partition(": ")[2]) == (1, "note: not-judged")

    def test_ignoring_in_the_template(self, case: Path, run_bare: Run) -> None:
        """In the metadata of the function or of the table."""
        path = case / "template.yaml"
        text = path.read_text(encoding="utf-8")
        text = text.replace(
            "    Type: AWS::Serverless::Function\n",
            "    Type: AWS::Serverless::Function\n    Metadata: {router: {ignore: [no-bisect, starts-at-latest]}}\n",
        )
        text = text.replace(
            "    Type: AWS::DynamoDB::Table\n",
            "    Type: AWS::DynamoDB::Table\n    Metadata: {router: {ignore: writes-own-table}}\n",
        )
        path.write_text(text, encoding="utf-8")
        assert run_bare("lint").out.endswith(": 3 errors, 1 warning, 1 note, 3 ignored\n")

    def test_ignoring_an_unknown_rule_in_the_template(self, case: Path, run_bare: Run) -> None:
        """Would silence nothing."""
        path = case / "template.yaml"
        text = path.read_text(encoding="utf-8").replace(
            "    Type: AWS::DynamoDB::Table\n",
            "    Type: AWS::DynamoDB::Table\n    Metadata: {router: {ignore: [no-bisct]}}\n",
        )
        path.write_text(text, encoding="utf-8")
        ended = run_bare("lint")
        assert ended.err == (
            "router: template.yaml:6: Metadata.router.ignore: found no rule 'no-bisct'; did you mean no-bisect?\n"
        )
        assert ended.code == 2

    def test_a_handler_that_is_missing(self, case: Path, run_bare: Run) -> None:
        """Is a finding, and the template is judged without the app."""
        path = case / "template.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("orders.handler", "order.handler"), encoding="utf-8")
        ended = run_bare("lint")
        assert ended.out.startswith(
            "template.yaml:21: error: handler-not-found\n  Handler is order.handler, but there "
        )
        assert "OrdersFunction, no app: 4 errors" in ended.out
        assert ended.code == 1

    def test_a_handler_that_is_no_dispatcher(self, case: Path, run_bare: Run) -> None:
        """May call one, which has to be named."""
        path = case / "template.yaml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("orders.handler", "orders.get_orders"), encoding="utf-8"
        )
        ended = run_bare("lint")
        assert "found orders:get_orders to be the function get_orders, expected a Dispatcher" in ended.err
        assert ended.code == 2
        assert run_bare("lint", "--app", "orders:handler").out.endswith(
            "orders:handler: 3 errors, 4 warnings, 1 note\n"
        )

    def test_a_handler_of_another_language_is_reported(self, case: Path, run_bare: Run) -> None:
        """Java's have two colons; the template may leave out the runtime."""
        path = case / "template.yaml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("orders.handler", "shop.App::handle"), encoding="utf-8"
        )
        ended = run_bare("lint", "--app", "orders:handler")
        assert (ended.code, ended.err) == (1, "")
        assert "handler-not-found" in ended.out

    def test_an_image_has_no_handler(self, case: Path, run_bare: Run) -> None:
        """So the app has to be named."""
        path = case / "template.yaml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("Handler: orders.handler", "PackageType: Image"), encoding="utf-8"
        )
        ended = run_bare("lint")
        assert (
            ended.err == "router: found no Handler of OrdersFunction in template.yaml: the code is a container image; "
            "name the Dispatcher with --app\n"
        )
        assert run_bare("lint", "--app", "orders:handler").code == 1

    def test_an_app_that_does_not_import(self, case: Path, run_bare: Run) -> None:
        """Their error, as every command tells it."""
        (case / "src" / "orders.py").write_text("1 / 0\n", encoding="utf-8")
        ended = run_bare("lint")
        assert ended.err.endswith("ZeroDivisionError: division by zero\n")
        assert (ended.code, ended.out) == (1, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "router: found no template template.yaml, expected one of SAM or CloudFormation; name another"),
        ("a: [", "router: template.yaml:1: found no YAML: "),
        ("a: 1", "router: found no Resources in template.yaml, expected a template of SAM or CloudFormation"),
        (HEAD, "router: found no function under a table's stream in template.yaml, expected an event of type DynamoDB"),
        (
            f"{HEAD}  F: {{Type: !Typo x}}\n",
            "router: template.yaml:3: found !Typo, expected a function of CloudFormation",
        ),
    ],
)
def test_a_template_that_cannot_be_judged(folder: Path, run_bare: Run, text: str | None, message: str) -> None:
    """One line, and exit code 2."""
    if text is not None:
        Path("template.yaml").write_text(text, encoding="utf-8")
    ended = run_bare("lint")
    assert ended.err.startswith(message)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("seconds", ["-1", "inf", "nan", "5401"])
def test_a_time_that_no_record_takes(run_bare: Run, seconds: str) -> None:
    """No function runs for longer."""
    ended = run_bare("lint", f"--per-record={seconds}")
    assert ended.err == f"router: found {float(seconds):g} for --per-record, expected seconds, 0 to 5400\n"
    assert ended.code == 2


def test_an_unknown_rule_on_the_command_line(run_bare: Run) -> None:
    """With where to find them."""
    ended = run_bare("lint", "--ignore", "xyz")
    assert ended.err == "router: --ignore: found no rule 'xyz'; router lint --rules lists them\n"
    assert ended.code == 2


def test_the_list_of_rules(run_bare: Run) -> None:
    """Each with its summary."""
    ended = run_bare("lint", "--rules")
    assert [line.split()[0] for line in ended.out.splitlines()] == [rule.id for rule in RULES]
    listed = json.loads(run_bare("lint", "--rules", "--json").out)
    assert listed[0] == {
        "id": "handler-not-found",
        "severity": "error",
        "summary": "Lambda cannot import the handler",
        "page": "https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html",
    }


@pytest.mark.parametrize("case", ["out_of_step"], indirect=True)
def test_a_layout_for_terminals(case: Path, run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences are wrapped; lines to be copied are not."""
    monkeypatch.setenv("COLUMNS", "60")
    out = run_bare("lint").out.splitlines()
    assert max(len(line) for line in out if line.startswith("  ") and not line.startswith(("      ", "  https"))) <= 60
    assert any(len(line) > 60 for line in out if "Pattern:" in line)
