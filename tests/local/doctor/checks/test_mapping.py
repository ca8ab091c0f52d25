"""The state of the mapping, and the result of its last batch."""

import pytest

from tests.local.doctor.stacks import DeployedStack


def test_a_healthy_stack(stack: DeployedStack) -> None:
    """A stack as its template says has no findings, found by its name or by that of the function."""
    assert (stack.findings(), stack.findings_by_function()) == ([], [])


def test_nothing_to_compare_with(stack: DeployedStack) -> None:
    """Without a template the state is checked all the same."""
    stack.update_mapping(Enabled=False, BatchSize=7)
    assert [each.check for each in stack.findings(template=False)] == ["mapping-state"]
    assert [each.check for each in stack.findings_by_function(template=False)] == ["mapping-state"]


def test_disabled(stack: DeployedStack) -> None:
    """A disabled mapping is an error, with the command that enables it."""
    stack.update_mapping(Enabled=False)
    (finding,) = stack.findings()
    assert (finding.check, finding.severity) == ("mapping-state", "error")
    assert finding.found.startswith("State Disabled")
    assert finding.remedy.startswith(f"aws lambda update-event-source-mapping --uuid {stack.ids['RouterChanges']}")


def test_disabled_in_the_template(stack: DeployedStack) -> None:
    """A mapping that the template disables is as it should be."""
    written = stack.template.read_text(encoding="utf-8")
    stack.template.write_text(written.replace("BatchSize: 100", "BatchSize: 100\n            Enabled: false"))
    stack.update_mapping(Enabled=False)
    assert stack.findings() == []


@pytest.mark.parametrize("state", ["Creating", "Updating", "Enabling"])
def test_passing_state(stack: DeployedStack, state: str) -> None:
    """A mapping that is being changed is found, and the remedy is to wait."""
    with stack.answering("lambda", "GetEventSourceMapping", State=state, StateTransitionReason="User action"):
        (finding,) = stack.findings()
    assert (finding.found, "again in a minute" in finding.remedy) == (f"State {state} (User action)", True)


@pytest.mark.parametrize(
    "result", ["PROBLEM: Function call failed", "PROBLEM: Function role lacks dynamodb:GetRecords"]
)
def test_problem(stack: DeployedStack, result: str) -> None:
    """A problem of the last batch is found as AWS says it."""
    with stack.answering("lambda", "GetEventSourceMapping", LastProcessingResult=result):
        (finding,) = stack.findings()
    assert (finding.check, finding.found) == ("mapping-result", f"LastProcessingResult {result}")


@pytest.mark.parametrize("result", ["OK", "No records processed"])
def test_no_problem(stack: DeployedStack, result: str) -> None:
    """After a batch without a problem, and before the first batch, there is nothing to find."""
    with stack.answering("lambda", "GetEventSourceMapping", LastProcessingResult=result):
        assert stack.findings() == []


def test_enabled_and_disabled_in_the_template(stack: DeployedStack) -> None:
    """A mapping that runs although the template disables it differs."""
    written = stack.template.read_text(encoding="utf-8")
    stack.template.write_text(written.replace("BatchSize: 100", "BatchSize: 100\n            Enabled: false"))
    (finding,) = stack.findings()
    assert (finding.check, finding.found, finding.expected) == ("mapping-differs", "Enabled True", "Enabled False")
    assert f"--uuid {stack.ids['RouterChanges']} --no-enabled; " in finding.remedy


def test_deleted(stack: DeployedStack) -> None:
    """A mapping that was deleted beside the stack is found, by the stack and by the function."""
    stack.client("lambda").delete_event_source_mapping(UUID=stack.ids["RouterChanges"])
    assert [each.check for each in stack.findings()] == ["mapping-missing"]
    assert [each.check for each in stack.findings_by_function()] == ["mapping-missing"]
