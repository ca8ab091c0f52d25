"""Rules that read the template and the app together and find settings that lose or duplicate data.

- :mod:`router.local.lint.rules` has all rules, a module for each family; :mod:`router.local.lint.rule` is their form.
- :mod:`router.local.lint.deployment` is what they check.
- :mod:`router.local.lint.sample_records` and :mod:`~router.local.lint.filter_search` decide whether a filter passes any
  record of a route.
- :mod:`router.local.lint.permissions` reads the role, :mod:`~router.local.lint.resource_policies` the policies of
  queues, buckets and keys, :mod:`~router.local.lint.handler_names` the handlers' code.
- :mod:`router.local.lint.effects` finds the effects of handlers, :mod:`~router.local.lint.effect_targets` the tables,
  buses, queues, topics and streams that they write to, :mod:`~router.local.lint.expiry` whether items expire.
- :mod:`router.local.lint.keepers` finds the queues and buckets that keep discarded and parked records.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.handler_lookup import DeclaredHandler, find_handler
from router.local.lint.rule import Finding, Rule, Severity
from router.local.lint.rules import OF_EVERY_SOURCE, RULES

__all__ = [
    "NOT_JUDGED",
    "RULES",
    "DeclaredHandler",
    "Deployment",
    "Finding",
    "LintReport",
    "Rule",
    "Severity",
    "find_handler",
    "lint",
]

NOT_JUDGED = "not-judged"
"""The ID of the notes about values that are unknown before deployment."""


@dataclass(frozen=True)
class LintReport:
    """The findings of all rules.

    Args:
        findings: The findings, errors first.
        ignored: The number of findings that are left out because their rule is ignored.
    """

    findings: tuple[Finding, ...]
    ignored: int = 0

    def count(self, severity: Severity) -> int:
        """The number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def lint(deployment: Deployment, ignored: Collection[str] = ()) -> LintReport:
    """Check a deployment by all rules.

    Args:
        deployment: The deployment.
        ignored: The IDs of rules whose findings are counted, but not reported.
    """
    found: list[Finding] = []
    unknown: dict[tuple[str, str], list[str]] = {}
    for rule in RULES if deployment.source == "dynamodb" else OF_EVERY_SOURCE:
        try:
            found.extend(rule.findings(deployment))  # keeps those that precede an unknown value
        except NotKnownError as error:
            unknown.setdefault((error.place, error.what), []).append(rule.id)
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
