"""What a function's role allows, as far as the template says it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.resources import FUNCTIONS, Section, Stack

__all__ = ["Permissions", "Statement", "permissions_of"]

_ACCOUNT = "us-east-1:123456789012"  # those that resolved templates have

# The parameter of a policy template of SAM, the ARN that it is put into, and what is allowed there.
_CRUD = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")
_TABLE_ARN = f"arn:aws:dynamodb:{_ACCOUNT}:table/{{}}"
_TEMPLATES = {
    "DynamoDBCrudPolicy": ("TableName", _TABLE_ARN, _CRUD),
    "DynamoDBWritePolicy": ("TableName", _TABLE_ARN, (_CRUD[0], _CRUD[1], _CRUD[3])),
    "DynamoDBRestoreFromBackupPolicy": ("TableName", _TABLE_ARN, _CRUD),
    "DynamoDBReadPolicy": ("TableName", _TABLE_ARN, ()),
    "DynamoDBStreamReadPolicy": ("TableName", _TABLE_ARN, ()),
    "SQSSendMessagePolicy": ("QueueName", f"arn:aws:sqs:{_ACCOUNT}:{{}}", ("sqs:SendMessage",)),
    "SNSPublishMessagePolicy": ("TopicName", f"arn:aws:sns:{_ACCOUNT}:{{}}", ("sns:Publish",)),
    "SNSCrudPolicy": ("TopicName", f"arn:aws:sns:{_ACCOUNT}:{{}}*", ("sns:Publish",)),
    "S3WritePolicy": ("BucketName", "arn:aws:s3:::{}/*", ("s3:PutObject",)),
    "S3CrudPolicy": ("BucketName", "arn:aws:s3:::{}/*", ("s3:PutObject",)),
    "S3FullAccessPolicy": ("BucketName", "arn:aws:s3:::{}/*", ("s3:PutObject",)),
}
# Managed policies of AWS by their names, with what they allow everywhere of what is asked here.
_MANAGED = {
    "AdministratorAccess": ("*",),
    "PowerUserAccess": ("*",),
    "AmazonDynamoDBFullAccess": ("dynamodb:*",),
    "AmazonSQSFullAccess": ("sqs:*",),
    "AmazonSNSFullAccess": ("sns:*",),
    "AmazonS3FullAccess": ("s3:*",),
    "AWSLambdaBasicExecutionRole": (),
    "AWSLambdaDynamoDBExecutionRole": (),
    "AWSLambdaVPCAccessExecutionRole": (),
    "AWSXRayDaemonWriteAccess": (),
    "AWSXrayWriteOnlyAccess": (),
    "CloudWatchLambdaInsightsExecutionRolePolicy": (),
}
_ROLE_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    Args:
        allows: Whether it allows, rather than denies.
        actions: The actions, with IAM's wildcards.
        resources: The ARNs, with IAM's wildcards.
        place: The file and line of the template.
    """

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    place: str

    def covers(self, action: str, arn: str) -> bool:
        """Whether it speaks of an action on a resource."""
        # Actions are the same in upper and lower case, resources are not.
        acts = any(_like(pattern.lower(), action.lower()) for pattern in self.actions)
        return acts and any(_like(pattern, arn) for pattern in self.resources)


@dataclass(frozen=True)
class Permissions:
    """What a role allows.

    Args:
        statements: The statements that could be read.
        complete: Whether those are all.
    """

    statements: tuple[Statement, ...]
    complete: bool

    def allowing(self, action: str, arn: str) -> Statement | None:
        """The statement that allows an action on a resource, unless another denies it."""
        covering = [statement for statement in self.statements if statement.covers(action, arn)]
        if any(not statement.allows for statement in covering):
            return None
        return next(iter(covering), None)


def permissions_of(stack: Stack, function: Section) -> Permissions:
    """Read what the role of a function allows.

    Args:
        stack: The template.
        function: The function.
    """
    found = list(_policies(stack, function))
    statements = tuple(statement for statement in found if statement is not None)
    return Permissions(statements, len(statements) == len(found))


Found = Iterator[Statement | None]
"""Statements, and ``None`` for something that cannot be known."""


def _policies(stack: Stack, function: Section) -> Found:
    if "Connectors" in function.values or stack.of_type("AWS::Serverless::Connector"):
        yield None
    if function.type == FUNCTIONS[0] and "Role" not in function.values:
        place = stack.place(function.line_of("Policies"))
        for policy in _listed(function.values.get("Policies", ())):
            yield from _sam_policy(policy, place)
        yield from _attached(stack, Unknown(f"!Ref {function.name}Role"))
        return
    role = next(
        (each for each in stack.of_type("AWS::IAM::Role") if function.values.get("Role") == stack.arn(each.name)), None
    )
    if role is None:
        yield None
        return
    for policy in _listed(role.values.get("ManagedPolicyArns", ())):
        yield from _managed(policy, stack.place(role.line_of("ManagedPolicyArns")))
    for policy in _listed(role.values.get("Policies", ())):
        document = policy.get("PolicyDocument") if isinstance(policy, Mapping) else policy
        yield from _document(document, stack.place(role.line_of("Policies")))
    yield from _attached(stack, stack.reference(role.name))


def _attached(stack: Stack, role: Any) -> Found:
    """Policies that are resources of their own."""
    for policy in stack.of_type(*_ROLE_POLICIES):
        if role in (*_listed(policy.values.get("Roles", ())), policy.values.get("RoleName")):
            yield from _document(policy.values.get("PolicyDocument"), stack.place(policy.line_of("PolicyDocument")))


def _sam_policy(policy: Any, place: str) -> Found:
    if isinstance(policy, str):
        yield from _managed(policy, place)
    elif isinstance(policy, Mapping) and "Statement" in policy:
        yield from _document(policy, place)
    elif isinstance(policy, Mapping) and len(policy) == 1 and next(iter(policy)) in _TEMPLATES:
        ((name, arguments),) = policy.items()
        parameter, arn, actions = _TEMPLATES[name]
        value = arguments.get(parameter) if isinstance(arguments, Mapping) else None
        yield Statement(True, actions, (arn.format(value),), place) if isinstance(value, str) else None
    else:
        yield None


def _managed(policy: Any, place: str) -> Found:
    actions = _MANAGED.get(str(policy).rpartition("/")[2])
    yield None if actions is None else Statement(True, actions, ("*",), place)


def _document(document: Any, place: str) -> Found:
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if statements is None:
        yield None
    for statement in _listed(statements or ()):
        yield _statement(statement, place)


def _statement(statement: Any, place: str) -> Statement | None:
    if not isinstance(statement, Mapping) or not {"Effect", "Action", "Resource"} <= statement.keys():
        return None  # NotAction and NotResource too
    allows = statement["Effect"] == "Allow"
    texts = [_listed(statement[key]) for key in ("Action", "Resource")]
    if any(not isinstance(text, str) for each in texts for text in each):
        return None
    if not allows and "Condition" in statement:
        return Statement(True, (), (), place)  # whether it denies depends on the request
    return Statement(allows, tuple(texts[0]), tuple(texts[1]), place)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _like(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(expression, text) is not None
