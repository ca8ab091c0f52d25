"""The policies of queues, topics, buses, streams, buckets and keys: what they allow and deny to a function's role.

A policy allows or denies by principal, action, resource and condition. Of the conditions' keys only those are known
that have the same value in every request of a function.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.references import ACCOUNT
from router.local.cloudformation.resources import Declaration, TemplateFile
from router.local.lint.permissions import fits, fits_arn, listed

__all__ = ["PolicyStatement", "Request", "policy_statements"]

Truth = bool | None
"""``None`` if the template does not determine it."""

_DOCUMENT = "PolicyDocument"
# The properties with the resources that a policy is of, and with its document.
_HOLDERS = {
    "AWS::Events::EventBusPolicy": ("EventBusName", None),
    "AWS::Kinesis::ResourcePolicy": ("ResourceArn", "ResourcePolicy"),
    "AWS::SQS::QueuePolicy": ("Queues", _DOCUMENT),
    "AWS::SQS::QueueInlinePolicy": ("Queue", _DOCUMENT),
    "AWS::SNS::TopicPolicy": ("Topics", _DOCUMENT),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn", _DOCUMENT),
    "AWS::S3::BucketPolicy": ("Bucket", _DOCUMENT),
}
_ROOT = (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
_KEYS = {
    "aws:securetransport": "true",
    "aws:principalaccount": ACCOUNT,
    "aws:principalisawsservice": "false",
    "aws:resourceaccount": ACCOUNT,
    "kms:calleraccount": ACCOUNT,
    "s3:resourceaccount": ACCOUNT,
    "s3:tlsversion": "1.3",
}
_ROLE_KEY = "aws:principalarn"
_OF_EVERY_REQUEST = {"aws:securetransport", "s3:tlsversion"}
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Bool": lambda pattern, value: pattern.lower() == value,
    "StringEquals": lambda pattern, value: pattern == value,
    "StringEqualsIgnoreCase": lambda pattern, value: pattern.lower() == value.lower(),
    "StringLike": fits,
    "ArnEquals": fits,
    "ArnLike": fits,
    "NumericLessThan": lambda pattern, value: float(value) < float(pattern),
    "NumericLessThanEquals": lambda pattern, value: float(value) <= float(pattern),
    "NumericGreaterThanEquals": lambda pattern, value: float(value) >= float(pattern),
}


@dataclass(frozen=True)
class Request:
    """What a function's role asks for.

    Args:
        role: The role's ARN, or the function that gives the ARN of the role that SAM makes.
        action: The action.
        resource: The ARN of the resource.
    """

    role: Any
    action: str
    resource: str


@dataclass(frozen=True)
class PolicyStatement:
    """One statement of a resource's policy.

    Args:
        values: The statement.
        place: The file and line of the policy.
    """

    values: Mapping[str, Any]
    place: str

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        return self.values.get("Effect") == "Allow"

    @property
    def is_public(self) -> bool:
        """Whether it allows everybody: for any principal, without a condition that tells callers apart."""
        conditions = self.values.get("Condition") or {}
        keys = {str(key).lower() for test in conditions.values() for key in test} if _nested(conditions) else {""}
        return self.allows and "*" in _arns(self.values.get("Principal")) and keys <= _OF_EVERY_REQUEST

    def delegates(self, request: Request) -> bool:
        """Whether it may allow the account to allow the request by the policies of its roles."""
        root = any(each in _ROOT for each in _arns(self.values.get("Principal")))
        return self.allows and root and self._covers(request) is not False

    def names_role(self, request: Request) -> bool:
        """Whether it may allow the request to the role itself, by its name or by ``*``."""
        principals = _arns(self.values.get("Principal"))
        named = any(each in ("*", request.role) or isinstance(each, Unknown) for each in principals)
        return self.allows and named and self._covers(request) is not False

    def names_service(self, service: str, request: Request) -> bool:
        """Whether it may allow the request to a service of AWS."""
        principal = self.values.get("Principal")
        services = listed(principal.get("Service")) if isinstance(principal, Mapping) else ()
        return self.allows and service in services and self._covers(request) is not False

    def applies(self, request: Request) -> Truth:
        """Whether the statement is about a request: its principal, action, resource and condition."""
        return _all(self._principal(request.role), self._covers(request), self._condition(request))

    def _covers(self, request: Request) -> Truth:
        action = request.action.lower()
        actions = _either(self.values, "Action", lambda pattern: fits(pattern.lower(), action))
        return _all(actions, _either(self.values, "Resource", lambda pattern: fits_arn(pattern, request.resource)))

    def _principal(self, role: Any) -> Truth:
        values = {name: _arns(value) for name, value in self.values.items() if name in ("Principal", "NotPrincipal")}

        def fitting(arn: Any) -> Truth:
            return True if arn in ("*", *_ROOT) else _is_role(arn, role)

        return _either(values, "Principal", fitting)

    def _condition(self, request: Request) -> Truth:
        conditions = self.values.get("Condition") or {}
        if not _nested(conditions):
            return None
        tests = [(name, str(key), value) for name, test in conditions.items() for key, value in test.items()]
        return _all(*(_test(*each, request.role) for each in tests))


def policy_statements(template: TemplateFile, resource: Declaration) -> Iterator[PolicyStatement]:
    """The statements of the policies of a queue, a topic, a bus, a stream, a bucket or a key.

    Args:
        template: The template.
        resource: The resource.
    """
    names = template.reference(resource.name), template.arn(resource.name)
    for policy in template.of_type(*_HOLDERS):
        of, document = _HOLDERS[policy.type]
        if any(each in names for each in listed(policy.values.get(of))):
            yield from _document(policy, document, template)
    if "KeyPolicy" in resource.values:
        yield from _document(resource, "KeyPolicy", template)


def _document(holder: Declaration, name: str | None, template: TemplateFile) -> Iterator[PolicyStatement]:
    """The statements of a document, or of a policy that has its statement itself."""
    document = holder.values if name is None else holder.values.get(name)
    place = template.place(holder.line_of(name or "Statement"))
    for statement in listed(document.get("Statement", ())) if isinstance(document, Mapping) else ():
        if isinstance(statement, Mapping):
            yield PolicyStatement(statement, place)


def _arns(principal: Any) -> list[Any]:
    """The accounts and roles of a Principal; an unknown value for one that is no plain data."""
    if isinstance(principal, Mapping):
        return listed(principal.get("AWS", ()))
    return [] if principal is None else listed(principal)


def _is_role(written: Any, role: Any) -> Truth:
    """Whether an ARN, which may have wildcards, is that of the role; CloudFormation may make the role's name."""
    if written == role or (isinstance(written, str) and isinstance(role, str) and fits_arn(written, role)):
        return True
    made_by_sam = isinstance(role, Unknown) and role.written.endswith("Role.Arn")
    if not isinstance(written, str) or "*" in written or not (made_by_sam or isinstance(role, str)):
        return None
    return False


