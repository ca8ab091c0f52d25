"""The settings of the mapping, beside those of the template."""

from pathlib import Path
from typing import Any

import pytest

from tests.local.doctor.stacks import DeployedStack, deploy, written
from tests.ministack import Ministack


@pytest.mark.parametrize(
    ("name", "value", "found", "expected"),
    [
        ("BatchSize", 7, "BatchSize 7", "BatchSize 100"),
        ("BisectBatchOnFunctionError", False, "BisectBatchOnFunctionError False", "BisectBatchOnFunctionError True"),
        (
            "FunctionResponseTypes",
            [],
            "FunctionResponseTypes none",
            'FunctionResponseTypes ["ReportBatchItemFailures"]',
        ),
        ("MaximumBatchingWindowInSeconds", 5, "MaximumBatchingWindowInSeconds 5", "MaximumBatchingWindowInSeconds 1"),
        ("MaximumRecordAgeInSeconds", 60, "MaximumRecordAgeInSeconds 60", "MaximumRecordAgeInSeconds 3600"),
        ("MaximumRetryAttempts", 3, "MaximumRetryAttempts 3", "MaximumRetryAttempts 1000"),
        ("ParallelizationFactor", 4, "ParallelizationFactor 4", "ParallelizationFactor 2"),
    ],
)
def test_other_value(stack: DeployedStack, name: str, value: Any, found: str, expected: str) -> None:
    """A setting that was changed beside the stack is found, with the line of the template."""
    stack.update_mapping(**{name: value})
    (finding,) = stack.findings()
    assert (finding.check, finding.found, finding.expected) == ("mapping-differs", found, expected)
    line = int(finding.remedy.rpartition(":")[2])
    assert name in stack.template.read_text(encoding="utf-8").splitlines()[line - 1]


def test_setting_that_the_template_leaves_out(stack: DeployedStack) -> None:
    """A setting that the template does not have is compared with AWS's default."""
    stack.update_mapping(FilterCriteria={"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]})
    (finding,) = stack.findings()
    assert (finding.found, finding.expected) == ('FilterCriteria {"eventName": ["INSERT"]}', "FilterCriteria none")


def test_filters_in_another_layout(stack: DeployedStack) -> None:
    """Filters are compared as JSON, in any order and layout."""
    written = stack.template.read_text(encoding="utf-8")
    criteria = """
            FilterCriteria:
              Filters:
                - Pattern: '{"eventName": ["INSERT"]}'
                - Pattern: '{"eventName": ["MODIFY"], "dynamodb": {"Keys": {"pk": {"S": ["a"]}}}}'"""
    stack.template.write_text(written.replace("BatchSize: 100", f"BatchSize: 100{criteria}"), encoding="utf-8")
    patterns = ['{"dynamodb":{"Keys":{"pk":{"S":["a"]}}},"eventName":["MODIFY"]}', '{"eventName":["INSERT"]}']
    stack.update_mapping(FilterCriteria={"Filters": [{"Pattern": pattern} for pattern in patterns]})
    assert stack.findings() == []


@pytest.mark.parametrize(("destination", "name"), [("arn:aws:s3:::elsewhere", "elsewhere"), (None, "none")])
def test_other_destination(stack: DeployedStack, destination: str | None, name: str) -> None:
    """Another on-failure destination, or none, is found; the template's is that of the stack."""
    stack.client("s3").create_bucket(Bucket="elsewhere")
    stack.update_mapping(DestinationConfig={"OnFailure": {"Destination": destination} if destination else {}})
    (finding,) = stack.findings()
    assert (finding.check, finding.found) == ("mapping-differs", f"DestinationConfig {name}")
    assert finding.expected == f"DestinationConfig {stack.ids['FailedRecords']}"


def test_other_alias(ministack: Ministack, tmp_path: Path) -> None:
    """A mapping that invokes no alias, or another one than SAM publishes, differs."""
    stack = deploy(ministack, tmp_path / "template.yaml", written(alias=True))
    assert stack.findings() == []
    stack.update_mapping(FunctionName=stack.ids["Router"])
    (finding,) = stack.findings()
    assert (finding.check, finding.found, finding.expected) == (
        "mapping-differs",
        "FunctionName with no alias",
        "FunctionName with live",
    )


def test_metrics_of_the_mapping(stack: DeployedStack) -> None:
    """A mapping that should not count events, and does, differs from the template."""
    with stack.answering("lambda", "GetEventSourceMapping", MetricsConfig={"Metrics": ["EventCount"]}):
        (finding,) = stack.findings()
    assert (finding.found, finding.expected) == (
        'MetricsConfig {"Metrics": ["EventCount"]}',
        "MetricsConfig none",
    )


def test_value_that_the_template_does_not_determine(stack: DeployedStack) -> None:
    """A setting that another stack gives is not compared, and a note says so."""
    written = stack.template.read_text(encoding="utf-8")
    stack.template.write_text(
        written.replace("BatchSize: 100", "BatchSize: !ImportValue shared-size"), encoding="utf-8"
    )
    stack.update_mapping(BatchSize=7)
    (finding,) = stack.findings()
    assert (finding.check, finding.found) == ("not-compared", "BatchSize is not compared: it is !ImportValue")
