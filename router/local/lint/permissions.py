"""The actions that a function's role allows, as far as the template determines them.

SAM's policy templates are expanded by samtranslator; its import, a tenth of a second, happens only if a function has
one. Roles are read here: samtranslator makes the role of a function only if it accepts the whole template, in a known
region, and without line numbers.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from router.extras import needed_by
from router.local.cloudformation.intrinsics import StreamOf, Unknown, resolve
from router.local.cloudformation.references import ACCOUNT, STACK
from router.local.cloudformation.resources import SAM_FUNCTION, Declaration, TemplateFile
from router.local.lint.managed_policies import MANAGED_POLICIES

__all__ = ["Permissions", "Statement", "fits", "fits_arn", "listed", "permissions_of"]

_NAME = re.compile(r"^((?:deliverystream|event-bus|function|key|role|stream|table)[:/])?([^:/]+)")
_ROLE_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    Args:
        allows: Whether its effect is Allow.
        actions: The actions, with IAM's wildcards.
        resources: The ARNs, with IAM's wildcards; some may be unknown before deployment.
        place: The file and line of the template.
        conditional: Whether it has a Condition.
    """

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str | Unknown, ...]
    place: str
    conditional: bool = False

    def covers(self, action: str, arn: str) -> bool | None:
        """Whether the statement applies to an action on a resource; ``None`` if an unknown resource decides it."""
        # IAM ignores the case of actions, but not of ARNs.
        if not any(fits(pattern.lower(), action.lower()) for pattern in self.actions):
            return False
        if any(isinstance(pattern, str) and fits_arn(pattern, arn) for pattern in self.resources):
            return True
        return None if any(isinstance(pattern, Unknown) for pattern in self.resources) else False


@dataclass(frozen=True)
class Permissions:
    """The policies of a role.

    Args:
        statements: The statements whose actions the template determines.
        complete: Whether the role has no others.
    """

    statements: tuple[Statement, ...]
    complete: bool

    def allowing(self, action: str, arn: str) -> Statement | None:
        """The statement that allows an action on a resource; ``None`` if none does, or if another denies it."""
        covering = [statement for statement in self.statements if statement.covers(action, arn)]
        if any(not statement.allows for statement in covering):
            return None
        return next(iter(covering), None)

    def determine(self, action: str, arn: str) -> bool:
        """Whether the template determines if an action on a resource is allowed."""
        return self.complete and all(statement.covers(action, arn) is not None for statement in self.statements)


def permissions_of(template: TemplateFile, function: Declaration) -> Permissions:
    """Read the policies of a function's role.

    Args:
        template: The template.
        function: The function.
    """
    found = list(_policies(template, function))
    statements = tuple(statement for statement in found if statement is not None)
    return Permissions(statements, len(statements) == len(found))


Found = Iterator[Statement | None]
"""Statements, and ``None`` for a policy or statement that the template does not determine."""


def _policies(template: TemplateFile, function: Declaration) -> Found:
    if "Connectors" in function.values or template.of_type("AWS::Serverless::Connector"):
        yield None
    if function.type == SAM_FUNCTION and "Role" not in function.values:
        place = template.place(function.line_of("Policies"))
        for policy in listed(function.values.get("Policies", ())):
            yield from _sam_policy(policy, template, place)
        yield from _attached(template, Unknown(f"!Ref {function.name}Role"))
        return
    roles = template.of_type("AWS::IAM::Role")
    role = next((each for each in roles if function.values.get("Role") == template.arn(each.name)), None)
    if role is None:
        yield None
        return
    for policy in listed(role.values.get("ManagedPolicyArns", ())):
        yield from _managed(policy, template, template.place(role.line_of("ManagedPolicyArns")))
    for policy in listed(role.values.get("Policies", ())):
        document = policy.get("PolicyDocument") if isinstance(policy, Mapping) else policy
        yield from _document(document, template, template.place(role.line_of("Policies")))
    yield from _attached(template, template.reference(role.name))


def _attached(template: TemplateFile, role: Any) -> Found:
    """The statements of policies that are resources of their own."""
    for policy in template.of_type(*_ROLE_POLICIES):
        if role in (*listed(policy.values.get("Roles", ())), policy.values.get("RoleName")):
            place = template.place(policy.line_of("PolicyDocument"))
            yield from _document(policy.values.get("PolicyDocument"), template, place)


