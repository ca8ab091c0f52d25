"""Rules about the app's parking place."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.lint.deployment import Deployment
from router.local.lint.rule import Violation, rule
from router.parking import JsonLinesParking, MemoryParking, S3Parking, SqsParking

__all__ = ["parking_in_function", "parking_not_allowed"]

_MOUNTED = "/mnt"  # Lambda mounts file systems, which outlive the function, below it
_STORAGE = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"
_ROLE = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"


@rule("warning", _STORAGE)
def parking_in_function(deployment: Deployment) -> Iterator[Violation]:
    """Parked records stay in the function's own memory or files."""
    parking = deployment.app.parking
    on_file_system = isinstance(parking, JsonLinesParking) and parking.path.is_relative_to(_MOUNTED)
    if isinstance(parking, MemoryParking | JsonLinesParking) and not on_file_system:
        yield Violation(
            deployment.place_of_function("Handler"),
            f"The app parks records in a {type(parking).__name__}: they are lost with the execution environment, and "
            "Lambda counts them as done.",
            "Dispatcher(..., parking=...) # a place that outlives the function: a queue, a bucket",
        )


@rule("error", _ROLE)
def parking_not_allowed(deployment: Deployment) -> Iterator[Violation]:
    """The role does not allow the app to park records."""
    for place, records in _places(deployment.app.parking):
        if isinstance(place, SqsParking):
            action, arn = "sqs:SendMessage", _queue(place.queue_url)
        else:
            action, arn = "s3:PutObject", f"arn:aws:s3:::{place.bucket}/{place.prefix}2026/01/31/name.json"
        statement, _ = deployment.statement_allowing([action], [arn])
        if statement is None:
            yield Violation(
                deployment.place_of_function("Role"),
                f"The app parks {records} with {place!r}, and the function's role does not allow {action} there: a "
                "record to be parked fails instead, and is retried until Lambda discards it.",
                f"- Effect: Allow\n  Action: {action}\n  Resource: {_resource(deployment, place)}",
            )


def _places(parking: object) -> Iterator[tuple[SqsParking | S3Parking, str]]:
    """The queue and the buckets in which an app parks, each with the records that it gets."""
    if isinstance(parking, SqsParking | S3Parking):
        yield parking, "records"
    if isinstance(parking, SqsParking) and parking.overflow is not None:
        yield parking.overflow, "records that are too big for a message"


def _queue(url: str) -> str:
    """The ARN of the queue with a URL: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."""
    host, account, name = (["", "", *url.split("/")])[-3:]
    region = f"{host}..".split(".")[1]
    return f"arn:aws:sqs:{region}:{account}:{name}"


def _resource(deployment: Deployment, parking: SqsParking | S3Parking) -> str:
    place = parking.queue_url if isinstance(parking, SqsParking) else parking.bucket
    template = deployment.template
    name = next((name for name in template.resources if template.reference(name) == place), "Parked")
    return f"!GetAtt {name}.Arn" if isinstance(parking, SqsParking) else f'!Sub "${{{name}.Arn}}/{parking.prefix}*"'
