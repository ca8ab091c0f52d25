"""The function's configuration, beside the template's; names of variables, never values."""

from pathlib import Path
from typing import Any

import pytest

from tests.local.doctor.stacks import DeployedStack, deploy
from tests.ministack import Ministack


@pytest.mark.parametrize(
    ("name", "value", "found", "expected"),
    [
        ("Timeout", 7, "Timeout 7", "Timeout 60"),
        ("MemorySize", 256, "MemorySize 256", "MemorySize 512"),
        ("Runtime", "python3.12", "Runtime python3.12", "Runtime python3.13"),
        ("Handler", "handlers.other", "Handler handlers.other", "Handler handlers.app"),
    ],
)
def test_other_value(stack: DeployedStack, name: str, value: Any, found: str, expected: str) -> None:
    """A setting that was changed beside the stack is found, with the line of the template."""
    stack.update_function(**{name: value})
    (finding,) = stack.findings()
    assert (finding.check, finding.found, finding.expected) == ("function-differs", found, expected)
    line = int(finding.remedy.rpartition(":")[2])
    assert f"{name}:" in stack.template.read_text(encoding="utf-8").splitlines()[line - 1]


def test_other_architecture(stack: DeployedStack) -> None:
    """Another processor is found."""
    with stack.answering("lambda", "GetFunctionConfiguration", Architectures=["x86_64"]):
        (finding,) = stack.findings()
    assert (finding.found, finding.expected) == ("Architectures x86_64", "Architectures arm64")


def test_parameters_of_the_stack(ministack: Ministack, tmp_path: Path) -> None:
    """A stack whose parameters are not the defaults is as its template says; by the function alone that is unknown."""
    stack = deploy(ministack, tmp_path / "template.yaml", Timeout="90", Architecture="x86_64", Tracing="PassThrough")
    assert stack.findings() == []
    found = {(each.check, each.found) for each in stack.findings_by_function()}
    assert found == {("function-differs", "Timeout 90"), ("function-differs", "Architectures x86_64")}


def test_variables(stack: DeployedStack) -> None:
    """Missing and foreign variables are named, and no value is in the findings."""
    variables = {"PARKING_QUEUE": "secret-value", "VIEWS_TABLE": "secret-value", "TOKEN": "secret-value"}
    stack.update_function(Environment={"Variables": variables})
    findings = stack.findings()
    assert [(each.check, each.found) for each in findings] == [
        ("variables-differ", f"no variable {name}")
        for name in ("EVENT_BUS", "LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME", "SHOP_TABLE")
    ] + [("variables-differ", "the variable TOKEN")]
    assert "secret-value" not in str(findings)


@pytest.mark.parametrize(
    ("values", "found", "remedy"),
    [
        ({"State": "Pending"}, "State Pending", "wait for it"),
        (
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "InvalidSubnet"},
            "LastUpdateStatus Failed (InvalidSubnet)",
            "deploy again",
        ),
    ],
)
def test_state(stack: DeployedStack, values: dict[str, str], found: str, remedy: str) -> None:
    """A function that cannot be invoked, or whose update failed, is an error."""
    with stack.answering("lambda", "GetFunctionConfiguration", **values):
        (finding,) = stack.findings()
    assert (finding.check, finding.severity, finding.found, finding.remedy) == (
        "function-state",
        "error",
        found,
        remedy,
    )


def test_stopped(stack: DeployedStack) -> None:
    """Reserved concurrency 0 stops the function."""
    stack.client("lambda").put_function_concurrency(FunctionName=stack.ids["Router"], ReservedConcurrentExecutions=0)
    (finding,) = stack.findings()
    assert (finding.check, finding.found) == ("function-stopped", "reserved concurrency 0")


def test_deleted(stack: DeployedStack) -> None:
    """A function that was deleted beside the stack is found."""
    function = stack.ids["Router"]
    with stack.refused("lambda", "GetFunctionConfiguration", "ResourceNotFoundException"):
        checks = [each.check for each in stack.findings()]
    assert (checks, function.startswith(stack.name)) == (["function-missing"], True)
