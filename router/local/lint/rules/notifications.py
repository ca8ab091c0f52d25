"""The rule about objects of which S3 notifies the function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.local.cloudformation.resources import Declaration
from router.local.lint.deployment import Deployment
from router.local.lint.permissions import listed
from router.local.lint.rule import Violation, rule
from router.parking import SqsParking

__all__ = ["objects_not_readable"]

_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html"
_BUCKET, _QUEUE = "AWS::S3::Bucket", "AWS::SQS::Queue"


@rule("error", _PAGE)
def objects_not_readable(deployment: Deployment) -> Iterator[Violation]:
    """The role does not allow the app to read the objects that it gets the names of."""
    for bucket, name in _buckets(deployment):
        arn = f"{deployment.template.arn(bucket.name)}/{name}"
        statement, _ = deployment.statement_allowing(["s3:GetObject"], [arn])
        if statement is None:
            yield Violation(
                deployment.place_of_function("Role"),
                f"The function gets the names of objects in {bucket.name}, and its role does not allow s3:GetObject "
                "there: the records in them are not handled, and Lambda gives up the invocation after two retries.",
                f'- Effect: Allow\n  Action: s3:GetObject\n  Resource: !Sub "${{{bucket.name}.Arn}}/*"',
            )


def _buckets(deployment: Deployment) -> Iterator[tuple[Declaration, str]]:
    """The buckets whose objects are named to the function, each with the name of an object."""
    for bucket in deployment.template.of_type(_BUCKET):
        if _notifies(bucket, deployment):
            # https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
            yield bucket, "aws/lambda/mapping/shard/file"
        elif (prefix := _overflow(bucket, deployment)) is not None:
            yield bucket, f"{prefix}2026/01/31/name.json"


def _notifies(bucket: Declaration, deployment: Deployment) -> bool:
    """Whether a bucket notifies the function: itself, through EventBridge, or through the queue that it reads."""
    template, function = deployment.template, deployment.function
    if function is None:
        return False
    given = bucket.values.get("NotificationConfiguration")
    configuration = given if isinstance(given, Mapping) else {}
    functions = _targets(configuration, "LambdaConfigurations", "Function")
    queues = _targets(configuration, "QueueConfigurations", "Queue")
    if template.arn(function.name) in functions or deployment.mapping.stream in queues:
        return True
    return any(_is_about(event, template.reference(bucket.name)) for event in _events(function))


def _targets(configuration: Mapping[str, Any], kind: str, name: str) -> list[Any]:
    return [each.get(name) for each in listed(configuration.get(kind, ())) if isinstance(each, Mapping)]


def _events(function: Declaration) -> Iterator[Mapping[str, Any]]:
    events = function.values.get("Events")
    for event in events.values() if isinstance(events, Mapping) else ():
        if isinstance(event, Mapping) and isinstance(event.get("Properties"), Mapping):
            yield event


def _is_about(event: Mapping[str, Any], bucket: Any) -> bool:
    """Whether an event of a SAM function is about objects in a bucket."""
    properties = event["Properties"]
    if event.get("Type") == "S3":
        return bool(properties.get("Bucket") == bucket)
    pattern = properties.get("Pattern")
    if event.get("Type") not in ("EventBridgeRule", "CloudWatchEvent") or not isinstance(pattern, Mapping):
        return False
    detail = pattern.get("detail")
    named = detail.get("bucket") if isinstance(detail, Mapping) else None
    names = named.get("name") if isinstance(named, Mapping) else None
    return "aws.s3" in listed(pattern.get("source")) and bucket in listed(names)


def _overflow(bucket: Declaration, deployment: Deployment) -> str | None:
    """The prefix of parked records in a bucket, if the function reads the parking queue whose messages name them."""
    parking, template = deployment.app.parking, deployment.template
    if not isinstance(parking, SqsParking) or parking.overflow is None:
        return None
    queues = [queue.name for queue in template.of_type(_QUEUE) if template.reference(queue.name) == parking.queue_url]
    reads = any(template.arn(name) == deployment.mapping.stream for name in queues)
    return parking.overflow.prefix if reads and template.reference(bucket.name) == parking.overflow.bucket else None
