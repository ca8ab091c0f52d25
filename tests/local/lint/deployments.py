"""A correct deployment, its parts that tests replace, and its app."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from router import (
    Dispatcher,
    Insert,
    Modify,
    Remove,
    Routes,
    changed,
)
from router.local.lint import Finding

GOOD = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: shop.app
      Timeout: 60
      Environment: {Variables: {ORDERS: !Ref Orders}}
      Policies:
        - DynamoDBReadPolicy: {TableName: !Ref Orders}
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: TRIM_HORIZON
            FunctionResponseTypes: [ReportBatchItemFailures]
            BisectBatchOnFunctionError: true
            MaximumRecordAgeInSeconds: 3600
            MaximumRetryAttempts: 1000
            DestinationConfig: {OnFailure: {Type: S3, Destination: !GetAtt Failed.Arn}}
  Failed: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}
  Topic: {Type: AWS::SNS::Topic}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "/aws/lambda/${Fn}", RetentionInDays: 30}}
"""


ROLE = """
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]
      Policies:
        - PolicyName: all
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: ["sqs:SendMessage"], Resource: !GetAtt Queue.Arn}
"""


class Order(BaseModel):
    pk: str
    status: str = "NEW"
    expires_at: int | None = None


def shop(**options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None: ...

    @routes.on_modify(Order, changed("status", to="SHIPPED"))
    def ship(change: Modify[Order]) -> None: ...

    @routes.on_remove(Order, cause="ttl")
    def expire(change: Remove[Order]) -> None: ...

    return Dispatcher(routes, **options)


SETTINGS = "            StartingPosition: TRIM_HORIZON\n"


BISECT = "            BisectBatchOnFunctionError: true\n"


REPORTS = "            FunctionResponseTypes: [ReportBatchItemFailures]\n"


AGE = "            MaximumRecordAgeInSeconds: 3600\n"


ATTEMPTS = "            MaximumRetryAttempts: 1000\n"


DESTINATION = "            DestinationConfig: {OnFailure: {Type: S3, Destination: !GetAtt Failed.Arn}}\n"


VIEW = "StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}"


TTL = "      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}\n"


POLICY = "DynamoDBReadPolicy: {TableName: !Ref Orders}"


Check = Callable[..., list[Finding]]


def ids(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def line_of(finding: Finding) -> str:
    """The text of the line that a finding names."""
    path, _, line = finding.place.rpartition(":")
    return Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip()
