"""``router doctor`` on the command line: its text, its document and its exit codes."""

from __future__ import annotations

import json

import pytest

from router.cli import main
from router.local.doctor import CHECKS
from tests.local.doctor.stacks import DeployedStack, deploy
from tests.ministack import Ministack


@pytest.fixture(scope="module")
def stack(ministack: Ministack, tmp_path_factory: pytest.TempPathFactory) -> DeployedStack:
    """The example's stack; the mapping's batch size was changed beside it."""
    deployed = deploy(ministack, tmp_path_factory.mktemp("stack") / "template.yaml")
    deployed.update_mapping(BatchSize=7)
    return deployed


def arguments(stack: DeployedStack, *more: str) -> list[str]:
    return ["doctor", "--endpoint-url", stack.server.endpoint_url, "--template", str(stack.template), *more]


def test_findings(stack: DeployedStack, capsys: pytest.CaptureFixture[str]) -> None:
    """A finding says where, how bad, what, what was found, what is expected and what to do; the exit code is 1."""
    assert main(arguments(stack, "--stack", stack.name)) == 1
    line = stack.template.read_text(encoding="utf-8").splitlines().index("            BatchSize: 100") + 1
    assert capsys.readouterr().out.splitlines() == [
        f"mapping Router.Changes ({stack.ids['RouterChanges']}): warning: mapping-differs",
        "  found BatchSize 7, expected BatchSize 100",
        f"  to do: aws lambda update-event-source-mapping --uuid {stack.ids['RouterChanges']} --batch-size 100; "
        f"or change {stack.template}:{line}",
        "",
        f"stack {stack.name}, {stack.template}: 1 warning",
    ]


def test_document(stack: DeployedStack, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the same is one document."""
    assert main(arguments(stack, "--function", stack.ids["Router"], "--json")) == 1
    document = json.loads(capsys.readouterr().out)
    (finding,) = document.pop("findings")
    assert document == {
        "function": stack.ids["Router"],
        "stack": None,
        "template": str(stack.template),
        "mappings": [stack.ids["RouterChanges"]],
    }
    assert finding["id"] == "mapping-differs"
    assert set(finding) == {"id", "severity", "where", "found", "expected", "remedy"}


def test_parameters_by_function(stack: DeployedStack, capsys: pytest.CaptureFixture[str]) -> None:
    """By the function alone the parameters of the stack are unknown, and the last line says so."""
    assert main(arguments(stack, "--function", stack.ids["Router"])) == 1
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"function {stack.ids['Router']}, {stack.template} with the defaults of its parameters: 1 warning"
    )


def test_no_findings(stack: DeployedStack, capsys: pytest.CaptureFixture[str]) -> None:
    """Without findings the exit code is 0; --template '' compares with nothing."""
    assert main([*arguments(stack, "--stack", stack.name), "--template", ""]) == 0
    assert capsys.readouterr().out == f"stack {stack.name}, no template: no findings ({len(CHECKS)} checks)\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "found neither --stack nor --function, expected the name of a stack or of a function"),
        (["--stack", "none"], "found no stack 'none' in this account and region; see --profile and --region"),
        (["--function", "none"], "found no function 'none' in this account and region; see --profile and --region"),
        (["--stack", "x", "--template", "none.yaml"], None),
        (["--stack", "x", "--endpoint-url", "nowhere"], None),
        (["--stack", "x", "--profile", "none"], None),
    ],
)
def test_wrong_command_line(
    stack: DeployedStack, options: list[str], message: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong command line, and an account that cannot be read, end with one line and exit code 2."""
    assert main(arguments(stack, *options)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("router: ")
    assert message is None or line == f"router: {message}"


def test_checks(capsys: pytest.CaptureFixture[str]) -> None:
    """--checks lists the checks, on one line each."""
    assert main(["doctor", "--checks"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [each.id for each in CHECKS]
    assert main(["doctor", "--checks", "--json"]) == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == [each.id for each in CHECKS]
