"""Checks of the mappings' settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from router.local.cloudformation.intrinsics import first_unknown
from router.local.cloudformation.mappings import DeclaredMapping
from router.local.doctor.check import Symptom, check
from router.local.doctor.checks.function import declared_settings
from router.local.doctor.deployed import Deployed, DeployedMapping, last_part
from router.local.doctor.remedies import restored

__all__ = ["mapping_differs", "not_compared"]

# AWS's defaults for a stream, of the settings that an update can change.
# https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
_OF_A_STREAM: dict[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
_OF_EVERY_SOURCE: dict[str, Any] = {
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MetricsConfig": {},
}
_COMPARED_APART = ("DestinationConfig", "Enabled")
_NO_DESTINATION = "none"


@check("warning")
def mapping_differs(deployed: Deployed) -> Iterator[Symptom]:
    """A mapping has other settings than in the template."""
    for mapping in deployed.mappings:
        if mapping.declared is None or mapping.values is None:
            continue
        pairs = [
            *_settings(mapping, mapping.values),
            *_destinations(deployed, mapping.declared, mapping.values),
            *_aliases(deployed, mapping),
        ]
        for name, found, expected in pairs:
            place = deployed.place(mapping.declared.declaration, name)
            command = f"aws lambda update-event-source-mapping --uuid {mapping.uuid}"
            value = False if name == "Enabled" else _expected(mapping).get(name)
            remedy = restored(command, name, value, place)
            yield Symptom(mapping.name, f"{name} {found}", f"{name} {expected}", remedy)


@check("note")
def not_compared(deployed: Deployed) -> Iterator[Symptom]:
    """Settings have values that the template does not determine."""
    parts = [(f"function {deployed.function}", declared_settings(deployed))]
    parts += [(each.name, each.declared.settings) for each in deployed.mappings if each.declared is not None]
    for where, settings in parts:
        for name, value in settings.items():
            unknown = first_unknown(value)
            if unknown is not None and deployed.physical(_destination({name: value}) or unknown) is None:
                yield Symptom(
                    where, f"{name} is not compared: it is {unknown.written}", "a value", "compare it by hand"
                )


def _settings(mapping: DeployedMapping, values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The settings that differ, each with what was found and what is expected."""
    for name, expected in _expected(mapping).items():
        found = values.get(name, _defaults(mapping).get(name))
        if _canonical(name, found) != _canonical(name, expected):
            yield name, _text(found), _text(expected)
    if mapping.stopped and str(values.get("State")).startswith("Enabl"):
        yield "Enabled", "True", "False"


def _destinations(
    deployed: Deployed, declared: DeclaredMapping, values: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """The on-failure destination if it differs."""
    found, expected = _destination(values), _destination(declared.settings)
    name = _NO_DESTINATION if expected is None else deployed.physical(expected)
    present = _NO_DESTINATION if found is None else last_part(str(found))
    if name is not None and present != name:
        yield "DestinationConfig", present, name


def _aliases(deployed: Deployed, mapping: DeployedMapping) -> Iterator[tuple[str, str, str]]:
    """The alias that the mapping invokes if it is not the one that SAM publishes."""
    alias = deployed.declared.values.get("AutoPublishAlias") if deployed.declared is not None else None
    if isinstance(alias, str) and mapping.values is not None and mapping.qualifier != alias:
        yield "FunctionName", f"with {mapping.qualifier or 'no alias'}", f"with {alias}"


def _defaults(mapping: DeployedMapping) -> Mapping[str, Any]:
    of_a_queue = ":sqs:" in str((mapping.values or {}).get("EventSourceArn"))
    return _OF_EVERY_SOURCE if of_a_queue else {**_OF_EVERY_SOURCE, **_OF_A_STREAM}


def _expected(mapping: DeployedMapping) -> dict[str, Any]:
    """The settings of the template with AWS's defaults, without those whose value it does not determine."""
    declared = {} if mapping.declared is None else mapping.declared.settings
    known = {name: value for name, value in declared.items() if first_unknown(value) is None}
    unknown = declared.keys() - known.keys()
    settings = {name: value for name, value in _defaults(mapping).items() if name not in unknown} | known
    fixed = {"StartingPosition", "StartingPositionTimestamp", "KmsKeyArn"}  # the first two cannot be changed
    return {name: value for name, value in settings.items() if name not in {*_COMPARED_APART, *fixed}}


def _canonical(name: str, value: Any) -> Any:
    if name == "FilterCriteria":
        return sorted(json.dumps(_parsed(each.get("Pattern")), sort_keys=True) for each in _filters(value))
    return sorted(map(str, value)) if isinstance(value, list) else value or None if isinstance(value, dict) else value


def _filters(criteria: Any) -> list[Mapping[str, Any]]:
    found = criteria.get("Filters") if isinstance(criteria, Mapping) else None
    return [each for each in found or () if isinstance(each, Mapping)]


def _parsed(pattern: Any) -> Any:
    try:
        return json.loads(pattern)
    except (TypeError, ValueError):
        return pattern


def _destination(settings: Mapping[str, Any]) -> Any:
    """The on-failure destination; ``None`` without one."""
    config = settings.get("DestinationConfig")
    on_failure = config.get("OnFailure") if isinstance(config, Mapping) else None
    return (on_failure.get("Destination") if isinstance(on_failure, Mapping) else None) or None


def _text(value: Any) -> str:
    if isinstance(value, Mapping) and ("Filters" in value or not value):
        patterns = ", ".join(str(each.get("Pattern")) for each in _filters(value))
        return patterns or "none"
    return "none" if value in (None, []) else json.dumps(value) if isinstance(value, list | dict) else str(value)
