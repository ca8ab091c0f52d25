"""Checks of the stack."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.doctor.check import Symptom, check
from router.local.doctor.deployed import Deployed

__all__ = ["stack_state"]

_DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


@check("warning")
def stack_state(deployed: Deployed) -> Iterator[Symptom]:
    """The last deployment of the stack is not complete."""
    stack = deployed.stack
    if stack is not None and stack.state not in _DEPLOYED:
        yield Symptom(
            f"stack {stack.name}",
            stack.state,
            "UPDATE_COMPLETE",
            f"aws cloudformation describe-stack-events --stack-name {stack.name} has the reason; deploy again",
        )
