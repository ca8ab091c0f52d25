"""What to do about a difference between AWS and the template, in the words of a finding."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["DELETED", "put_back", "restored"]

# CloudFormation changes what differs from the template of the last deployment, and does not look at AWS itself.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
_DRIFT = "a change set with --deployment-mode REVERT_DRIFT"

DELETED = f"deploy the template; what was deleted beside the stack: {_DRIFT}"
"""What to do where a resource does not exist."""


def put_back(place: str) -> str:
    """What to do where a value differs.

    Args:
        place: The file and line that declares it.
    """
    return f"deploy the template; what was changed beside the stack: {_DRIFT}; or change {place}"


def restored(command: str, name: str, value: Any, place: str) -> str:
    """What to do where a value differs that an option of a command of aws sets.

    Args:
        command: The command without the option.
        name: AWS's name of the value.
        value: The value of the template.
        place: The file and line that declares it.

    Example:
        >>> restored("aws lambda update-event-source-mapping --uuid 1", "BatchSize", 100, "template.yaml:9")
        'aws lambda update-event-source-mapping --uuid 1 --batch-size 100; or change template.yaml:9'
    """
    option = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    if isinstance(value, bool):
        return f"{command} --{'' if value else 'no-'}{option}; or change {place}"
    if isinstance(value, int | float | str):
        return f"{command} --{option} {value}; or change {place}"
    return put_back(place)