def _sam_policy(policy: Any, template: TemplateFile, place: str) -> Found:
    if isinstance(policy, str):
        yield from _managed(policy, template, place)
    elif isinstance(policy, Mapping) and "Statement" in policy:
        yield from _document(policy, template, place)
    elif isinstance(policy, Mapping) and len(policy) == 1:
        ((name, arguments),) = policy.items()
        yield from _document(resolve(_expanded(name, arguments), template.document), template, place)
    else:
        yield None


def _expanded(name: str, arguments: Any) -> Any:
    """The policy document of a SAM policy template; ``None`` if samtranslator refuses the name or the arguments."""
    with needed_by("a SAM policy template"):
        from samtranslator.policy_template_processor import exceptions  # type: ignore[import-untyped]  # it has no types

    try:
        return _policy_templates().convert(name, arguments)
    except (
        exceptions.TemplateNotFoundException,
        exceptions.InsufficientParameterValues,
        exceptions.InvalidParameterValues,
    ):
        return None


@cache
def _policy_templates() -> Any:
    from samtranslator.policy_template_processor.processor import (  # type: ignore[import-untyped]  # as above
        PolicyTemplatesProcessor,
    )

    return PolicyTemplatesProcessor(PolicyTemplatesProcessor.get_default_policy_templates_json())


def _managed(policy: Any, template: TemplateFile, place: str) -> Found:
    for own in template.of_type("AWS::IAM::ManagedPolicy"):
        if policy == template.reference(own.name):
            yield from _document(
                own.values.get("PolicyDocument"), template, template.place(own.line_of("PolicyDocument"))
            )
            return
    allowed = MANAGED_POLICIES.get(policy.rpartition("/")[2]) if isinstance(policy, str) else None
    if allowed is None:
        yield None
    for actions, resource in allowed or ():
        yield Statement(True, tuple(actions.split()), (resource,), place)


def _document(document: Any, template: TemplateFile, place: str) -> Found:
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if statements is None:
        yield None
    for statement in listed(statements or ()):
        yield _statement(statement, template, place)


def _statement(statement: Any, template: TemplateFile, place: str) -> Statement | None:
    if not isinstance(statement, Mapping) or not {"Effect", "Action", "Resource"} <= statement.keys():
        return None  # NotAction and NotResource too
    allows = statement["Effect"] == "Allow"
    actions = listed(statement["Action"])
    resources = [_resource(each, template) for each in listed(statement["Resource"])]
    if any(not isinstance(action, str) for action in actions):
        return None
    if not allows and "Condition" in statement:
        return Statement(True, (), (), place)  # the request determines whether it denies: counts as no denial
    return Statement(allows, tuple(actions), tuple(resources), place, "Condition" in statement)


def _resource(written: Any, template: TemplateFile) -> str | Unknown:
    if isinstance(written, StreamOf):
        return f"{template.arn(written.logical_id)}/stream/*"
    return written if isinstance(written, str | Unknown) else Unknown("no text")


def listed(value: Any) -> list[Any]:
    """The value as a list: a policy may have one text or a list of texts.

    Args:
        value: The value.
    """
    return list(value) if isinstance(value, list | tuple) else [value]


def fits_arn(pattern: str, arn: str) -> bool:
    """Whether an ARN of this template, as it is or once deployed, fits a pattern with IAM's wildcards.

    Args:
        pattern: The pattern.
        arn: The ARN.
    """
    return any(fits(pattern, each) for each in _spellings(arn, pattern))


def _spellings(arn: str, pattern: str) -> tuple[str, ...]:
    """The ARN, and those that it may have once deployed, since partition, region, account and stack are made up."""
    parts, written = arn.split(":", 5), pattern.split(":", 5)
    if len(parts) < 6 or len(written) < 6 or parts[4] not in (ACCOUNT, ""):
        return (arn,)
    place = [mine if not mine or "*" in given else given for mine, given in zip(parts[3:5], written[3:5], strict=True)]
    name = _NAME.sub(rf"\g<1>{STACK}-\g<2>-1A2B3C", parts[5])
    return (arn, *(":".join(["arn", written[1], parts[2], *place, resource]) for resource in (parts[5], name)))


def fits(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern with IAM's wildcards ``*`` and ``?``.

    Args:
        pattern: The pattern.
        text: The text.
    """
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(expression, text) is not None
