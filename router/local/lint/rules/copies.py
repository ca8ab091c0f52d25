"""Rules about the queues and buckets that keep the only copies of discarded and parked records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.local.cloudformation.intrinsics import Unknown, resolve
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.keepers import Keeper, keepers
from router.local.lint.permissions import listed
from router.local.lint.resource_policies import Request, policy_statements
from router.local.lint.rule import Violation, rule
from router.local.wording import counted

__all__ = ["copies_deleted", "copies_denied", "copies_expire", "copies_public", "copies_unencrypted"]

_CLOUDFORMATION = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
_EVALUATION = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
_PUBLIC = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
_SSE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html"
_DAY = 86_400
_SHORTEST = 3 * _DAY  # from a Friday evening to a Monday evening
_DEFAULT_RETENTION = 4 * _DAY
_FOR_EVER = float("inf")
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_BLOCKED = "PublicAccessBlockConfiguration:\n" + "\n".join(f"  {name}: true" for name in _BLOCKS)
_PUBLIC_ACLS = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")


@rule("warning", f"{_CLOUDFORMATION}/aws-properties-s3-bucket-lifecycleconfiguration.html")
def copies_expire(deployment: Deployment) -> Iterator[Violation]:
    """Copies of failed records expire within days."""
    for keeper in keepers(deployment):
        seconds = _kept_by_bucket(keeper) if keeper.is_bucket else _kept_by_queue(keeper)
        if seconds < _SHORTEST:
            yield Violation(
                keeper.place("LifecycleConfiguration" if keeper.is_bucket else "MessageRetentionPeriod"),
                f"{keeper.title} keeps what it gets for {_duration(seconds)}: a record that fails on a Friday evening "
                "is gone on Monday.",
                "ExpirationInDays: 28" if keeper.is_bucket else "MessageRetentionPeriod: 1209600 # 14 days",
            )


@rule("warning", f"{_CLOUDFORMATION}/aws-attribute-deletionpolicy.html")
def copies_deleted(deployment: Deployment) -> Iterator[Violation]:
    """Copies of failed records are deleted with the stack."""
    for keeper in keepers(deployment):
        resource = keeper.template.document["Resources"][keeper.declaration.name]
        policy = resolve(resource.get("DeletionPolicy", "Delete"), keeper.template.document)
        if isinstance(policy, Unknown):
            raise NotKnownError(keeper.place(), f"the DeletionPolicy of {keeper.declaration.name} is {policy.written}")
        if policy == "Delete" and (keeper.is_queue or keeper.is_bucket):
            yield Violation(
                keeper.place(),
                f"{keeper.title} has {keeper.content}, and is deleted with the stack.",
                "DeletionPolicy: Retain # beside Type\nUpdateReplacePolicy: Retain",
            )


@rule("warning", _PUBLIC)
def copies_public(deployment: Deployment) -> Iterator[Violation]:
    """Copies of failed records are open to the public."""
    for keeper in keepers(deployment):
        for place, why in _openings(keeper):
            yield Violation(
                place,
                f"{why}: anybody may be able to read items there, or write.",
                _BLOCKED if keeper.is_bucket else "Principal: the accounts or services that need it",
            )


@rule("warning", _SSE)
def copies_unencrypted(deployment: Deployment) -> Iterator[Violation]:
    """Copies of failed records are stored unencrypted."""
    for keeper in keepers(deployment):
        keyless = keeper.is_queue and "KmsMasterKeyId" not in keeper.declaration.values
        if keyless and _is_false(keeper.value("SqsManagedSseEnabled", default=True)):
            yield Violation(
                keeper.place("SqsManagedSseEnabled"),
                f"{keeper.title} stores its messages unencrypted.",
                "SqsManagedSseEnabled: true",
            )


@rule("error", _EVALUATION)
def copies_denied(deployment: Deployment) -> Iterator[Violation]:
    """A policy denies the function to write copies of failed records."""
    for keeper in keepers(deployment):
        request = Request(deployment.role, keeper.action, keeper.written)
        for statement in policy_statements(keeper.template, keeper.declaration):
            applies = not statement.allows and statement.applies(request)
            if applies is None:
                raise NotKnownError(statement.place, f"the request decides whether a Deny of {keeper.name} applies")
            if applies:
                yield Violation(
                    statement.place,
                    f"The policy of {keeper.name} denies {keeper.action} to the function's role, and a Deny overrides "
                    "every Allow: failed records do not arrive there.",
                    "a Deny whose Principal or Condition leaves out the function's role",
                )
                break


def _kept_by_queue(keeper: Keeper) -> float:
    if not keeper.is_queue:
        return _FOR_EVER
    return keeper.number("MessageRetentionPeriod", keeper.value("MessageRetentionPeriod", _DEFAULT_RETENTION))


def _kept_by_bucket(keeper: Keeper) -> float:
    """The seconds until an object expires and, in a bucket with versions, until its version is removed."""
    found = keeper.part("LifecycleConfiguration").get("Rules")
    rules = [each for each in listed(found) if isinstance(each, Mapping) and _applies(each, keeper.object)]
    days = _least(keeper, [0 if "ExpirationDate" in each else each.get("ExpirationInDays") for each in rules])
    if keeper.part("VersioningConfiguration").get("Status") == "Enabled":
        days += _least(keeper, [_noncurrent_days(each) for each in rules])
    return days * _DAY


def _applies(lifecycle: Mapping[str, Any], name: str) -> bool:
    """Whether a lifecycle rule is about an object; one that is limited to tags or sizes may not be."""
    prefix = lifecycle.get("Prefix", "")
    limits = {"TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"}
    enabled = lifecycle.get("Status") == "Enabled"
    return enabled and isinstance(prefix, str) and name.startswith(prefix) and limits.isdisjoint(lifecycle)


def _noncurrent_days(lifecycle: Mapping[str, Any]) -> Any:
    found = lifecycle.get("NoncurrentVersionExpiration")
    days = found.get("NoncurrentDays") if isinstance(found, Mapping) else None
    return lifecycle.get("NoncurrentVersionExpirationInDays") if days is None else days


def _least(keeper: Keeper, days: list[Any]) -> float:
    given = (keeper.number("LifecycleConfiguration", each) for each in days if each is not None)
    return min(given, default=_FOR_EVER)


def _openings(keeper: Keeper) -> Iterator[tuple[str, str]]:
    """Where and why the public may use a queue or a bucket."""
    if keeper.is_bucket and keeper.value("AccessControl") in _PUBLIC_ACLS:
        yield keeper.place("AccessControl"), f"{keeper.title} has AccessControl {keeper.value('AccessControl')}"
    blocks = keeper.part("PublicAccessBlockConfiguration")
    off = [each for each in _BLOCKS if blocks and _is_false(blocks.get(each, False))]
    if off:
        yield keeper.place("PublicAccessBlockConfiguration"), f"{keeper.title} does not have {', '.join(off)}"
    for statement in policy_statements(keeper.template, keeper.declaration):
        if statement.is_public:
            yield statement.place, f"The policy of {keeper.name} allows everybody"


def _is_false(value: Any) -> bool:
    return str(value).lower() == "false"


def _duration(seconds: float) -> str:
    units = ((_DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, name = next((each for each in units if seconds >= each[0]), (1, "second"))
    return counted(round(seconds / size), name)
