"""Rules about records that fail again and again: when Lambda gives them up, and where they go."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.lint.deployment import Deployment
from router.local.lint.rule import Trouble, rule

__all__ = [
    "age_beyond_stream",
    "destination_not_allowed",
    "destination_without_records",
    "endless_retries",
    "no_destination",
]

_ERRORS = "https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html"
_KEPT_SECONDS = 86_400  # by a stream
# What Lambda does with the records at each kind of destination.
_SENDING = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}


def _attempts(deployment: Deployment) -> int:
    return deployment.setting("MaximumRetryAttempts", -1)


def _age(deployment: Deployment) -> int:
    return deployment.setting("MaximumRecordAgeInSeconds", -1)


@rule("error", _ERRORS)
def endless_retries(deployment: Deployment) -> Iterator[Trouble]:
    """A record that always fails is tried until the stream drops it."""
    if _attempts(deployment) == -1 and not 0 <= _age(deployment) <= _KEPT_SECONDS:
        yield Trouble(
            deployment.place("MaximumRetryAttempts"),
            f"{deployment.name} tries a batch again for as long as the stream keeps it, which is 24 hours. One record "
            "that always fails holds up its shard for a day, and what is a day old by then is lost, without a word to "
            "any destination.",
            "MaximumRecordAgeInSeconds: 3600 # how long an outage may last\nMaximumRetryAttempts: 1000",
        )


@rule("warning", _ERRORS)
def age_beyond_stream(deployment: Deployment) -> Iterator[Trouble]:
    """An age limit above 24 hours never holds."""
    age = _age(deployment)
    if age > _KEPT_SECONDS and _attempts(deployment) != -1:
        yield Trouble(
            deployment.place("MaximumRecordAgeInSeconds"),
            f"MaximumRecordAgeInSeconds is {age}, and the stream drops records after 86400: those that get so old are "
            "lost before the limit could send them to a destination.",
            "MaximumRecordAgeInSeconds: 3600 # less than 86400",
        )


@rule("error", f"{_ERRORS}")
def no_destination(deployment: Deployment) -> Iterator[Trouble]:
    """What Lambda gives up goes nowhere."""
    if deployment.destination is None:
        yield Trouble(
            deployment.place("DestinationConfig"),
            f"{deployment.name} has no on-failure destination: records that Lambda gives up vanish."
            f"{_mistaken(deployment)}",
            _bucket(deployment),
        )


def _bucket(deployment: Deployment) -> str:
    kind = "    Type: S3\n" if deployment.mapped.event else ""
    return f"DestinationConfig:\n  OnFailure:\n{kind}    Destination: !GetAtt FailedRecords.Arn # an AWS::S3::Bucket"


def _mistaken(deployment: Deployment) -> str:
    """What looks like a destination of a stream and is none."""
    function = deployment.function.values if deployment.function else {}
    found = next(
        (name for name in ("DeadLetterQueue", "DeadLetterConfig", "EventInvokeConfig") if name in function), None
    )
    return f" The function's {found} takes part in asynchronous invocations only." if found else ""


@rule("warning", f"{_ERRORS}")
def destination_without_records(deployment: Deployment) -> Iterator[Trouble]:
    """The destination is told of records but not given them."""
    arn = deployment.destination
    if arn is not None and _service(arn) in ("sqs", "sns"):
        kind = {"sqs": "a queue", "sns": "a topic"}[_service(arn)]
        yield Trouble(
            deployment.place("DestinationConfig", "OnFailure", "Destination"),
            f"The on-failure destination is {kind}, which gets sequence numbers and no records: 24 hours after they "
            "were written the stream has dropped them, and nobody has them. A bucket gets the records themselves.",
            _bucket(deployment),
        )


@rule("error", f"{_ERRORS}")
def destination_not_allowed(deployment: Deployment) -> Iterator[Trouble]:
    """The role does not let Lambda send anything to the destination."""
    arn = deployment.destination
    action = _SENDING.get(_service(arn or ""))
    if arn is None or action is None or _sam_allows(deployment):
        return
    resource = f"{arn}/aws/lambda/mapping/shard/file" if action == "s3:PutObject" else arn
    statement, _ = deployment.statement_allowing([action], [resource])
    if statement is None:
        yield Trouble(
            deployment.place("DestinationConfig", "OnFailure", "Destination"),
            f"The function's role does not allow {action} on the on-failure destination, so what Lambda gives up is "
            "dropped on its way there.",
            _permission(action, arn, deployment),
        )


def _permission(action: str, arn: str, deployment: Deployment) -> str:
    if deployment.mapped.event and deployment.function and "Role" not in deployment.function.values:
        return f"Type: {action.partition(':')[0].upper()} # beside Destination: SAM then adds the permission"
    resources = deployment.stack.resources
    name = next((name for name in resources if deployment.stack.arn(name) == arn), None)
    written = f"{arn}" if name is None else f"${{{name}.Arn}}"
    resource = f'!Sub "{written}/aws/lambda/*"' if action == "s3:PutObject" else f'!Sub "{written}"'
    return f"- Effect: Allow\n  Action: {action}\n  Resource: {resource}"


def _sam_allows(deployment: Deployment) -> bool:
    """SAM adds the permission where it makes the role and is told what the destination is."""
    on_failure = deployment.mapped.settings["DestinationConfig"]["OnFailure"]
    makes_role = deployment.function is not None and "Role" not in deployment.function.values
    return deployment.mapped.event and makes_role and "Type" in on_failure


def _service(arn: str) -> str:
    return (arn.split(":") + [""] * 3)[2]
