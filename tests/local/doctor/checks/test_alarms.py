"""The alarms, beside those of the template."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.local.doctor.stacks import DeployedStack, deploy
from tests.ministack import Ministack


def put(stack: DeployedStack, title: str, **changed: Any) -> None:
    """Change an alarm beside the stack."""
    client, name = stack.client("cloudwatch"), stack.ids[title]
    (alarm,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    kept = ("Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods", "Threshold")
    more = ("ComparisonOperator", "TreatMissingData", "DatapointsToAlarm")
    given = {key: alarm[key] for key in (*kept, *more) if alarm.get(key) is not None}
    client.put_metric_alarm(AlarmName=name, **{**given, **changed})
    client.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="of a test")


@pytest.mark.parametrize("title", ["IteratorAgeAlarm", "ParkedRecordsAlarm", "LostRecordsAlarm"])
def test_raised(stack: DeployedStack, title: str) -> None:
    """An alarm that is raised is an error, found by the stack and by the function; the page has a section for it."""
    client = stack.client("cloudwatch")
    client.set_alarm_state(AlarmName=stack.ids[title], StateValue="ALARM", StateReason="of a test")
    (finding,) = stack.findings()
    assert (finding.check, finding.severity, finding.where) == ("alarm-raised", "error", f"alarm {title}")
    assert finding.found.startswith(f"ALARM since {datetime.now(UTC):%Y-%m-%d %H}")
    (alarm,) = client.describe_alarms(AlarmNames=[stack.ids[title]])["MetricAlarms"]
    assert finding.remedy == f"{alarm['AlarmDescription']} The runbook, docs/operate.md: {title}"
    assert [each.where for each in stack.findings_by_function()] == [f"alarm {title}"]
    assert [each.check for each in stack.findings(template=False)] == ["alarm-raised"]


def test_without_data(stack: DeployedStack) -> None:
    """An alarm without data is a note."""
    client = stack.client("cloudwatch")
    client.set_alarm_state(AlarmName=stack.ids["ErrorsAlarm"], StateValue="INSUFFICIENT_DATA", StateReason="of a test")
    (finding,) = stack.findings()
    assert (finding.check, finding.severity, finding.where) == ("alarm-without-data", "note", "alarm ErrorsAlarm")


def test_deleted(stack: DeployedStack) -> None:
    """An alarm that was deleted beside the stack is found, by the stack and by the function."""
    stack.client("cloudwatch").delete_alarms(AlarmNames=[stack.ids["ParkedDeadLettersAlarm"]])
    for findings in (stack.findings(), stack.findings_by_function()):
        assert [(each.check, each.where) for each in findings] == [("alarm-missing", "alarm ParkedDeadLettersAlarm")]


def test_switched_off(stack: DeployedStack) -> None:
    """An alarm whose actions are switched off sends no notification."""
    topic = "arn:aws:sns:us-east-1:000000000000:night"
    put(stack, "ErrorsAlarm", AlarmActions=[topic], ActionsEnabled=False)
    (finding,) = stack.findings()
    assert (finding.check, finding.found) == ("alarm-silent", "ActionsEnabled false")


def test_no_notification(ministack: Ministack, tmp_path: Path) -> None:
    """An alarm that should notify a topic, and has no action, differs from the template."""
    topic = "arn:aws:sns:us-east-1:000000000000:night"
    stack = deploy(ministack, tmp_path / "template.yaml", AlarmTopic=topic)
    assert stack.findings() == []
    put(stack, "ErrorsAlarm")
    assert [(each.check, each.found) for each in stack.findings()] == [("alarm-differs", "no AlarmActions")]


def test_other_threshold(stack: DeployedStack) -> None:
    """Another threshold than the template's is found."""
    put(stack, "IteratorAgeAlarm", Threshold=7_200_000)
    (finding,) = stack.findings()
    assert (finding.check, finding.found, finding.expected) == (
        "alarm-differs",
        "Threshold 7200000.0",
        "Threshold 900000",
    )
