"""The rule about customer managed keys that the function may not use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.resources import Declaration
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.effects import accesses_of
from router.local.lint.keepers import Keeper, keepers
from router.local.lint.permissions import listed
from router.local.lint.resource_policies import Request, policy_statements
from router.local.lint.rule import Violation, rule

__all__ = ["key_not_allowed"]

_PAGE = "https://docs.aws.amazon.com/kms/latest/developerguide/determining-access.html"
_DECRYPT, _GENERATE = "kms:Decrypt", "kms:GenerateDataKey"
_SERVICE = "lambda.amazonaws.com"
# Where resources that effects write to have a key, and what a writer must be allowed.
_OF_EFFECTS = {
    "AWS::Kinesis::Stream": (("StreamEncryption", "KeyId"), (_GENERATE,)),
    "AWS::SNS::Topic": (("KmsMasterKeyId",), (_GENERATE, _DECRYPT)),
    "AWS::SQS::Queue": (("KmsMasterKeyId",), (_GENERATE, _DECRYPT)),
}


@dataclass(frozen=True)
class _Use:
    """A key that is needed for reading or writing something.

    Args:
        key: The key's ID, ARN or alias, resolved.
        actions: What the role must be allowed.
        place: The file and line.
        what: What fails without the actions.
        service: Whether it suffices if Lambda itself may use the key.
    """

    key: Any
    actions: Sequence[str]
    place: str
    what: str
    service: bool = False


@rule("error", _PAGE)
def key_not_allowed(deployment: Deployment) -> Iterator[Violation]:
    """The role may not use the key that encrypts the stream, copies of failed records, or what an effect writes to."""
    for use in _uses(deployment):
        key = _resource(deployment, use)
        lacking = [action for action in use.actions if not _is_allowed(deployment, use, key, action)]
        if lacking:
            name = str(use.key) if key is None else key.name
            yield Violation(
                use.place,
                f"The function's role is not allowed {' and '.join(lacking)} with the key {name}: {use.what}.",
                f"- Effect: Allow\n  Action: [{', '.join(use.actions)}]\n  Resource: !GetAtt {name}.Arn",
            )


def _uses(deployment: Deployment) -> Iterator[_Use]:
    yield from _use_of_mapping(deployment)
    unknown: NotKnownError | None = None
    for uses in (_use_of_table, _uses_of_effects):
        try:
            yield from uses(deployment)
        except NotKnownError as error:
            unknown = unknown or error
    for keeper in keepers(deployment):
        key = _key_of_bucket(keeper) if keeper.is_bucket else keeper.declaration.values.get("KmsMasterKeyId")
        actions = (_GENERATE,) if keeper.is_bucket else (_GENERATE, _DECRYPT)
        place = keeper.place("BucketEncryption" if keeper.is_bucket else "KmsMasterKeyId")
        if _is_customers(key):
            yield _Use(key, actions, place, f"records cannot be written to {keeper.name}")
    if unknown is not None:
        raise unknown


def _use_of_table(deployment: Deployment) -> Iterator[_Use]:
    table = deployment.table
    encryption = table.values.get("SSESpecification")
    key = encryption.get("KMSMasterKeyId") if isinstance(encryption, Mapping) else None
    for replica in listed(table.values.get("Replicas", ())):
        own = isinstance(replica, Mapping) and replica.get("Region") == deployment.template.reference("AWS::Region")
        encryption = replica.get("SSESpecification") if own else None
        key = encryption.get("KMSMasterKeyId") if isinstance(encryption, Mapping) else key
    if _is_customers(key):
        place = deployment.place_of_table("SSESpecification", "KMSMasterKeyId")
        yield _Use(key, (_DECRYPT,), place, f"Lambda cannot read the stream of {table.name}")


def _use_of_mapping(deployment: Deployment) -> Iterator[_Use]:
    key = deployment.mapping.settings.get("KmsKeyArn")
    if _is_customers(key):
        what = f"Lambda cannot read the filters of {deployment.mapping.name}"
        yield _Use(key, (_DECRYPT,), deployment.place("KmsKeyArn"), what, service=True)


def _uses_of_effects(deployment: Deployment) -> Iterator[_Use]:
    """The keys of queues, topics and streams; EventBridge and Firehose use the keys themselves."""
    for effect, _, target in accesses_of(deployment):
        resource = target.declaration
        if resource is None or resource.type not in _OF_EFFECTS:
            continue
        path, actions = _OF_EFFECTS[resource.type]
        key: Any = resource.values
        for name in path:
            key = key.get(name) if isinstance(key, Mapping) else None
        if _is_customers(key):
            place = deployment.template.place(resource.line_of(*path))
            yield _Use(key, actions, place, f"{effect!r} of a handler cannot write to {target.name}")


def _key_of_bucket(keeper: Keeper) -> Any:
    rules = listed(keeper.part("BucketEncryption").get("ServerSideEncryptionConfiguration", ()))
    defaults = [each.get("ServerSideEncryptionByDefault") for each in rules if isinstance(each, Mapping)]
    keys = [each.get("KMSMasterKeyID") for each in defaults if isinstance(each, Mapping)]
    return next((key for key in keys if key is not None), None)


def _is_customers(key: Any) -> bool:
    """Whether a key is the customer's; every role of the account may use AWS's own through their services."""
    return key is not None and not (isinstance(key, str) and "alias/aws/" in key)


def _resource(deployment: Deployment, use: _Use) -> Declaration | None:
    """The key, if it is a resource of the template."""
    template = deployment.template
    target = next(
        (
            each.values.get("TargetKeyId")
            for each in template.of_type("AWS::KMS::Alias")
            if use.key in (each.name, each.values.get("AliasName"))
        ),
        use.key,
    )
    if isinstance(target, Unknown):
        raise NotKnownError(use.place, f"the key is {target.written}")
    keys = template.of_type("AWS::KMS::Key")
    return next((key for key in keys if target in (template.reference(key.name), template.arn(key.name))), None)


def _is_allowed(deployment: Deployment, use: _Use, key: Declaration | None, action: str) -> bool:
    """Whether the key's policy allows an action, or leaves it to the policies of the role, and they do."""
    template = deployment.template
    if key is None:
        if deployment.permissions.allowing(action, str(use.key)) is None:
            raise NotKnownError(use.place, f"the policy of the key {use.key} is not in this template")
        return True
    arn = str(template.arn(key.name))
    request = Request(deployment.role, action, arn)
    statements = list(policy_statements(template, key))
    if any(not each.allows and each.applies(request) for each in statements):
        return False
    if any(each.names_role(request) or (use.service and each.names_service(_SERVICE, request)) for each in statements):
        return True
    if "KeyPolicy" in key.values and not any(each.delegates(request) for each in statements):
        return False
    statement, _ = deployment.statement_allowing([action], [arn])
    return statement is not None
