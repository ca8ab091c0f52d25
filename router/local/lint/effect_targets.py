"""The resources of a template that effects write to."""

from __future__ import annotations

from dataclasses import dataclass

from router.effects.requests import Access
from router.local.cloudformation.intrinsics import resolve
from router.local.cloudformation.resources import SIMPLE_TABLE, TABLES, Declaration
from router.local.lint.deployment import Deployment

__all__ = ["DEFAULT_NAMES", "TYPES", "Target", "target_of"]

TYPES = {
    "dynamodb": (*TABLES, SIMPLE_TABLE),
    "events": ("AWS::Events::EventBus",),
    "firehose": ("AWS::KinesisFirehose::DeliveryStream",),
    "kinesis": ("AWS::Kinesis::Stream",),
    "sns": ("AWS::SNS::Topic",),
    "sqs": ("AWS::SQS::Queue",),
}
"""The types of a service's resources."""
DEFAULT_NAMES = {"events": ("default",)}
"""The names of resources that every account has."""

_DEFAULT_BUS = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"


@dataclass(frozen=True)
class Target:
    """What an effect needs access to.

    Args:
        name: Its name for a finding: the logical ID, with the index of a table.
        arn: Its ARN.
        written: The ARN as a template writes it.
        declaration: The resource; ``None`` for the default bus, which no template declares.
    """

    name: str
    arn: str
    written: str
    declaration: Declaration | None


def target_of(deployment: Deployment, access: Access) -> Target | None:
    """The target of an access; ``None`` for one of another template.

    Args:
        deployment: The deployment.
        access: The access.
    """
    template, service = deployment.template, access.actions[0].partition(":")[0]
    found = template.named(access.resource, *TYPES[service])
    if found is None:
        if access.resource not in DEFAULT_NAMES.get(service, ()):
            return None
        arn = str(resolve({"Fn::Sub": _DEFAULT_BUS}, template.document))
        return Target("the default bus", arn, f'!Sub "{_DEFAULT_BUS}"', None)
    index = f"/index/{access.of_index}" if access.of_index else ""
    written = f'!Sub "${{{found.name}.Arn}}{index}"' if index else f"!GetAtt {found.name}.Arn"
    return Target(f"{found.name}{index}", f"{template.arn(found.name)}{index}", written, found)
