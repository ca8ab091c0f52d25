"""The function and its mappings are found in stacks of other forms than the example's."""

import json
from pathlib import Path

import pytest

from router.local.cloudformation.resources import TemplateError
from router.local.doctor import by_function, by_stack, examine
from router.local.doctor.aws import NoAccessError
from tests.deploy.test_template import translated
from tests.local.doctor.stacks import DeployedStack, deploy, written
from tests.ministack import Ministack

QUEUE = """        Retries:
          Type: SQS
          Properties:
            Queue: !GetAtt Redriven.Arn
            BatchSize: 5
            FunctionResponseTypes: [ReportBatchItemFailures]
"""
MORE = """  Redriven:
    Type: AWS::SQS::Queue
  Other:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://code/handlers.zip
      Handler: handlers.app
      Runtime: python3.13
      Role: !GetAtt RouterRole.Arn
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Shop.StreamArn
            StartingPosition: TRIM_HORIZON
"""


def several() -> str:
    """The example with a second mapping of its function, and a second function."""
    text = written().replace("      Events:\n", f"      Events:\n{QUEUE}", 1)
    return text.replace("Resources:\n", f"Resources:\n{MORE}", 1)


@pytest.fixture
def two(ministack: Ministack, tmp_path: Path) -> DeployedStack:
    """A stack with two functions, one of which has two mappings."""
    return deploy(ministack, tmp_path / "template.yaml", several())


def test_plain_cloudformation(ministack: Ministack, tmp_path: Path) -> None:
    """A template without SAM, as the CDK writes it, is compared too."""
    text = written().replace("CodeUri: s3://code/handlers.zip", "CodeUri: handlers/")
    plain = json.dumps(translated(text)).replace(
        '"S3Bucket": "bucket", "S3Key": "key"', '"S3Bucket": "code", "S3Key": "handlers.zip"'
    )
    stack = deploy(ministack, tmp_path / "template.json", plain)
    assert (stack.findings(), stack.findings_by_function()) == ([], [])
    stack.update_mapping(BatchSize=7)
    (finding,) = stack.findings()
    assert (finding.where, finding.found) == (f"mapping RouterChanges ({stack.ids['RouterChanges']})", "BatchSize 7")


def test_several_mappings(two: DeployedStack) -> None:
    """Each mapping of a function is compared with its own declaration, also that of a queue."""
    aws, client = two.server.aws, two.client("lambda")
    assert examine(by_stack(aws, two.name, two.template, "Router")) == []
    assert two.findings_by_function() == []
    client.update_event_source_mapping(UUID=two.ids["RouterRetries"], BatchSize=6)
    for findings in (examine(by_stack(aws, two.name, two.template, "Router")), two.findings_by_function()):
        assert [(each.where, each.found, each.expected) for each in findings] == [
            (f"mapping Router.Retries ({two.ids['RouterRetries']})", "BatchSize 6", "BatchSize 5")
        ]


def test_several_functions(two: DeployedStack) -> None:
    """Of several functions one must be named; a name that CloudFormation made tells which it is."""
    aws = two.server.aws
    with pytest.raises(TemplateError, match="found the functions Other, Router under a stream"):
        by_stack(aws, two.name, two.template, None)
    with pytest.raises(NoAccessError, match=r"found the functions \w+, \w+ in the stack .* say which with --function"):
        by_stack(aws, two.name, None, None)
    assert by_stack(aws, two.name, None, "Other").function == two.ids["Other"]
    found = by_function(aws, two.ids["Other"], two.template)
    assert (found.declared and found.declared.name, len(found.mappings)) == ("Other", 1)


def test_stack_of_another_template(stack: DeployedStack, tmp_path: Path) -> None:
    """A template whose function is not in the stack is not compared with it."""
    other = tmp_path / "other.yaml"
    other.write_text(written().replace("  Router:\n", "  Another:\n"), encoding="utf-8")
    with pytest.raises(NoAccessError, match=f"found no function Another of {other} in the stack '{stack.name}'"):
        by_stack(stack.server.aws, stack.name, other, None)


def test_stack_whose_deployment_failed(stack: DeployedStack) -> None:
    """A stack that is not as its last deployment wanted is found."""
    listed = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    with stack.answering(
        "cloudformation", "DescribeStacks", Stacks=[{**listed[0], "StackStatus": "UPDATE_ROLLBACK_COMPLETE"}]
    ):
        (finding,) = stack.findings()
    assert (finding.check, finding.found) == ("stack-state", "UPDATE_ROLLBACK_COMPLETE")


def test_hidden_parameter(stack: DeployedStack) -> None:
    """A parameter whose value CloudFormation hides has its default."""
    listed = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    hidden = [{"ParameterKey": "MemorySize", "ParameterValue": "****"}]
    with stack.answering("cloudformation", "DescribeStacks", Stacks=[{**listed[0], "Parameters": hidden}]):
        assert stack.findings() == []


def test_alias(ministack: Ministack, tmp_path: Path) -> None:
    """The version under the alias counts that the mapping invokes; metrics have the name without the alias."""
    stack = deploy(ministack, tmp_path / "template.yaml", written(alias=True))
    aws, client, name = stack.server.aws, stack.client("lambda"), stack.ids["Router"]
    client.update_function_configuration(FunctionName=name, Timeout=7)  # not published
    stack.metric("AWS/Lambda", "Throttles", 2, {"FunctionName": name})
    for deployed in (
        by_stack(aws, stack.name, stack.template, None),
        by_function(aws, name, stack.template),
        by_function(aws, f"{name}:live", stack.template),
    ):
        assert (deployed.invoked, deployed.name) == (f"{name}:live", name)
        assert [(each.check, each.found) for each in examine(deployed)] == [
            ("function-throttled", "2 throttled invocations in the last hour")
        ]


def test_function_without_alias(stack: DeployedStack) -> None:
    """Where the mapping invokes no alias, a command sets back a setting of the function; else only a deployment does."""
    stack.update_function(Timeout=7)
    (finding,) = stack.findings()
    command = f"aws lambda update-function-configuration --function-name {stack.ids['Router']} --timeout 60; or change "
    assert finding.remedy.startswith(command)
