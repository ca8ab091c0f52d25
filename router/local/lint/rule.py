"""The form of a rule and of its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from router.local.lint.deployment import Deployment

__all__ = ["Check", "Finding", "Rule", "Severity", "Violation", "rule"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Violation:
    """One place at which a deployment violates a rule.

    Args:
        place: The file and line.
        why: What is lost or duplicated, in one or two sentences.
        instead: The replacement, as lines of a template or of Python.
    """

    place: str
    why: str
    instead: str


@dataclass(frozen=True)
class Finding:
    """A violation with its rule.

    Args:
        rule: The rule's ID.
        severity: The rule's severity.
        place: The file and line.
        why: What is lost or duplicated.
        instead: The replacement.
        page: The page of AWS's documentation.
    """

    rule: str
    severity: Severity
    place: str
    why: str
    instead: str
    page: str


Check = Callable[[Deployment], Iterator[Violation]]


@dataclass(frozen=True)
class Rule:
    """A rule.

    Args:
        id: The ID by which a user ignores it.
        severity: The severity of its findings.
        summary: What it finds, on one line.
        page: The page of AWS's documentation.
        check: Finds the violations.
    """

    id: str
    severity: Severity
    summary: str
    page: str
    check: Check

    def findings(self, deployment: Deployment) -> Iterator[Finding]:
        """The violations of a deployment as findings.

        Args:
            deployment: The deployment.

        Raises:
            NotKnownError: The rule needs a value that neither the template nor the app determines.
        """
        for each in self.check(deployment):
            yield Finding(self.id, self.severity, each.place, each.why, each.instead, self.page)


def rule(severity: Severity, page: str) -> Callable[[Check], Rule]:
    """Make a rule of a function; its name gives the ID, its docstring the summary.

    Args:
        severity: The severity of its findings.
        page: The page of AWS's documentation.
    """

    def make(check: Check) -> Rule:
        name = getattr(check, "__name__", "")
        return Rule(name.replace("_", "-"), severity, (check.__doc__ or "").strip().rstrip("."), page, check)

    return make
