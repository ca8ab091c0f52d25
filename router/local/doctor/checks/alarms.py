"""Checks of the alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Any

from router.local.cloudformation.intrinsics import first_unknown
from router.local.doctor.alarms import Alarm
from router.local.doctor.check import Symptom, check
from router.local.doctor.deployed import Deployed
from router.local.doctor.remedies import DELETED, put_back

__all__ = ["alarm_differs", "alarm_missing", "alarm_raised", "alarm_silent", "alarm_without_data"]

_COMPARED = (
    "MetricName",
    "Namespace",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
)


@check("error")
def alarm_raised(deployed: Deployed) -> Iterator[Symptom]:
    """An alarm is in state ALARM."""
    yield from _in_state(deployed, "ALARM", _advice)


@check("note")
def alarm_without_data(deployed: Deployed) -> Iterator[Symptom]:
    """An alarm has no data: it was made minutes ago, or its metric does not exist."""
    yield from _in_state(
        deployed, "INSUFFICIENT_DATA", lambda _: "again in ten minutes; then compare its metric and dimensions"
    )


@check("warning")
def alarm_missing(deployed: Deployed) -> Iterator[Symptom]:
    """An alarm of the template does not exist."""
    for alarm in deployed.alarms:
        if alarm.values is None:
            yield Symptom(f"alarm {alarm.title}", "no such alarm", "the one of the template", DELETED)


@check("warning")
def alarm_silent(deployed: Deployed) -> Iterator[Symptom]:
    """An alarm has actions, and they are switched off."""
    for alarm in deployed.alarms:
        values = alarm.values or {}
        if values.get("AlarmActions") and values.get("ActionsEnabled") is False:
            yield Symptom(
                f"alarm {alarm.title}",
                "ActionsEnabled false",
                "ActionsEnabled true",
                f"aws cloudwatch enable-alarm-actions --alarm-names {values['AlarmName']}",
            )


@check("warning")
def alarm_differs(deployed: Deployed) -> Iterator[Symptom]:
    """An alarm has other settings than in the template."""
    for alarm in deployed.alarms:
        if alarm.declared is None or alarm.values is None:
            continue
        remedy = put_back(deployed.place(alarm.declared))
        for name in _COMPARED:
            expected, found = alarm.declared.values.get(name), alarm.values.get(name)
            if expected is not None and first_unknown(expected) is None and not _equal(found, expected):
                yield Symptom(f"alarm {alarm.title}", f"{name} {found}", f"{name} {expected}", remedy)
        if alarm.declared.values.get("AlarmActions") and not alarm.values.get("AlarmActions"):
            yield Symptom(f"alarm {alarm.title}", "no AlarmActions", "those of the template", remedy)


def _advice(alarm: Alarm) -> str:
    """The alarm's own description, and the section of the runbook."""
    description = str((alarm.values or {}).get("AlarmDescription") or "")
    return f"{description} The runbook, docs/operate.md: {alarm.title}".strip()


def _in_state(deployed: Deployed, state: str, remedy: Callable[[Alarm], str]) -> Iterator[Symptom]:
    for alarm in deployed.alarms:
        values: Mapping[str, Any] = alarm.values or {}
        if values.get("StateValue") == state:
            since = values["StateUpdatedTimestamp"].astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
            yield Symptom(f"alarm {alarm.title}", f"{state} since {since}", "OK", remedy(alarm))


def _equal(found: Any, expected: Any) -> bool:
    try:
        return float(found) == float(expected)
    except (TypeError, ValueError):
        return str(found) == str(expected)
