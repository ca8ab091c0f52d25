"""template.yaml: what linters say of it, before and after SAM has rewritten it, and what it promises.

Linters do not see into a function's events before SAM's translator has made an event source mapping of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]  # it has no types
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]  # as above
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # as above

from handlers import messages, orders
from router import Dispatcher, Metrics
from router.local.cloudformation.template import read_template
from router.local.event_source_mapping import MappingSettings
from tests.real import missing

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
WRITTEN = TEMPLATE.read_text(encoding="utf-8")

# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
AWS_METRICS = {
    ("AWS/Lambda", "FunctionName"): "Invocations Errors Throttles Duration ConcurrentExecutions IteratorAge",
    ("AWS/Lambda", "EventSourceMappingUUID"): "PolledEventCount FilteredOutEventCount InvokedEventCount "
    "FailedInvokeEventCount DroppedEventCount OnFailureDestinationDeliveredEventCount",
    ("AWS/SQS", "QueueName"): "ApproximateNumberOfMessagesVisible",
}

Resources = dict[str, dict[str, Any]]
Metric = tuple[str, str, str]
"""Namespace, dimension and name."""


class _NoManagedPolicies:
    """The translator asks for the ARNs of managed policies that are written by their names alone."""

    def load(self) -> dict[str, str]:
        return {}


def translated(written: str) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        # Where the code is, only `sam package` knows.
        source = yaml_parse(written.replace("CodeUri: handlers/", "CodeUri: s3://bucket/key"))
        policies: Any = _NoManagedPolicies()  # a class of its own is asked for, whose like this is
        template: dict[str, Any] = transform(source, {}, policies)
    return template


@pytest.fixture(scope="module")
def resources() -> Resources:
    """The resources as CloudFormation gets them from SAM."""
    found: Resources = translated(WRITTEN)["Resources"]
    return found


@pytest.fixture(scope="module")
def mapping(resources: Resources) -> dict[str, Any]:
    found: dict[str, Any] = resources["RouterChanges"]["Properties"]
    return found


@pytest.fixture(scope="module")
def dashboard(resources: Resources) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    return found


class TestLinters:
    def test_cfn_lint_minds_nothing(self) -> None:
        """As it is written."""
        assert lint(WRITTEN) == []

    def test_cfn_lint_minds_nothing_of_the_event_source_mapping(self) -> None:
        """As SAM rewrites it, which is what CloudFormation sees."""
        assert lint(json.dumps(translated(WRITTEN))) == []

    def test_a_wrong_setting_of_the_mapping_would_be_found(self) -> None:
        """Only in the rewritten form: the test above looks where it has to."""
        wrong = WRITTEN.replace("BatchSize: 100", "BatchSize: 20000")
        assert lint(wrong) == []
        assert [match.rule.id for match in lint(json.dumps(translated(wrong)))] == ["E3034"]

    def test_sam_minds_nothing(self, real: None) -> None:
        """`sam validate --lint`, with the SAM that builds."""
        sam = ROOT / ".venv-sam" / "bin" / "sam"
        if not sam.exists():
            missing("there is no SAM in .venv-sam: make build")
        environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1"}
        command = [str(sam), "validate", "--lint", "--template", str(TEMPLATE)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


class TestPolicies:
    def test_no_statement_allows_everything(self, resources: Resources) -> None:
        """Neither every resource nor every action of a service."""
        allowed = [each for each in statements(resources) if each["Effect"] == "Allow" and "Principal" not in each]
        assert len(allowed) >= 8
        for statement in allowed:
            assert "*" not in as_list(statement["Resource"])
            assert not [action for action in as_list(statement["Action"]) if "*" in action]

    def test_resources_are_of_this_stack(self, resources: Resources) -> None:
        """Each is named by a reference, so that no other stack's can be meant."""
        for statement in statements(resources):
            for resource in as_list(statement.get("Resource", [])):
                assert set(resource) <= {"Fn::GetAtt", "Fn::Sub"}

    def test_the_function_may_only_send_to_the_parking_queue(self, resources: Resources) -> None:
        """It need not read what it parked."""
        found = [
            each
            for each in statements(resources)
            if str(each["Action"]).startswith("sqs:") and each["Effect"] == "Allow"
        ]
        assert [(each["Action"], each["Resource"]) for each in found] == [
            ("sqs:SendMessage", {"Fn::GetAtt": ["ParkedRecords", "Arn"]})
        ]

    def test_the_role_lets_traces_be_written_only_where_there_are_some(self, resources: Resources) -> None:
        """X-Ray's policy comes with the parameter Tracing."""
        condition, traced, untraced = resources["RouterRole"]["Properties"]["ManagedPolicyArns"]["Fn::If"]
        assert (condition, untraced) == ("Traced", {"Ref": "AWS::NoValue"})
        assert [each["Fn::Sub"].rpartition("/")[2] for each in traced] == ["AWSXRayDaemonWriteAccess"]


