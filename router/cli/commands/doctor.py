"""``router doctor``: say what is wrong with a deployed function, and what differs from its template."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from router.cli.console import Page
from router.cli.errors import CommandLineError
from router.cli.json_output import print_json
from router.cli.options import JsonOption, TemplateOption
from router.local.doctor import CHECKS, Aws, Deployed, Finding, by_function, by_stack, examine
from router.local.wording import counted

__all__ = ["DoctorDocument", "SymptomDocument", "doctor"]

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


class SymptomDocument(TypedDict):
    """One finding of ``router doctor --json``."""

    id: str
    severity: str  # error, warning or note
    where: str
    found: str
    expected: str
    remedy: str


class DoctorDocument(TypedDict):
    """What ``router doctor --json`` prints."""

    function: str
    stack: str | None
    template: str | None  # null: nothing was compared
    mappings: list[str]  # UUIDs
    findings: list[SymptomDocument]


StackOption = Annotated[str | None, typer.Option(metavar="NAME", help="The stack of CloudFormation.")]
DeployedFunctionOption = Annotated[
    str | None,
    typer.Option(
        "--function", metavar="NAME", help="The function's name; with --stack its logical ID, if there are several."
    ),
]
RegionOption = Annotated[str | None, typer.Option(metavar="NAME", help="The region; else that of the profile.")]
ProfileOption = Annotated[str | None, typer.Option(metavar="NAME", help="The profile of AWS's configuration files.")]
EveryServiceOption = Annotated[
    str | None, typer.Option("--endpoint-url", metavar="URL", help="One endpoint for all services, as of an emulator.")
]
ChecksOption = Annotated[bool, typer.Option("--checks", help="List the checks and exit.")]


def doctor(
    stack: StackOption = None,
    function: DeployedFunctionOption = None,
    template: TemplateOption[str] = "template.yaml",
    region: RegionOption = None,
    profile: ProfileOption = None,
    endpoint_url: EveryServiceOption = None,
    checks: ChecksOption = False,
    as_json: JsonOption = False,
) -> int:
    """Read a deployed function, and say what is wrong now and what differs from the template.

    It reads the function's configuration, its event source mappings, the stream, the alarms, an hour of metrics, the
    queues of parked records and the bucket of discarded ones, with your credentials. It changes nothing, and prints
    neither items nor values of environment variables. With --stack the template's parameters have the stack's values,
    else their defaults. --template '' compares with nothing.

    With --json, one document: function, stack, template, mappings, findings (id, severity, where, found, expected,
    remedy).

    The exit code is 1 if there are findings: also a note of what your credentials may not read.
    """
    if checks:
        _list_checks(as_json=as_json)
        return 0
    aws = Aws(endpoint_url, region, profile)
    try:
        deployed = _found(aws, stack, function, Path(template) if template else None)
        findings = examine(deployed)
    finally:
        aws.close()
    if as_json:
        print_json(_document(deployed, findings), indent=2)
    else:
        _show(deployed, findings)
    return int(bool(findings))


def _found(aws: Aws, stack: str | None, function: str | None, template: Path | None) -> Deployed:
    if stack is not None:
        return by_stack(aws, stack, template, function)
    if function is None:
        msg = "found neither --stack nor --function, expected the name of a stack or of a function"
        raise CommandLineError(msg)
    return by_function(aws, function, template)


def _document(deployed: Deployed, findings: Sequence[Finding]) -> DoctorDocument:
    return {
        "function": deployed.function,
        "stack": None if deployed.stack is None else deployed.stack.name,
        "template": None if deployed.template is None else str(deployed.template.path),
        "mappings": [uuid for uuid, _ in deployed.mapping_ids if uuid is not None],
        "findings": [
            {
                "id": each.check,
                "severity": each.severity,
                "where": each.where,
                "found": each.found,
                "expected": each.expected,
                "remedy": each.remedy,
            }
            for each in findings
        ],
    }


def _show(deployed: Deployed, findings: Sequence[Finding]) -> None:
    page = Page()
    for finding in findings:
        page.line((finding.where, "bold"), ": ", (finding.severity, _STYLES[finding.severity]), f": {finding.check}")
        page.line(f"found {finding.found}, expected {finding.expected}", indent=2)
        page.line(("to do: ", "dim"), finding.remedy, indent=2)
        page.line("")
    page.line((_summary(deployed, findings), "bold"))


def _summary(deployed: Deployed, findings: Sequence[Finding]) -> str:
    severities = [each.severity for each in findings]
    counts = [counted(severities.count(each), each) for each in _STYLES if each in severities]
    place = f"function {deployed.function}" if deployed.stack is None else f"stack {deployed.stack.name}"
    compared = "no template"
    if deployed.template is not None:
        defaults = deployed.stack is None and deployed.template.document.get("Parameters")
        compared = f"{deployed.template.path}{' with the defaults of its parameters' if defaults else ''}"
    return f"{place}, {compared}: {', '.join(counts) or f'no findings ({len(CHECKS)} checks)'}"


def _list_checks(*, as_json: bool) -> None:
    if as_json:
        print_json([{"id": each.id, "severity": each.severity, "summary": each.summary} for each in CHECKS])
        return
    Page().rows([[(each.id, "bold"), (each.severity, _STYLES[each.severity]), each.summary] for each in CHECKS])
