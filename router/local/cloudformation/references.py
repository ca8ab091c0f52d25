"""The values of ``Ref`` and ``Fn::GetAtt``: parameters' defaults, and made-up names and ARNs of resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from router.local.cloudformation.values import NOTHING, MadeUp, StreamOf, Unknown

__all__ = ["ACCOUNT", "STACK", "Scope", "attribute_of", "function_name", "name_property", "reference"]

ACCOUNT = "123456789012"
"""The made-up ID of the account."""

STACK = "local"
"""The made-up name of the stack."""

_PSEUDO = {
    "AWS::AccountId": MadeUp(ACCOUNT),
    "AWS::NoValue": NOTHING,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": MadeUp(f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{STACK}/1"),
    "AWS::StackName": MadeUp(STACK),
    "AWS::URLSuffix": "amazonaws.com",
}
_FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{{}}"
_TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{{}}"
# The ARNs of resources; other types have no ARN here.
_ARNS = {
    "AWS::DynamoDB::GlobalTable": _TABLE_ARN,
    "AWS::DynamoDB::Table": _TABLE_ARN,
    "AWS::Events::EventBus": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{{}}",
    "AWS::Kinesis::Stream": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{{}}",
    "AWS::KinesisFirehose::DeliveryStream": f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/{{}}",
    "AWS::Lambda::Function": _FUNCTION_ARN,
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{{}}",
    "AWS::Serverless::Function": _FUNCTION_ARN,
    "AWS::Serverless::SimpleTable": _TABLE_ARN,
}
_NAME_PROPERTIES = {
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::SimpleTable": "TableName",
}
_VERSIONS = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
_SSM_VALUE = "AWS::SSM::Parameter::Value"


@dataclass(frozen=True)
class Scope:
    """Where a function is called.

    Args:
        template: The whole template.
        resolver: Resolves a part of the template in a scope.
        active: The conditions and resources whose values are being resolved, which a circular template refers to.
    """

    template: Mapping[str, Any]
    resolver: Callable[[Any, Scope], Any]
    active: frozenset[str] = frozenset()

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of the template; empty if it is missing or of another form."""
        section = self.template.get(name)
        return section if isinstance(section, Mapping) else {}

    def resolve(self, value: Any) -> Any:
        """Resolve a part of the template."""
        return self.resolver(value, self)

    def within(self, name: str) -> Scope:
        """The scope in which the value of a condition or a resource is resolved."""
        return replace(self, active=self.active | {name})


def reference(name: str, scope: Scope) -> Any:
    """The value of ``!Ref`` of a parameter, a pseudo parameter or a resource.

    Args:
        name: The name.
        scope: Where it is called.
    """
    parameter = scope.section("Parameters").get(name)
    if parameter is not None:
        return _default(name, parameter)
    if name in _PSEUDO:
        return _PSEUDO[name]
    logical_id, _, sam_property = name.partition(".")  # SAM: !Ref Function.Alias
    resource = scope.section("Resources").get(logical_id)
    if resource is None:
        return Unknown(f"!Ref {name}")
    if resource.get("Type") in _VERSIONS:
        return _version(name, resource, scope)
    if sam_property:
        return f"{_arn(logical_id, resource, scope)}:1"
    if resource.get("Type") == "AWS::SQS::Queue":
        return f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{_named(name, resource, scope)}"
    of_topic = resource.get("Type") == "AWS::SNS::Topic"
    return _arn(name, resource, scope) if of_topic else _named(name, resource, scope)


def attribute_of(name: str, scope: Scope) -> Any:
    """The value of ``!GetAtt``.

    Args:
        name: The logical ID and the attribute: ``Orders.StreamArn``.
        scope: Where it is called.
    """
    logical_id, _, attribute = name.partition(".")
    resource = scope.section("Resources").get(logical_id)
    if resource is not None and attribute == "StreamArn":
        return StreamOf(logical_id)
    if resource is not None and attribute in ("Arn", "TopicArn"):
        return _arn(logical_id, resource, scope)
    if resource is not None and attribute == name_property(resource.get("Type")):
        return _named(logical_id, resource, scope)
    if resource is not None and attribute == "QueueUrl":
        return reference(logical_id, scope)
    return Unknown(f"!GetAtt {name}")


def name_property(kind: object) -> str | None:
    """The property with the name of a resource; ``None`` for a type whose resources have no name here.

    Args:
        kind: The type of the resource.
    """
    return _NAME_PROPERTIES.get(str(kind))


def function_name(written: str) -> str:
    """The name of a function in its ARN, in a part of it, or with a version or an alias.

    Args:
        written: The text: ``arn:aws:lambda:REGION:ACCOUNT:function:NAME:ALIAS``, ``ACCOUNT:function:NAME``, ``NAME:1``.

    Example:
        >>> function_name("arn:aws:lambda:eu-west-1:111122223333:function:worker:live")
        'worker'
    """
    _, found, rest = written.rpartition(":function:")
    return (rest if found else written).partition(":")[0]


def _default(name: str, parameter: Mapping[str, Any]) -> Any:
    kind = str(parameter.get("Type", ""))
    # The default of such a parameter is the name of a parameter in Systems Manager.
    if "Default" not in parameter or kind.startswith(_SSM_VALUE):
        return Unknown(f"!Ref {name}")
    default = parameter["Default"]
    if kind == "Number" and isinstance(default, str):
        return float(default) if "." in default else int(default)
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [each.strip() for each in str(default).split(",")]
    if isinstance(default, bool):
        return default
    return next((plain(default) for plain in (int, float, str) if isinstance(default, plain)), default)


def _version(name: str, resource: Mapping[str, Any], scope: Scope) -> Any:
    of_function = _properties(resource).get("FunctionName")
    of_function = None if name in scope.active else scope.within(name).resolve(of_function)
    if not isinstance(of_function, str):
        return Unknown(f"!Ref {name}")
    return f"{_FUNCTION_ARN.format(function_name(of_function))}:1"


def _named(logical_id: str, resource: Mapping[str, Any], scope: Scope) -> str:
    name = _properties(resource).get(name_property(resource.get("Type")) or "")
    given = None if logical_id in scope.active else scope.within(logical_id).resolve(name)
    return given if isinstance(given, str) and given else logical_id


def _arn(logical_id: str, resource: Mapping[str, Any], scope: Scope) -> Any:
    pattern = _ARNS.get(str(resource.get("Type")))
    return pattern.format(_named(logical_id, resource, scope)) if pattern else Unknown(f"!GetAtt {logical_id}.Arn")


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties")
    return properties if isinstance(properties, Mapping) else {}
