"""What of a deployment loses or duplicates data: the template and the app read together, rule by rule.

- :mod:`router.local.lint.deployment` is what is judged.
- :mod:`router.local.lint.rule` is what a rule is.
- :mod:`router.local.lint.rules` has them all, a module for each family.
- :mod:`router.local.lint.sample_records`, :mod:`~router.local.lint.permissions` and :mod:`~router.local.lint.handler_names` are what
  rules ask: whether filters let a route's records pass, what a role allows, and which handler names a table.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from router.local.lint.deployment import Deployment, NotKnownError, mapped_streams
from router.local.lint.handler_lookup import Handler, find_handler
from router.local.lint.rule import Finding, Rule, Severity
from router.local.lint.rules import RULES

__all__ = [
    "NOT_JUDGED",
    "RULES",
    "Deployment",
    "Finding",
    "Handler",
    "LintReport",
    "Rule",
    "Severity",
    "find_handler",
    "lint",
    "mapped_streams",
]

NOT_JUDGED = "not-judged"
"""The ID of the notes about what only a deployment knows."""


@dataclass(frozen=True)
class LintReport:
    """What was found.

    Args:
        findings: The findings, errors first.
        ignored: How many were left out because a user ignores their rule.
    """

    findings: tuple[Finding, ...]
    ignored: int = 0

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def lint(deployment: Deployment, ignored: Collection[str] = ()) -> LintReport:
    """Judge a deployment by all rules.

    Args:
        deployment: The deployment.
        ignored: The IDs of rules whose findings are only counted.
    """
    found: list[Finding] = []
    unknown: dict[tuple[str, str], list[str]] = {}
    for rule in RULES:
        try:
            troubles = list(rule.check(deployment))
        except NotKnownError as error:
            unknown.setdefault((error.place, error.what), []).append(rule.id)
            continue
        found += [
            Finding(rule.id, rule.severity, trouble.place, trouble.why, trouble.instead, rule.page)
            for trouble in troubles
        ]
    found += [_not_judged(place, what, rules) for (place, what), rules in unknown.items()]
    kept = [finding for finding in found if finding.rule not in ignored]
    order: tuple[Severity, ...] = ("error", "warning", "note")
    return LintReport(
        tuple(sorted(kept, key=lambda finding: order.index(finding.severity))),
        sum(finding.rule in ignored and finding.rule != NOT_JUDGED for finding in found),
    )


def _not_judged(place: str, what: str, rules: list[str]) -> Finding:
    return Finding(
        rule=NOT_JUDGED,
        severity="note",
        place=place,
        why=f"Not judged, because {what}: {', '.join(rules)}.",
        instead="",
        page="",
    )
