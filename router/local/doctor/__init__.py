"""Reads a deployed function and says what is wrong now, and what differs from the template. It never writes.

- :mod:`router.local.doctor.lookup` finds the function and its mappings, by a stack or by the function's name.
- :mod:`router.local.doctor.deployed` is what the checks read.
- :mod:`router.local.doctor.checks` has all checks, a module for each subject; :mod:`router.local.doctor.check` is
  their form.
- :mod:`router.local.doctor.aws` calls AWS, and says what errors mean for a check.
"""

from __future__ import annotations

from router.local.doctor.aws import Aws, NotCheckedError
from router.local.doctor.check import Check, Finding, Severity
from router.local.doctor.checks import CHECKS
from router.local.doctor.deployed import Deployed
from router.local.doctor.lookup import by_function, by_stack

__all__ = [
    "CHECKS",
    "NOT_CHECKED",
    "Aws",
    "Check",
    "Deployed",
    "Finding",
    "NotCheckedError",
    "Severity",
    "by_function",
    "by_stack",
    "examine",
]

NOT_CHECKED = "not-checked"
"""The ID of the notes about what could not be read."""

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


def examine(deployed: Deployed) -> list[Finding]:
    """Run all checks, and return their findings, errors first.

    Args:
        deployed: The deployment.

    Raises:
        NoAccessError: The credentials end meanwhile.
    """
    found: list[Finding] = []
    unread: dict[str, list[str]] = {}
    for each in CHECKS:
        try:
            found.extend(each.findings(deployed))  # keeps those that precede a call without an answer
        except NotCheckedError as error:
            unread.setdefault(str(error), []).append(each.id)
    found += [_not_checked(deployed, why, checks) for why, checks in unread.items()]
    return sorted(found, key=lambda finding: _SEVERITIES.index(finding.severity))


def _not_checked(deployed: Deployed, why: str, checks: list[str]) -> Finding:
    return Finding(
        check=NOT_CHECKED,
        severity="note",
        where=f"function {deployed.function}",
        found=f"not checked: {', '.join(checks)}, because {why}",
        expected="an answer",
        remedy="the policy of docs/operate.md has all permissions that router doctor needs",
    )