class TestTheMapping:
    def test_one_bad_record_costs_one_record(self, mapping: dict[str, Any]) -> None:
        """It is reported alone, found by halving if the function dies, and given up in the end."""
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert 60 <= mapping["MaximumRecordAgeInSeconds"] < 86_400  # the stream keeps records for a day
        assert mapping["MaximumRetryAttempts"] > 0

    def test_what_is_given_up_goes_where_the_records_are_kept(
        self, mapping: dict[str, Any], resources: Resources
    ) -> None:
        """A queue or a topic would be told their numbers only."""
        destination, attribute = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"]
        assert (resources[destination]["Type"], attribute) == ("AWS::S3::Bucket", "Arn")

    def test_each_setting_that_is_not_awss_says_why(self) -> None:
        """In a comment beside it, or above it and those that it belongs to."""
        given, default = read_template(TEMPLATE).function().settings, MappingSettings()
        changed = [
            each.name
            for each in fields(given)
            if each.compare and getattr(given, each.name) != getattr(default, each.name)
        ]
        assert len(changed) >= 7
        assert [name for name in changed if not explained(camel(name))] == []


class TestParking:
    def test_the_function_is_told_the_queue(self, resources: Resources) -> None:
        """By the variable that handlers/wiring.py reads."""
        variables = resources["Router"]["Properties"]["Environment"]["Variables"]
        assert variables["PARKING_QUEUE"] == {"Ref": "ParkedRecords"}
        assert "PARKING_QUEUE" in (ROOT / "handlers" / "wiring.py").read_text(encoding="utf-8")

    @pytest.mark.parametrize("name", ["ParkedRecords", "ParkedDeadLetters"])
    def test_queues_keep_items_as_long_as_they_can_and_encrypted(self, resources: Resources, name: str) -> None:
        """And outlive the stack, as the bucket of failed records does."""
        queue = resources[name]
        assert queue["DeletionPolicy"] == "Retain"
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert queue["Properties"]["SqsManagedSseEnabled"] is True

    def test_what_cannot_be_redriven_goes_to_dead_letters(self, resources: Resources) -> None:
        """After more tries than one."""
        policy = resources["ParkedRecords"]["Properties"]["RedrivePolicy"]
        assert policy["deadLetterTargetArn"] == {"Fn::GetAtt": ["ParkedDeadLetters", "Arn"]}
        assert policy["maxReceiveCount"] > 1


