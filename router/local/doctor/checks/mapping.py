"""Checks of the state of the mappings."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.doctor.check import Symptom, check
from router.local.doctor.deployed import Deployed
from router.local.doctor.remedies import DELETED

__all__ = ["mapping_missing", "mapping_result", "mapping_state"]

_PASSING = ("Creating", "Updating", "Enabling")
_FINE = ("OK", "No records processed")


@check("error")
def mapping_missing(deployed: Deployed) -> Iterator[Symptom]:
    """Nothing delivers the changes: the function has no mapping, or not the one of the template."""
    if not deployed.mappings:
        yield Symptom(
            f"function {deployed.function}",
            "no event source mapping",
            "one of a table's stream",
            f"{DELETED}; the stream keeps records for 24 hours",
        )
    for mapping in deployed.mappings:
        if mapping.values is None:
            yield Symptom(
                mapping.name,
                "no event source mapping in AWS",
                "the one of the template",
                f"{DELETED}; the stream keeps records for 24 hours",
            )


@check("error")
def mapping_state(deployed: Deployed) -> Iterator[Symptom]:
    """A mapping does not deliver."""
    for mapping in deployed.mappings:
        state = str((mapping.values or {}).get("State", "Enabled"))
        if state == "Enabled" or (state.startswith("Disabl") and mapping.stopped):
            continue
        remedy = (
            f"aws lambda get-event-source-mapping --uuid {mapping.uuid}, again in a minute"
            if state in _PASSING
            else f"aws lambda update-event-source-mapping --uuid {mapping.uuid} --enabled; "
            "a stream keeps records for 24 hours"
        )
        yield Symptom(
            mapping.name,
            f"State {state} ({(mapping.values or {}).get('StateTransitionReason')})",
            "State Enabled",
            remedy,
        )


@check("error")
def mapping_result(deployed: Deployed) -> Iterator[Symptom]:
    """The last batch had a problem."""
    for mapping in deployed.mappings:
        result = str((mapping.values or {}).get("LastProcessingResult") or "OK")
        if not result.startswith(_FINE):
            yield Symptom(
                mapping.name,
                f"LastProcessingResult {result}",
                "LastProcessingResult OK",
                f"the log of the function has the reason: aws logs tail {_log_group(deployed)} --since 1h",
            )


def _log_group(deployed: Deployed) -> str:
    group = (deployed.configuration or {}).get("LoggingConfig", {}).get("LogGroup")
    return str(group or f"/aws/lambda/{deployed.name}")