def _either(values: Mapping[str, Any], name: str, fitting: Callable[[Any], Truth]) -> Truth:
    """Whether one of the values fits, or none of those of the negated element, such as NotAction."""
    negated = f"Not{name}" in values
    found = [
        None if isinstance(each, Unknown) and name != "Principal" else fitting(each)
        for each in listed(values.get(f"Not{name}" if negated else name, ()))
    ]
    truth = _any(*found)
    return truth if not negated or truth is None else not truth


def _nested(conditions: Any) -> bool:
    return isinstance(conditions, Mapping) and all(isinstance(each, Mapping) for each in conditions.values())


def _test(name: str, key: str, expected: Any, role: Any) -> Truth:
    """Whether a request meets a test of one key; ``None`` if the value of the key or the test is unknown."""
    name = name.removesuffix("IfExists")
    test = _TESTS.get(name.replace("Not", ""))
    value = _KEYS.get(key.lower())
    of_role = key.lower() == _ROLE_KEY

    def fitting(pattern: Any) -> Truth:
        if of_role:
            return _is_role(pattern, role)
        if test is None or value is None or isinstance(pattern, Unknown):
            return None
        return test(str(pattern).lower() if isinstance(pattern, bool) else str(pattern), value)

    try:
        found = [fitting(each) for each in listed(expected)] if test else [None]
    except ValueError:
        return None
    truth = _any(*found)
    return truth if truth is None else truth is not ("Not" in name)


def _all(*truths: Truth) -> Truth:
    return False if False in truths else None if None in truths else True


def _any(*truths: Truth) -> Truth:
    return True if True in truths else None if None in truths else False
