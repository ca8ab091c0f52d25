"""Checks of the places that keep parked and discarded records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from router.local.doctor.aws import AbsentError
from router.local.doctor.check import Symptom, check
from router.local.doctor.deployed import Deployed, DeployedMapping, last_part
from router.local.doctor.queues import Queue, queue_of_arn
from router.local.doctor.remedies import DELETED
from router.local.wording import counted

__all__ = ["dead_letters", "failed_records", "parked_records", "place_missing"]

_MOST_LISTED = 1000
_DAY = 86_400


@check("warning")
def parked_records(deployed: Deployed) -> Iterator[Symptom]:
    """The parking queue has records."""
    for queue in deployed.queues:
        if queue.depth:
            yield Symptom(
                deployed.title(queue),
                f"{counted(queue.depth, 'parked record')}{_oldest(deployed, queue)}",
                "none",
                "find out why, mend it, then redrive them",
            )


@check("error")
def dead_letters(deployed: Deployed) -> Iterator[Symptom]:
    """A dead-letter queue has records: SQS deletes them in the end."""
    for queue in (each.dead_letters for each in deployed.queues):
        if queue is not None and queue.depth:
            yield Symptom(
                deployed.title(queue),
                f"{counted(queue.depth, 'record')}{_oldest(deployed, queue)}",
                "none",
                "find out why they failed at each redrive, mend it, then redrive this queue",
            )


@check("error")
def place_missing(deployed: Deployed) -> Iterator[Symptom]:
    """A queue or a bucket that should get records does not exist."""
    for queue in (each for first in deployed.queues for each in (first, first.dead_letters)):
        if queue is not None and queue.attributes is None:
            yield Symptom(deployed.title(queue), "no such queue", "the one that the function parks in", DELETED)
    missing = [(mapping, f"bucket {bucket}") for mapping, bucket, found in _buckets(deployed) if found is None]
    missing += [(mapping, deployed.title(q)) for mapping, q in _on_failure_queues(deployed) if q.attributes is None]
    for mapping, where in missing:
        yield Symptom(
            where,
            f"no such {where.partition(' ')[0]}",
            f"the on-failure destination of {mapping.name}",
            f"{DELETED}; what Lambda discards meanwhile is lost",
        )


@check("warning")
def failed_records(deployed: Deployed) -> Iterator[Symptom]:
    """The on-failure destination has records that Lambda discarded."""
    for mapping, queue in _on_failure_queues(deployed):
        if queue.depth:
            yield Symptom(
                deployed.title(queue),
                f"{counted(queue.depth, 'failure document')} of {mapping.name}{_oldest(deployed, queue)}",
                "none",
                "find out why, mend it, and read the records again while the stream has them: 24 hours",
            )
    for mapping, bucket, objects in _buckets(deployed):
        if objects:
            more = " or more" if len(objects) == _MOST_LISTED else ""
            newest = max(each["LastModified"] for each in objects).astimezone(UTC)
            yield Symptom(
                f"bucket {bucket}",
                f"{counted(len(objects), 'failure document')}{more}, the newest of {newest:%Y-%m-%d %H:%M UTC}",
                "none",
                f"find out why, mend it, then redrive s3://{bucket}/{_prefix(mapping)}",
            )


def _oldest(deployed: Deployed, queue: Queue) -> str:
    points = deployed.figures("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": queue.name}, "Maximum")
    if not points:
        return ""
    left = (queue.retention - points[0]) / _DAY
    return f", the oldest sent {points[0] / 3600:,.1f} hours ago: SQS deletes it in {max(left, 0):,.1f} days"


def _destinations(deployed: Deployed, service: str) -> Iterator[tuple[DeployedMapping, str]]:
    """The mappings whose on-failure destination is of a service, each with its ARN."""
    for mapping in deployed.mappings:
        on_failure = (mapping.values or {}).get("DestinationConfig", {}).get("OnFailure", {})
        arn = str(on_failure.get("Destination") or "")
        if f":{service}:" in arn:
            yield mapping, arn


def _on_failure_queues(deployed: Deployed) -> list[tuple[DeployedMapping, Queue]]:
    return [(mapping, queue_of_arn(deployed.aws, arn)) for mapping, arn in _destinations(deployed, "sqs")]


def _buckets(deployed: Deployed) -> Iterator[tuple[DeployedMapping, str, list[dict[str, Any]] | None]]:
    """The mappings whose on-failure destination is a bucket, each with its name and the first failure documents."""
    for mapping, arn in _destinations(deployed, "s3"):
        yield mapping, last_part(arn), _objects(deployed, mapping, last_part(arn))


def _objects(deployed: Deployed, mapping: DeployedMapping, bucket: str) -> list[dict[str, Any]] | None:
    """The first thousand failure documents of a mapping; ``None`` if there is no such bucket."""
    try:
        found = deployed.aws.call("s3", "list_objects_v2", Bucket=bucket, Prefix=_prefix(mapping))
    except AbsentError:
        return None
    return list(found.get("Contents", ()))


def _prefix(mapping: DeployedMapping) -> str:
    # https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    return f"aws/lambda/{mapping.uuid}/"
