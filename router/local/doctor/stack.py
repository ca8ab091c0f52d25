"""A stack of CloudFormation: its parameters, and the resources that it has made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from router.local.doctor.aws import AbsentError, Aws, NoAccessError, NotCheckedError

__all__ = ["Stack", "read_stack"]

_HIDDEN = "****"  # the value of a parameter with NoEcho


@dataclass(frozen=True)
class Stack:
    """A stack.

    Args:
        name: Its name.
        state: Its status: ``UPDATE_COMPLETE``.
        parameters: The values of its parameters by name, without hidden ones.
        ids: The physical IDs of its resources by logical ID.
        types: The types of its resources by logical ID.
    """

    name: str
    state: str
    parameters: Mapping[str, str]
    ids: Mapping[str, str]
    types: Mapping[str, str]


def read_stack(aws: Aws, name: str) -> Stack:
    """Read a stack.

    Args:
        aws: The account.
        name: The stack's name or ARN.

    Raises:
        NoAccessError: There is no such stack, or it may not be read.
    """
    try:
        (found,) = aws.call("cloudformation", "describe_stacks", StackName=name)["Stacks"]
        # DescribeStackResources ends after 100 resources.
        listed = aws.listed("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name)
    except AbsentError:
        msg = f"found no stack {name!r} in this account and region; see --profile and --region"
        raise NoAccessError(msg) from None
    except NotCheckedError as error:
        msg = f"cannot read the stack {name!r}: {error}; without a stack name the function with --function"
        raise NoAccessError(msg) from None
    parameters = {
        each["ParameterKey"]: each.get("ResolvedValue", each.get("ParameterValue", _HIDDEN))
        for each in found.get("Parameters", ())
    }
    made = {each["LogicalResourceId"]: each for each in listed if each.get("PhysicalResourceId")}
    return Stack(
        name=found["StackName"],
        state=found["StackStatus"],
        parameters={key: value for key, value in parameters.items() if value != _HIDDEN},
        ids={key: each["PhysicalResourceId"] for key, each in made.items()},
        types={key: each["ResourceType"] for key, each in made.items()},
    )
