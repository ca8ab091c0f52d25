"""Rules about the function: its runtime, its role, its environment and its logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.resources import Declaration
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.rule import Violation, rule

__all__ = ["error_texts_logged", "logs_never_expire", "role_too_wide", "tenant_isolation", "wrong_runtime"]

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"
_OLDEST_PYTHON = (3, 11)


@rule("error", f"{_GUIDE}/lambda-runtimes.html")
def wrong_runtime(deployment: Deployment) -> Iterator[Violation]:
    """The runtime cannot run the app."""
    if deployment.property_of_function("PackageType", "Zip") == "Image":
        return
    runtime = deployment.property_of_function("Runtime", "")
    found = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    runs = (int(found[1]), int(found[2])) >= _OLDEST_PYTHON if found else runtime.startswith("provided")
    if runtime and not runs:
        why = "has a Python that is too old for the app" if runtime.startswith("python") else "does not run Python"
        yield Violation(
            deployment.place_of_function("Runtime"),
            f"Runtime is {runtime}, which {why}: every invocation fails, until Lambda discards the records.",
            "Runtime: python3.13 # 3.11 or later",
        )


@rule("error", f"{_GUIDE}/tenant-isolation.html")
def tenant_isolation(deployment: Deployment) -> Iterator[Violation]:
    """The function is isolated by tenant, which excludes event source mappings."""
    config: dict[str, Any] = deployment.property_of_function("TenancyConfig", {})
    if config.get("TenantIsolationMode"):
        yield Violation(
            deployment.place_of_function("TenancyConfig"),
            f"The function is isolated by tenant, so Lambda refuses {deployment.mapping.name} and the deployment "
            "fails: the records of a batch belong to many tenants.",
            "no TenancyConfig; a new function, since the mode cannot be changed",
        )


@rule("warning", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html")
def role_too_wide(deployment: Deployment) -> Iterator[Violation]:
    """The role allows all actions of a service on all resources."""
    wide = re.compile(r"[\w-]+:\*|\*")
    for statement in deployment.permissions.statements:
        actions = [action for action in statement.actions if wide.fullmatch(action)]
        if statement.allows and not statement.conditional and actions and "*" in statement.resources:
            yield Violation(
                statement.place,
                f"The role allows {', '.join(actions)} on every resource of the account: a fault of a handler, or of a "
                "package that it imports, can delete any of them.",
                "the actions that handlers call, on the resources that they use",
            )
    if not deployment.permissions.complete:
        raise deployment.unknown_policies


@rule("warning", f"{_GUIDE}/configuration-envvars.html")
def error_texts_logged(deployment: Deployment) -> Iterator[Violation]:
    """The log contains the texts of errors, which may quote items."""
    environment: dict[str, Any] = deployment.property_of_function("Environment", {})
    variables = environment.get("Variables")
    value = variables.get("LOG_ERROR_TEXT") if isinstance(variables, Mapping) else None
    place = deployment.place_of_function("Environment", "Variables", "LOG_ERROR_TEXT")
    if isinstance(value, Unknown):
        raise NotKnownError(place, f"LOG_ERROR_TEXT is {value.written}")
    if str(value) == "1":
        yield Violation(
            place,
            "LOG_ERROR_TEXT is 1: logs and parked records contain the texts of errors, which may quote items.",
            "no LOG_ERROR_TEXT",
        )


@rule("note", "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html")
def logs_never_expire(deployment: Deployment) -> Iterator[Violation]:
    """The function's logs are kept for ever."""
    name, place = _log_group(deployment)
    groups = deployment.template.of_type("AWS::Logs::LogGroup")
    group = next((each for each in groups if name in (each.values.get("LogGroupName"), each.name)), None)
    if group is None and any(isinstance(each.values.get("LogGroupName"), Unknown) for each in groups):
        raise NotKnownError(place, "the names of log groups are unknown before deployment")
    if group is None or "RetentionInDays" not in group.values:
        missing = "log group of the function" if group is None else f"RetentionInDays of {group.name}"
        yield Violation(
            place if group is None else deployment.template.place(group.line),
            f"The template has no {missing}, so the function's logs are kept, and paid for, for ever.",
            _retention(deployment) if group is None else "RetentionInDays: 30",
        )


def _log_group(deployment: Deployment) -> tuple[str, str]:
    """The name or logical ID of the function's log group, and the line that declares it."""
    config: dict[str, Any] = deployment.property_of_function("LoggingConfig", {})
    place = deployment.place_of_function("LoggingConfig", "LogGroup")
    given = config.get("LogGroup")
    if given is None:
        return f"/aws/lambda/{_function_name(deployment)}", deployment.place_of_function("LoggingConfig")
    groups = deployment.template.of_type("AWS::Logs::LogGroup")
    if not any(given in _names(deployment, each) for each in groups):
        written = given.written if isinstance(given, Unknown) else "no resource of this template"
        raise NotKnownError(place, f"LogGroup is {written}")
    return str(given), place


def _names(deployment: Deployment, group: Declaration) -> tuple[Any, ...]:
    return group.values.get("LogGroupName"), group.name, deployment.template.reference(group.name)


def _function_name(deployment: Deployment) -> str:
    name = deployment.property_of_function("FunctionName", "")
    return name or deployment.mapping.function


def _retention(deployment: Deployment) -> str:
    return (
        "Logs:\n  Type: AWS::Logs::LogGroup\n  Properties:\n"
        f'    LogGroupName: !Sub "/aws/lambda/${{{deployment.mapping.function}}}"\n    RetentionInDays: 30'
    )
