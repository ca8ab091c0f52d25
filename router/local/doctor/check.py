"""The form of a check and of its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from router.local.doctor.deployed import Deployed

__all__ = ["Check", "Finding", "Severity", "Symptom", "check"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Symptom:
    """One thing that is wrong, or differs from the template.

    Args:
        where: The resource.
        found: What it has.
        expected: What it should have.
        remedy: What to do.
    """

    where: str
    found: str
    expected: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """A symptom with its check.

    Args:
        check: The check's ID.
        severity: The check's severity.
        where: The resource.
        found: What it has.
        expected: What it should have.
        remedy: What to do.
    """

    check: str
    severity: Severity
    where: str
    found: str
    expected: str
    remedy: str


@dataclass(frozen=True)
class Check:
    """A check.

    Args:
        id: Its ID, which ``docs/operate.md`` explains.
        severity: The severity of its findings.
        summary: What it finds, on one line.
        symptoms: Finds the symptoms.
    """

    id: str
    severity: Severity
    summary: str
    symptoms: Callable[[Deployed], Iterator[Symptom]]

    def findings(self, deployed: Deployed) -> Iterator[Finding]:
        """The symptoms of a deployment as findings.

        Args:
            deployed: The deployment.

        Raises:
            NotCheckedError: AWS gives no answer to a call that the check needs.
        """
        for each in self.symptoms(deployed):
            yield Finding(self.id, self.severity, each.where, each.found, each.expected, each.remedy)


def check(severity: Severity) -> Callable[[Callable[[Deployed], Iterator[Symptom]]], Check]:
    """Make a check of a function; its name gives the ID, its docstring the summary.

    Args:
        severity: The severity of its findings.
    """

    def make(symptoms: Callable[[Deployed], Iterator[Symptom]]) -> Check:
        name = getattr(symptoms, "__name__", "")
        return Check(name.replace("_", "-"), severity, (symptoms.__doc__ or "").strip().rstrip("."), symptoms)

    return make
