"""Checks of the function's configuration; names of environment variables only, never values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from router.local.cloudformation.intrinsics import first_unknown
from router.local.doctor.check import Symptom, check
from router.local.doctor.deployed import Deployed
from router.local.doctor.remedies import DELETED, put_back, restored

__all__ = [
    "declared_settings",
    "function_differs",
    "function_missing",
    "function_state",
    "function_stopped",
    "variables_differ",
]

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
_DEFAULTS: dict[str, Any] = {
    "Architectures": ["x86_64"],
    "Handler": None,
    "MemorySize": 128,
    "Runtime": None,
    "Timeout": 3,
}


@check("error")
def function_missing(deployed: Deployed) -> Iterator[Symptom]:
    """The function does not exist."""
    if deployed.configuration is None:
        yield Symptom(f"function {deployed.invoked}", "no such function", "the one of the stack", DELETED)


@check("error")
def function_state(deployed: Deployed) -> Iterator[Symptom]:
    """The function cannot be invoked, or its last update failed."""
    found = deployed.configuration or {}
    for name, fine in (("State", ("Active", "Inactive")), ("LastUpdateStatus", ("Successful",))):
        state = found.get(name, fine[0])
        if state not in fine:
            reason = found.get(f"{name}ReasonCode")
            yield Symptom(
                f"function {deployed.invoked}",
                f"{name} {state}{f' ({reason})' if reason else ''}",
                f"{name} {fine[0]}",
                "deploy again" if state == "Failed" else "wait for it",
            )


@check("error")
def function_stopped(deployed: Deployed) -> Iterator[Symptom]:
    """The function's reserved concurrency is 0: every invocation is throttled."""
    if deployed.configuration is None:
        return
    found = deployed.aws.call("lambda", "get_function_concurrency", FunctionName=deployed.name)
    if found.get("ReservedConcurrentExecutions") == 0:
        yield Symptom(
            f"function {deployed.invoked}",
            "reserved concurrency 0",
            "none, or 1 and more",
            f"aws lambda delete-function-concurrency --function-name {deployed.name}",
        )


@check("warning")
def function_differs(deployed: Deployed) -> Iterator[Symptom]:
    """The function has other settings than in the template."""
    found = deployed.configuration or {}
    for name, expected in declared_settings(deployed).items():
        if first_unknown(expected) is None and name in found and str(found[name]) != str(expected):
            yield Symptom(
                f"function {deployed.invoked}",
                f"{name} {_text(found[name])}",
                f"{name} {_text(expected)}",
                _remedy(deployed, name, expected),
            )


@check("warning")
def variables_differ(deployed: Deployed) -> Iterator[Symptom]:
    """The function has other environment variables than in the template."""
    if deployed.template is None or deployed.declared is None or deployed.configuration is None:
        return
    declared = deployed.template.environment(deployed.declared)
    for names, text in (
        (declared.keys() - deployed.variables.keys(), "no variable"),
        (deployed.variables.keys() - declared.keys(), "the variable"),
    ):
        for name in sorted(names):
            expected = "one, as in the template" if text == "no variable" else "none of this name, as in the template"
            yield Symptom(
                f"function {deployed.invoked}",
                f"{text} {name}",
                expected,
                put_back(_place(deployed, "Environment", "Variables")),
            )


def declared_settings(deployed: Deployed) -> dict[str, Any]:
    """The settings of the function that are compared, with AWS's defaults; none without a template.

    Args:
        deployed: The deployment.
    """
    if deployed.declared is None:
        return {}
    values = deployed.declared.values
    if values.get("PackageType") == "Image" or "ImageUri" in values:
        return {name: values.get(name, _DEFAULTS[name]) for name in ("Architectures", "MemorySize", "Timeout")}
    return {name: values.get(name, default) for name, default in _DEFAULTS.items()}


def _remedy(deployed: Deployed, name: str, value: Any) -> str:
    """What to do about a setting; a command changes no published version, which an alias has."""
    place = _place(deployed, name)
    if deployed.invoked != deployed.name:
        return put_back(place)
    return restored(f"aws lambda update-function-configuration --function-name {deployed.name}", name, value, place)


def _place(deployed: Deployed, *keys: str) -> str:
    return "" if deployed.declared is None else deployed.place(deployed.declared, *keys)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
