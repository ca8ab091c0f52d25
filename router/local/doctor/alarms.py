"""Alarms of CloudWatch: those of the template, or of the stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.local.cloudformation.resources import Declaration
from router.local.doctor.aws import Aws

__all__ = ["ALARM", "Alarm", "alarms_by_metric", "alarms_by_name"]

ALARM = "AWS::CloudWatch::Alarm"
_MOST_NAMES = 100  # of a call


@dataclass(frozen=True)
class Alarm:
    """An alarm.

    Args:
        title: Its logical ID, else its name.
        declared: What the template declares; ``None`` without a template.
        values: What DescribeAlarms answers; ``None`` if there is no such alarm.
    """

    title: str
    declared: Declaration | None
    values: Mapping[str, Any] | None


def alarms_by_name(aws: Aws, names: Mapping[str, str | None], declared: Mapping[str, Declaration]) -> Iterator[Alarm]:
    """Read alarms by their names.

    Args:
        aws: The account.
        names: Their names by logical ID; ``None`` for an alarm that the stack has not made.
        declared: Their declarations by logical ID, as far as there is a template.
    """
    made = [name for name in names.values() if name is not None]
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(made), _MOST_NAMES):
        listed = aws.listed(
            "cloudwatch",
            "describe_alarms",
            "MetricAlarms",
            AlarmNames=made[start : start + _MOST_NAMES],
            AlarmTypes=["MetricAlarm"],
        )
        found |= {each["AlarmName"]: each for each in listed}
    for title, name in names.items():
        yield Alarm(title, declared.get(title), None if name is None else found.get(name))


def alarms_by_metric(aws: Aws, declared: Declaration, dimensions: Sequence[Mapping[str, str]]) -> Alarm:
    """Read the alarm on the metric of a declaration.

    Args:
        aws: The account.
        declared: The declaration.
        dimensions: The dimensions of its metric, with the names of deployed resources.
    """
    found = aws.call(
        "cloudwatch",
        "describe_alarms_for_metric",
        Namespace=declared.values["Namespace"],
        MetricName=declared.values["MetricName"],
        Dimensions=list(dimensions),
    )
    of_the_metric = [each for each in found["MetricAlarms"] if _pairs(each["Dimensions"]) == _pairs(dimensions)]
    return Alarm(declared.name, declared, next(iter(of_the_metric), None))


def _pairs(dimensions: Sequence[Mapping[str, str]]) -> set[tuple[str, str]]:
    return {(each["Name"], each["Value"]) for each in dimensions}
