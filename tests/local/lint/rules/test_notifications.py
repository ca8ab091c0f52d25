"""``router.local.lint.rules.notifications``: objects of which S3 notifies the function."""

from pathlib import Path

import pytest

from router import Dispatcher
from router.local.cloudformation.mappings import function_mappings
from router.local.cloudformation.resources import TemplateFile
from router.local.lint import Deployment, lint
from router.local.lint.handler_lookup import DeclaredHandler
from router.parking import S3Parking, SqsParking
from tests.local.lint.deployments import POLICY, Check, ids, shop

EVENTS = "      Events:\n"
OF_SAM = (
    EVENTS,
    EVENTS + "        Stored: {Type: S3, Properties: {Bucket: !Ref Failed, Events: 's3:ObjectCreated:*'}}\n",
)
OF_EVENT_BRIDGE = (
    EVENTS,
    EVENTS
    + "        Stored: {Type: EventBridgeRule, Properties: {Pattern: {source: [aws.s3], detail: {bucket: "
    + "{name: [!Ref Failed]}}}}}\n",
)
BUCKET = "  Failed: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}"
OF_BUCKET = (
    BUCKET,
    "  Failed: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {NotificationConfiguration: "
    "{LambdaConfigurations: [{Event: 's3:ObjectCreated:*', Function: !GetAtt Fn.Arn}]}}}",
)
ALLOWED = (POLICY, "S3ReadPolicy: {BucketName: !Ref Failed}")
STATEMENT = (
    POLICY,
    "Statement: [{Effect: Allow, Action: s3:GetObject, Resource: !Sub '${Failed.Arn}/aws/lambda/*'}]",
)


@pytest.mark.parametrize("notification", [OF_SAM, OF_EVENT_BRIDGE, OF_BUCKET])
def test_the_role_must_read_the_bucket(check: Check, notification: tuple[str, str]) -> None:
    """SAM does not add this permission."""
    (found,) = check(notification)
    assert (found.rule, found.severity) == ("objects-not-readable", "error")
    assert found.instead.splitlines()[-1] == '  Resource: !Sub "${Failed.Arn}/*"'
    assert check(notification, ALLOWED) == []
    assert check(notification, STATEMENT) == []


@pytest.mark.parametrize(
    "other",
    [
        (EVENTS, OF_SAM[1].replace("!Ref Failed", "!Ref Other")),
        (EVENTS, OF_EVENT_BRIDGE[1].replace("aws.s3", "aws.ec2")),
        (BUCKET, OF_BUCKET[1].replace("!GetAtt Fn.Arn", "!GetAtt Other.Arn")),
    ],
)
def test_another_bucket_or_function(check: Check, other: tuple[str, str]) -> None:
    """The function is not notified of this bucket."""
    assert check(other) == []


OF_QUEUE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: shop.app
      Policies: [POLICY]
      Events: {Parked: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}
  Queue: {Type: AWS::SQS::Queue}
  Failed: {Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: CONFIGURATION}}
"""
TO_QUEUE = "{QueueConfigurations: [{Event: 's3:ObjectCreated:*', Queue: !GetAtt Queue.Arn}]}"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/Queue"


@pytest.mark.parametrize(
    ("configuration", "app"),
    [(TO_QUEUE, shop()), ("{}", shop(parking=SqsParking(URL, overflow=S3Parking("Failed"))))],
)
def test_objects_named_in_a_queue(tmp_path: Path, configuration: str, app: Dispatcher) -> None:
    """A function reads those of which S3 notifies its queue, and parked records that were too big for a message."""

    def found(policy: str) -> bool:
        path = tmp_path / "template.yaml"
        path.write_text(OF_QUEUE.replace("POLICY", policy).replace("CONFIGURATION", configuration), encoding="utf-8")
        template = TemplateFile(path)
        (mapping,) = function_mappings(template, None)
        handler = DeclaredHandler("shop.app", f"{path}:6", found=app)
        findings = lint(Deployment(template, mapping, handler, app, 0.05)).findings
        return "objects-not-readable" in ids(list(findings))

    assert found("AWSLambdaBasicExecutionRole")
    assert not found("S3ReadPolicy: {BucketName: !Ref Failed}")


def test_a_function_of_the_stream_does_not_read_what_it_parks(check: Check) -> None:
    """It only puts the objects there."""
    app = shop(parking=SqsParking(URL, overflow=S3Parking("Failed")))
    statements = (
        "Statement: [{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Queue.Arn}, "
        "{Effect: Allow, Action: 's3:PutObject', Resource: !Sub '${Failed.Arn}/parked/*'}]"
    )
    assert check((POLICY, statements), app=app) == []
