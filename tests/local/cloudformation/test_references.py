"""``router.local.cloudformation.references``: values of ``Ref`` and ``Fn::GetAtt``."""

from __future__ import annotations

from typing import Any

import pytest

from router.local.cloudformation.intrinsics import StreamOf, Unknown, resolve
from router.local.cloudformation.references import function_name

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Flag": {"Type": "String", "Default": True},
        "Path": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/size"},
        "Ids": {"Type": "List<AWS::EC2::Subnet::Id>", "Default": "a,b"},
    },
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": {"TableName": {"Fn::Sub": "${Stage}-shop"}}},
        "Unnamed": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::ImportValue": "x"}}},
        "One": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Ref": "Other"}}},
        "Other": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Ref": "One"}}},
        "Fn": {"Type": "AWS::Serverless::Function"},
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Fn"}, "Name": "live"}},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Clicks": {"Type": "AWS::Kinesis::Stream"},
        "Orders": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "placed"}},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
        "Lake": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {"DeliveryStreamName": "lake"}},
        "Size": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/shop/size"}},
        "Nested": {"Type": "AWS::CloudFormation::Stack"},
        "List": {"Type": "AWS::S3::Bucket", "Properties": ["no mapping"]},
    },
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Flag"}, True),
        ({"Ref": "Path"}, Unknown("!Ref Path")),
        ({"Ref": "Ids"}, ["a", "b"]),
        ({"Ref": "Table"}, "dev-shop"),
        ({"Ref": "Unnamed"}, "Unnamed"),
        ({"Ref": "One"}, "One"),
        ({"Ref": "List"}, "List"),
        ({"Ref": "Live"}, "arn:aws:lambda:us-east-1:123456789012:function:Fn:1"),
        ({"Ref": "Fn.Alias"}, "arn:aws:lambda:us-east-1:123456789012:function:Fn:1"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:aws:dynamodb:us-east-1:123456789012:table/dev-shop"),
        ({"Fn::GetAtt": ["Table", "StreamArn"]}, StreamOf("Table")),
        ({"Fn::GetAtt": "Clicks.Arn"}, "arn:aws:kinesis:us-east-1:123456789012:stream/Clicks"),
        ({"Fn::GetAtt": "Orders.Arn"}, "arn:aws:kinesis:us-east-1:123456789012:stream/placed"),
        ({"Ref": "Bus"}, "shop"),
        ({"Fn::GetAtt": "Bus.Name"}, "shop"),
        ({"Fn::GetAtt": "Bus.Arn"}, "arn:aws:events:us-east-1:123456789012:event-bus/shop"),
        ({"Fn::GetAtt": "Lake.Arn"}, "arn:aws:firehose:us-east-1:123456789012:deliverystream/lake"),
        ({"Fn::GetAtt": "Size.Name"}, Unknown("!GetAtt Size.Name")),
        ({"Fn::GetAtt": "Queue.QueueUrl"}, "https://sqs.us-east-1.amazonaws.com/123456789012/Queue"),
        ({"Fn::GetAtt": "Nested.Outputs.StreamArn"}, Unknown("!GetAtt Nested.Outputs.StreamArn")),
    ],
)
def test_a_reference_has_the_value_that_the_template_determines(value: Any, expected: Any) -> None:
    """A parameter of Systems Manager is unknown: its default is only the parameter's name."""
    assert resolve(value, TEMPLATE) == expected


@pytest.mark.parametrize(
    "written",
    [
        "worker",
        "worker:live",
        "111122223333:function:worker",
        "arn:aws:lambda:eu-west-1:111122223333:function:worker",
        "arn:aws:lambda:eu-west-1:111122223333:function:worker:7",
    ],
)
def test_a_function_is_named_in_every_form_that_lambda_takes(written: str) -> None:
    """A version or an alias is no part of the name."""
    assert function_name(written) == "worker"
