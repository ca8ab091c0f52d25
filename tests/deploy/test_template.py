"""template.yaml: findings of linters before and after SAM's transformation, and its promises.

Linters do not check a function's events until SAM's translator has made event source mappings of them.
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
from router import Dispatcher, Insert, MemoryParking, Metrics, Reject, Routes
from router.local.cloudformation.template import read_template
from router.local.event_source_mapping import MappingSettings
from tests.builders import batch, insert
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
    ("AWS/SQS", "QueueName"): "ApproximateNumberOfMessagesVisible ApproximateAgeOfOldestMessage",
}

Resources = dict[str, dict[str, Any]]
Metric = tuple[str, str, str]
"""Namespace, dimension and name."""


class _NoManagedPolicies:
    """Stands in for the loader of managed policies: the template names them by their ARNs."""

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
    """The resources as SAM gives them to CloudFormation."""
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


class TestSnapStart:
    def test_it_is_off_unless_a_parameter_asks_for_it(self, resources: Resources) -> None:
        """Snapshots cost money, so the default has none."""
        assert resources["Router"]["Properties"]["SnapStart"] == {"ApplyOn": {"Ref": "SnapStart"}}
        assert yaml_parse(WRITTEN)["Parameters"]["SnapStart"]["Default"] == "None"

    def test_with_the_alias_the_mapping_invokes_a_published_version(self) -> None:
        """Only versions have snapshots: the two lines that are comments make the mapping invoke the latest one."""
        written = re.sub(r"# (AutoPublishAlias)", r"\1", WRITTEN)
        template = translated(written)
        alias = template["Resources"][template["Resources"]["RouterChanges"]["Properties"]["FunctionName"]["Ref"]]
        version, _ = alias["Properties"]["FunctionVersion"]["Fn::GetAtt"]
        assert (alias["Type"], template["Resources"][version]["Type"]) == ("AWS::Lambda::Alias", "AWS::Lambda::Version")
        assert lint(json.dumps(template)) == []


class TestLinters:
    def test_cfn_lint_has_no_findings(self) -> None:
        """cfn-lint has no findings in the template."""
        assert lint(WRITTEN) == []

    def test_cfn_lint_has_no_findings_after_the_transformation(self) -> None:
        """cfn-lint has no findings in the template after SAM's transformation."""
        assert lint(json.dumps(translated(WRITTEN))) == []

    def test_a_wrong_setting_of_the_mapping_is_found(self) -> None:
        """cfn-lint finds a wrong setting of the mapping only after the transformation."""
        wrong = WRITTEN.replace("BatchSize: 100", "BatchSize: 20000")
        assert lint(wrong) == []
        assert [match.rule.id for match in lint(json.dumps(translated(wrong)))] == ["E3034"]

    def test_sam_has_no_findings(self, real: None) -> None:
        """`sam validate --lint` of the SAM CLI that builds has no findings."""
        sam = ROOT / ".venv-sam" / "bin" / "sam"
        if not sam.exists():
            missing("there is no SAM in .venv-sam: make build")
        environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1"}
        command = [str(sam), "validate", "--lint", "--template", str(TEMPLATE)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


class TestPolicies:
    def test_no_statement_allows_everything(self, resources: Resources) -> None:
        """No statement allows every resource or every action of a service."""
        allowed = [each for each in statements(resources) if each["Effect"] == "Allow" and "Principal" not in each]
        assert len(allowed) >= 8
        for statement in allowed:
            assert "*" not in as_list(statement["Resource"])
            assert not [action for action in as_list(statement["Action"]) if "*" in action]

    def test_resources_are_of_this_stack(self, resources: Resources) -> None:
        """Statements name resources by reference, so that they mean this stack."""
        for statement in statements(resources):
            for resource in as_list(statement.get("Resource", [])):
                assert set(resource) <= {"Fn::GetAtt", "Fn::Sub"}

    def test_the_function_may_only_send_to_the_parking_queue(self, resources: Resources) -> None:
        """The function may not read the parking queue."""
        found = [
            each
            for each in statements(resources)
            if str(each["Action"]).startswith("sqs:") and each["Effect"] == "Allow"
        ]
        assert [(each["Action"], each["Resource"]) for each in found] == [
            ("sqs:SendMessage", {"Fn::GetAtt": ["ParkedRecords", "Arn"]})
        ]

    def test_failed_records_stay_in_this_account(self, resources: Resources) -> None:
        """The role may not write to a bucket of another account that has taken the name of a deleted one."""
        found = [each for each in statements(resources) if "s3:" in str(each["Action"]) and each["Effect"] == "Allow"]
        assert len(found) == 2
        for statement in found:
            assert statement["Condition"] == {"StringEquals": {"s3:ResourceAccount": {"Ref": "AWS::AccountId"}}}

    def test_the_role_may_write_traces_only_if_traced(self, resources: Resources) -> None:
        """The role has X-Ray's policy only if the parameter Tracing is Active."""
        condition, traced, untraced = resources["RouterRole"]["Properties"]["ManagedPolicyArns"]["Fn::If"]
        assert (condition, untraced) == ("Traced", {"Ref": "AWS::NoValue"})
        assert [each["Fn::Sub"].rpartition("/")[2] for each in traced] == ["AWSXRayDaemonWriteAccess"]


class TestTheMapping:
    def test_one_bad_record_costs_one_record(self, mapping: dict[str, Any]) -> None:
        """A bad record is reported alone, found by bisecting if the function dies, and discarded in the end."""
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert 60 <= mapping["MaximumRecordAgeInSeconds"] < 86_400  # the stream keeps records for a day
        assert mapping["MaximumRetryAttempts"] > 0

    def test_discarded_records_go_to_a_bucket(self, mapping: dict[str, Any], resources: Resources) -> None:
        """Discarded records go to a bucket, because a queue or a topic gets only their numbers."""
        destination, attribute = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"]
        assert (resources[destination]["Type"], attribute) == ("AWS::S3::Bucket", "Arn")

    def test_each_setting_that_is_not_a_default_has_a_reason(self) -> None:
        """A setting that differs from AWS's default has a comment beside it or above its group."""
        given, default = read_template(TEMPLATE).function().settings, MappingSettings()
        changed = [
            each.name
            for each in fields(given)
            if each.compare and getattr(given, each.name) != getattr(default, each.name)
        ]
        assert len(changed) >= 7
        assert [name for name in changed if not explained(camel(name))] == []


class TestParking:
    def test_the_function_has_the_queues_url(self, resources: Resources) -> None:
        """The function has the queue's URL in the variable that handlers/wiring.py reads."""
        variables = resources["Router"]["Properties"]["Environment"]["Variables"]
        assert variables["PARKING_QUEUE"] == {"Ref": "ParkedRecords"}
        assert "PARKING_QUEUE" in (ROOT / "handlers" / "wiring.py").read_text(encoding="utf-8")

    @pytest.mark.parametrize("name", ["ParkedRecords", "ParkedDeadLetters"])
    def test_queues_are_encrypted_and_keep_items_for_14_days(self, resources: Resources, name: str) -> None:
        """Queues are encrypted, keep items as long as possible and outlive the stack, like the bucket."""
        queue = resources[name]
        assert queue["DeletionPolicy"] == "Retain"
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert queue["Properties"]["SqsManagedSseEnabled"] is True

    def test_the_parking_queue_has_a_dead_letter_queue(self, resources: Resources) -> None:
        """A parked record moves to the dead-letter queue after more than one attempt."""
        policy = resources["ParkedRecords"]["Properties"]["RedrivePolicy"]
        assert policy["deadLetterTargetArn"] == {"Fn::GetAtt": ["ParkedDeadLetters", "Arn"]}
        assert policy["maxReceiveCount"] > 1


class TestAlarms:
    def test_there_is_one_for_each_kind_of_loss(self, resources: Resources) -> None:
        """There are alarms for late, failing, parked, discarded and lost records."""
        names = {alarm["MetricName"] for alarm in alarms(resources)}
        assert names == {
            "IteratorAge",
            "Errors",
            "ApproximateNumberOfMessagesVisible",
            "OnFailureDestinationDeliveredEventCount",
            "DroppedEventCount",
        }

    def test_the_iterator_age_alarms_before_records_are_discarded(
        self, resources: Resources, mapping: dict[str, Any]
    ) -> None:
        """The alarm on the iterator age comes long before records are discarded."""
        (age,) = (alarm for alarm in alarms(resources) if alarm["MetricName"] == "IteratorAge")
        assert (
            age["Threshold"] / 1000 + age["Period"] * age["EvaluationPeriods"]
            <= mapping["MaximumRecordAgeInSeconds"] / 2
        )

    def test_all_notify_the_topic_if_there_is_one(self, resources: Resources) -> None:
        """Every alarm notifies the topic when it starts and when it ends."""
        notified = {"Fn::If": ["Notified", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
        assert all(alarm["AlarmActions"] == alarm["OKActions"] == notified for alarm in alarms(resources))

    def test_all_are_on_the_dashboard(self, resources: Resources, dashboard: dict[str, Any]) -> None:
        """The dashboard shows every alarm."""
        made = {f"${{{name}.Arn}}" for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
        (shown,) = (each["properties"]["alarms"] for each in dashboard["widgets"] if each["type"] == "alarm")
        assert set(shown) == made


class TestMetrics:
    def test_alarms_and_the_dashboard_use_existing_metrics_of_aws(
        self, resources: Resources, dashboard: dict[str, Any]
    ) -> None:
        """Namespaces and dimensions of AWS's metrics exist: a metric with a wrong name stays empty."""
        alarmed = [(each["Namespace"], each["Dimensions"][0]["Name"], each["MetricName"]) for each in alarms(resources)]
        used = [*alarmed, *(each for each in shown(dashboard) if each[0] != "Shop")]
        assert [each for each in used if each[2] not in AWS_METRICS.get(each[:2], "").split()] == []

    def test_the_dashboard_uses_metrics_that_the_router_writes(
        self, dashboard: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Metrics of the router on the dashboard have the dimensions with which it writes them."""
        monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
        app = Dispatcher(orders.routes, messages.routes, metrics=Metrics("Shop", service="shop"))
        app(json.loads((ROOT / "tests/events/order-lifecycle.json").read_text(encoding="utf-8")), None)
        failing = Dispatcher(failures(), parking=MemoryParking(), metrics=Metrics("Shop", service="shop"))
        failing(batch(insert(1, entity="Bad"), insert(2, entity="Late")), None)
        written = written_metrics(capsys.readouterr().out)
        ours = [(frozenset({dimension}), name) for space, dimension, name in shown(dashboard) if space == "Shop"]
        assert {"RecordAge", "Parked", "Failed", "Deferred"} <= {name for _, name in ours}
        assert set(ours) <= written
        expressions = WRITTEN.replace('\\"', '"')
        searched = re.findall(r"SEARCH\('\{Shop,(\w+),(\w+)\} .*MetricName=\"(\w+)\"", expressions)
        assert {"Records", "Failed", "Parked"} == {name for *_, name in searched}
        assert {(frozenset(dimensions), name) for *dimensions, name in searched} <= written

    def test_expressions_use_metrics_of_their_widget(self, dashboard: dict[str, Any]) -> None:
        """An expression adds metrics that its widget has, by their IDs."""
        for widget in dashboard["widgets"]:
            options = [row[-1] for row in widget["properties"].get("metrics", ()) if isinstance(row[-1], dict)]
            sums = [each["expression"] for each in options if "SEARCH" not in each.get("expression", "SEARCH")]
            ids = {each["id"] for each in options if "id" in each}
            assert {name for each in sums for name in each.split(" + ")} == ids

    def test_widgets_do_not_overlap(self, dashboard: dict[str, Any]) -> None:
        """Each place of the dashboard's grid of 24 columns has one widget."""
        places = [
            (column, row)
            for each in dashboard["widgets"]
            for column in range(each["x"], each["x"] + each["width"])
            for row in range(each["y"], each["y"] + each["height"])
        ]
        assert len(places) == len(set(places))
        assert {column for column, _ in places} == set(range(24))

    def test_the_mapping_publishes_the_metrics_of_the_alarms(self, mapping: dict[str, Any]) -> None:
        """The mapping publishes EventCount, without which its metrics have no data."""
        assert mapping["MetricsConfig"] == {"Metrics": ["EventCount"]}


def failures() -> Routes:
    """Routes that park a record and fail at one."""
    routes = Routes()

    @routes.on_insert(dict, entity="Bad")
    def refuse(change: Insert[dict[str, Any]]) -> None:
        raise Reject("of a test")

    @routes.on_insert(dict, entity="Late")
    def fail(change: Insert[dict[str, Any]]) -> None:
        raise TimeoutError

    return routes


def written_metrics(output: str) -> set[tuple[frozenset[str], str]]:
    """The metrics in lines of the embedded metric format, each with the names of its dimensions."""
    return {
        (frozenset(described["Dimensions"][0]), metric["Name"])
        for line in output.splitlines()
        if '"_aws"' in line
        for described in json.loads(line)["_aws"]["CloudWatchMetrics"]
        for metric in described["Metrics"]
    }


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
    """The metrics of a dashboard, where `.` repeats the value above and `...` the whole row above."""
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