class TestAlarms:
    def test_there_is_one_for_each_way_to_lose_time_or_records(self, resources: Resources) -> None:
        """Late, dying, parked, given up, lost."""
        names = {alarm["MetricName"] for alarm in alarms(resources)}
        assert names == {
            "IteratorAge",
            "Errors",
            "ApproximateNumberOfMessagesVisible",
            "OnFailureDestinationDeliveredEventCount",
            "DroppedEventCount",
        }

    def test_changes_that_wait_are_told_before_they_are_given_up(
        self, resources: Resources, mapping: dict[str, Any]
    ) -> None:
        """With time left to do something about it."""
        (age,) = (alarm for alarm in alarms(resources) if alarm["MetricName"] == "IteratorAge")
        assert (
            age["Threshold"] / 1000 + age["Period"] * age["EvaluationPeriods"]
            <= mapping["MaximumRecordAgeInSeconds"] / 2
        )

    def test_all_notify_the_topic_if_there_is_one(self, resources: Resources) -> None:
        """When they go off, and when it is over."""
        notified = {"Fn::If": ["Notified", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
        assert all(alarm["AlarmActions"] == alarm["OKActions"] == notified for alarm in alarms(resources))

    def test_all_are_on_the_dashboard(self, resources: Resources, dashboard: dict[str, Any]) -> None:
        """Without a topic that is where they are seen."""
        made = {f"${{{name}.Arn}}" for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
        (shown,) = (each["properties"]["alarms"] for each in dashboard["widgets"] if each["type"] == "alarm")
        assert set(shown) == made


class TestMetrics:
    def test_alarms_and_the_dashboard_use_metrics_of_aws_that_there_are(
        self, resources: Resources, dashboard: dict[str, Any]
    ) -> None:
        """By their namespaces and dimensions; a wrong name would stay empty for ever."""
        alarmed = [(each["Namespace"], each["Dimensions"][0]["Name"], each["MetricName"]) for each in alarms(resources)]
        used = [*alarmed, *(each for each in shown(dashboard) if each[0] != "Shop")]
        assert [each for each in used if each[2] not in AWS_METRICS.get(each[:2], "").split()] == []

    def test_the_dashboard_uses_metrics_that_the_router_writes(
        self, dashboard: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the dimensions that it writes them with."""
        monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
        app = Dispatcher(orders.routes, messages.routes, metrics=Metrics("Shop", service="shop"))
        app(json.loads((ROOT / "tests/events/order-lifecycle.json").read_text(encoding="utf-8")), None)
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        written = {
            (frozenset(described["Dimensions"][0]), metric["Name"])
            for line in lines
            for described in line["_aws"]["CloudWatchMetrics"]
            for metric in described["Metrics"]
        }
        ours = [(frozenset({dimension}), name) for space, dimension, name in shown(dashboard) if space == "Shop"]
        assert ours
        assert set(ours) <= written
        expressions = WRITTEN.replace('\\"', '"')
        searched = re.findall(r"SEARCH\('\{Shop,(\w+),(\w+)\} .*MetricName=\"(\w+)\"", expressions)
        assert searched
        assert {frozenset(dimensions) for *dimensions, _ in searched} <= {dimensions for dimensions, _ in written}

    def test_the_mapping_counts_what_alarms_go_by(self, mapping: dict[str, Any]) -> None:
        """Without EventCount none of its metrics has data."""
        assert mapping["MetricsConfig"] == {"Metrics": ["EventCount"]}


def statements(resources: Resources) -> Iterator[dict[str, Any]]:
    for resource in resources.values():
        properties = resource["Properties"]
        for policy in (properties, *properties.get("Policies", ())):
            yield from policy.get("PolicyDocument", {}).get("Statement", ())


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def alarms(resources: Resources) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]


def shown(dashboard: dict[str, Any]) -> Iterator[Metric]:
    """The metrics of a dashboard, where `.` is what stands above and `...` all of it."""
    for widget in dashboard["widgets"]:
        above: list[str] = []
        for row in widget["properties"].get("metrics", ()):
            names = [each for each in row if isinstance(each, str)]
            if not names:
                continue  # an expression
            if names[0] == "...":
                names = [*above[: 4 - len(names) + 1], *names[1:]]
            above = [above[place] if name == "." else name for place, name in enumerate(names)]
            yield above[0], above[2], above[1]


def camel(name: str) -> str:
    return name.title().replace("_", "")


def explained(setting: str) -> bool:
    lines = WRITTEN.splitlines()
    place = next(number for number, line in enumerate(lines) if line.strip().startswith(f"{setting}:"))
    start = lines[place].index(setting)
    block = [lines[place], *(line for line in lines[place + 1 :][:4] if line.startswith(" " * (start + 1)))]
    if any(" # " in line for line in block):
        return True
    above = lines[place - 1].strip()
    return above.startswith("#") or (" # " not in above and bool(above) and explained(above.partition(":")[0]))
