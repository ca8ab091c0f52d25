"""The queues, topics and buckets of the template that get discarded and parked records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.resources import Declaration, TemplateFile
from router.local.lint.deployment import Deployment, NotKnownError
from router.parking import S3Parking, SqsParking

__all__ = ["Keeper", "keepers"]

_QUEUE, _TOPIC, _BUCKET = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"


@dataclass(frozen=True)
class Keeper:
    """A queue, a topic or a bucket that gets discarded or parked records.

    Args:
        template: The template.
        declaration: The resource.
        purpose: What it is for: ``parking queue``.
        arn: Its ARN.
        object: The name of an object in a bucket; empty for a queue or a topic.
    """

    template: TemplateFile
    declaration: Declaration
    purpose: str
    arn: str
    object: str = ""

    @property
    def is_queue(self) -> bool:
        """Whether it is a queue."""
        return self.declaration.type == _QUEUE

    @property
    def is_bucket(self) -> bool:
        """Whether it is a bucket."""
        return self.declaration.type == _BUCKET

    @property
    def name(self) -> str:
        """Its purpose and logical ID: ``the parking queue ParkedRecords``."""
        return f"the {self.purpose} {self.declaration.name}"

    @property
    def title(self) -> str:
        """The name at the beginning of a sentence."""
        return f"{self.name[0].upper()}{self.name[1:]}"

    @property
    def content(self) -> str:
        """What it has: a queue or a topic gets the sequence numbers of discarded records, and no records."""
        whole = self.is_bucket or self.purpose != "on-failure queue"
        return "the only copies of its records" if whole else "the only list of the records that Lambda discarded"

    @property
    def action(self) -> str:
        """The action by which records get there."""
        return {_QUEUE: "sqs:SendMessage", _TOPIC: "sns:Publish"}.get(self.declaration.type, "s3:PutObject")

    @property
    def written(self) -> str:
        """The ARN to which the action writes: that of an object in a bucket."""
        return f"{self.arn}/{self.object}" if self.object else self.arn

    def place(self, *keys: str) -> str:
        """The line of a property, or of the resource if the property is not declared."""
        return self.template.place(self.declaration.line_of(*keys))

    def value(self, name: str, default: Any = None) -> Any:
        """A property.

        Args:
            name: AWS's name.
            default: AWS's default.

        Raises:
            NotKnownError: It is unknown before deployment.
        """
        return self._known(name, self.declaration.values.get(name, default))

    def part(self, name: str) -> Mapping[str, Any]:
        """A property that is a map; empty if it is not declared."""
        value = self.value(name)
        return value if isinstance(value, Mapping) else {}

    def number(self, name: str, value: Any) -> float:
        """A number of a property, which may be written as text.

        Args:
            name: The name of the property.
            value: The number.

        Raises:
            NotKnownError: It is unknown before deployment, or no number.
        """
        try:
            return float(self._known(name, value))
        except (TypeError, ValueError):
            raise NotKnownError(self.place(name), f"{name} is no number") from None

    def _known(self, name: str, value: Any) -> Any:
        if isinstance(value, Unknown):
            raise NotKnownError(self.place(name), f"{name} is {value.written}")
        return value


def keepers(deployment: Deployment) -> Iterator[Keeper]:
    """The on-failure destination, the parking place and its dead-letter queue; a shared one has one purpose.

    Args:
        deployment: The deployment.

    Raises:
        NotKnownError: After all that are known: one of them is unknown before deployment.
    """
    seen: set[str] = set()
    unknown: NotKnownError | None = None
    for find in (_destination, _parking):
        try:
            for keeper in find(deployment):
                if keeper.arn not in seen:
                    seen.add(keeper.arn)
                    yield keeper
        except NotKnownError as error:
            unknown = unknown or error
    if unknown is not None:
        raise unknown


def _destination(deployment: Deployment) -> Iterator[Keeper]:
    arn = deployment.destination
    found = None if arn is None else _resource(deployment, arn)
    if found is not None:
        kind = {_QUEUE: "queue", _TOPIC: "topic", _BUCKET: "bucket"}[found.type]
        # https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        name = "aws/lambda/mapping/shard/file" if found.type == _BUCKET else ""
        yield Keeper(deployment.template, found, f"on-failure {kind}", str(arn), name)


def _parking(deployment: Deployment) -> Iterator[Keeper]:
    place, template = deployment.app.parking, deployment.template
    if isinstance(place, S3Parking):
        yield from _bucket(deployment, place, "parking bucket")
    if isinstance(place, SqsParking) and place.overflow is not None:
        yield from _bucket(deployment, place.overflow, "overflow bucket of the parking queue")
    if isinstance(place, SqsParking):
        for queue in template.of_type(_QUEUE):
            if template.reference(queue.name) == place.queue_url:
                yield Keeper(template, queue, "parking queue", template.arn(queue.name))
                yield from _dead_letters(deployment, queue)


def _bucket(deployment: Deployment, place: S3Parking, purpose: str) -> Iterator[Keeper]:
    template = deployment.template
    for bucket in template.of_type(_BUCKET):
        if template.reference(bucket.name) == place.bucket:
            yield Keeper(template, bucket, purpose, template.arn(bucket.name), f"{place.prefix}2026/01/31/name.json")


def _dead_letters(deployment: Deployment, queue: Declaration) -> Iterator[Keeper]:
    policy = queue.values.get("RedrivePolicy")
    arn = policy.get("deadLetterTargetArn") if isinstance(policy, Mapping) else None
    found = _resource(deployment, arn) if isinstance(arn, str) else None
    if found is not None:
        yield Keeper(deployment.template, found, "dead-letter queue of the parking queue", str(arn))


def _resource(deployment: Deployment, arn: str) -> Declaration | None:
    template = deployment.template
    return next((each for each in template.of_type(_QUEUE, _TOPIC, _BUCKET) if template.arn(each.name) == arn), None)
