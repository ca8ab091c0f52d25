"""Rules about records that fail again and again: when Lambda discards them, and where it sends them."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.lint.deployment import Deployment
from router.local.lint.rule import Violation, rule

__all__ = [
    "age_beyond_stream",
    "age_too_short",
    "destination_not_allowed",
    "destination_without_records",
    "endless_retries",
    "no_destination",
    "no_retries",
]

_ERRORS = "https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html"
_RETENTION_SECONDS = 86_400  # of a stream
_SHORTEST_OUTAGE = 300  # seconds that a downstream service may be away
_ATTEMPTS_WITHIN_AGE = 2
# The action by which Lambda sends records to each kind of destination.
_SENDING = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}


def _attempts(deployment: Deployment) -> int:
    return deployment.setting("MaximumRetryAttempts", -1)


def _age(deployment: Deployment) -> int:
    return deployment.setting("MaximumRecordAgeInSeconds", -1)


@rule("error", _ERRORS)
def endless_retries(deployment: Deployment) -> Iterator[Violation]:
    """Lambda retries a failing record until the stream drops it."""
    if _attempts(deployment) == -1 and not 0 <= _age(deployment) <= _RETENTION_SECONDS:
        yield Violation(
            deployment.place("MaximumRetryAttempts"),
            f"{deployment.mapping.name} retries a batch for as long as the stream keeps it, which is 24 hours. One "
            "record that always fails blocks its shard for a day; then the stream drops older records, and no "
            "destination gets them.",
            "MaximumRecordAgeInSeconds: 3600 # how long an outage may last\nMaximumRetryAttempts: 1000",
        )


@rule("warning", _ERRORS)
def age_beyond_stream(deployment: Deployment) -> Iterator[Violation]:
    """An age limit above 24 hours has no effect."""
    age = _age(deployment)
    if age > _RETENTION_SECONDS and _attempts(deployment) != -1:
        yield Violation(
            deployment.place("MaximumRecordAgeInSeconds"),
            f"MaximumRecordAgeInSeconds is {age}, and the stream drops records after 86400 seconds: a record of that "
            "age is lost before the limit sends it to a destination.",
            "MaximumRecordAgeInSeconds: 3600 # less than 86400",
        )


@rule("warning", _ERRORS)
def age_too_short(deployment: Deployment) -> Iterator[Violation]:
    """An age limit discards records that were hardly tried."""
    age = _age(deployment)
    if age == -1:
        return
    window = deployment.setting("MaximumBatchingWindowInSeconds", 0)
    needed = max(_SHORTEST_OUTAGE, window + _ATTEMPTS_WITHIN_AGE * deployment.timeout)
    if age < needed:
        yield Violation(
            deployment.place("MaximumRecordAgeInSeconds"),
            f"MaximumRecordAgeInSeconds is {age}: Lambda discards a record that waited so long, tried or not. With a "
            f"batching window of {window} s and a time-out of {deployment.timeout:g} s, {needed:g} s leave time for a "
            "retry and an outage of minutes.",
            "MaximumRecordAgeInSeconds: 3600 # how long an outage may last",
        )


@rule("warning", _ERRORS)
def no_retries(deployment: Deployment) -> Iterator[Violation]:
    """Lambda discards a record after its first failure."""
    if _attempts(deployment) == 0:
        yield Violation(
            deployment.place("MaximumRetryAttempts"),
            "MaximumRetryAttempts is 0: Lambda discards a batch after its first failure, such as a time-out or a "
            "throttled downstream service, and records that the app reports as failed or deferred with it.",
            "MaximumRetryAttempts: 1000\nMaximumRecordAgeInSeconds: 3600 # how long an outage may last",
        )


@rule("error", _ERRORS)
def no_destination(deployment: Deployment) -> Iterator[Violation]:
    """Lambda sends discarded records nowhere."""
    if deployment.destination is None:
        yield Violation(
            deployment.place("DestinationConfig"),
            f"{deployment.mapping.name} has no on-failure destination: records that Lambda discards are lost."
            f"{_asynchronous_only(deployment)}",
            _bucket(deployment),
        )


@rule("warning", _ERRORS)
def destination_without_records(deployment: Deployment) -> Iterator[Violation]:
    """The destination gets sequence numbers, but no records."""
    arn = deployment.destination
    if arn is not None and _service(arn) in ("sqs", "sns"):
        kind = {"sqs": "a queue", "sns": "a topic"}[_service(arn)]
        yield Violation(
            deployment.place("DestinationConfig", "OnFailure", "Destination"),
            f"The on-failure destination is {kind}, which gets sequence numbers and no records. 24 hours after a "
            "record was written the stream drops it, and no copy is left. A bucket gets the records themselves.",
            _bucket(deployment),
        )


@rule("error", _ERRORS)
def destination_not_allowed(deployment: Deployment) -> Iterator[Violation]:
    """The role does not allow Lambda to send records to the destination."""
    arn = deployment.destination
    action = _SENDING.get(_service(arn or ""))
    if arn is None or action is None or _sam_allows(deployment):
        return
    resource = f"{arn}/aws/lambda/mapping/shard/file" if action == "s3:PutObject" else arn
    statement, _ = deployment.statement_allowing([action], [resource])
    if statement is None:
        yield Violation(
            deployment.place("DestinationConfig", "OnFailure", "Destination"),
            f"The function's role does not allow {action} on the on-failure destination, so the records that Lambda "
            "discards do not arrive there.",
            _permission(action, arn, deployment),
        )


def _bucket(deployment: Deployment) -> str:
    kind = "    Type: S3\n" if deployment.mapping.is_sam_event else ""
    return f"DestinationConfig:\n  OnFailure:\n{kind}    Destination: !GetAtt FailedRecords.Arn # an AWS::S3::Bucket"


def _asynchronous_only(deployment: Deployment) -> str:
    """A sentence about a property that is a destination of asynchronous invocations, not of a stream."""
    function = deployment.function.values if deployment.function else {}
    names = ("DeadLetterQueue", "DeadLetterConfig", "EventInvokeConfig")
    found = next((name for name in names if name in function), None)
    return f" The function's {found} applies to asynchronous invocations only." if found else ""


def _permission(action: str, arn: str, deployment: Deployment) -> str:
    if deployment.sam_makes_role:
        return f"Type: {action.partition(':')[0].upper()} # beside Destination: SAM then adds the permission"
    template = deployment.template
    name = next((name for name in template.resources if template.arn(name) == arn), None)
    written = f"{arn}" if name is None else f"${{{name}.Arn}}"
    resource = f'!Sub "{written}/aws/lambda/*"' if action == "s3:PutObject" else f'!Sub "{written}"'
    return f"- Effect: Allow\n  Action: {action}\n  Resource: {resource}"


def _sam_allows(deployment: Deployment) -> bool:
    """SAM adds the permission to a role of its own if the destination has a Type."""
    return deployment.sam_makes_role and "Type" in deployment.mapping.settings["DestinationConfig"]["OnFailure"]


def _service(arn: str) -> str:
    return (arn.split(":") + [""] * 3)[2]
