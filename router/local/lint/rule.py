"""A rule, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from router.local.lint.deployment import Deployment

__all__ = ["Check", "Finding", "Rule", "Severity", "Trouble", "rule"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Trouble:
    """One thing that a rule minds.

    Args:
        place: The file and line.
        why: What is lost or duplicated, in a sentence or two.
        instead: What to write, as lines of a template or of Python.
    """

    place: str
    why: str
    instead: str


@dataclass(frozen=True)
class Finding:
    """A trouble with the rule that found it.

    Args:
        rule: The rule's ID.
        severity: How bad it is.
        place: The file and line.
        why: What is lost or duplicated.
        instead: What to write.
        page: Where AWS tells of it.
    """

    rule: str
    severity: Severity
    place: str
    why: str
    instead: str
    page: str


Check = Callable[[Deployment], Iterator[Trouble]]


@dataclass(frozen=True)
class Rule:
    """One thing to look for.

    Args:
        id: What it is called where it is to be ignored.
        severity: How bad it is.
        summary: What it looks for.
        page: Where AWS tells of it.
        check: Looks for it.
    """

    id: str
    severity: Severity
    summary: str
    page: str
    check: Check


def rule(severity: Severity, page: str) -> Callable[[Check], Rule]:
    """Make a rule of a function, whose name is the ID and whose docstring is the summary.

    Args:
        severity: How bad it is.
        page: Where AWS tells of it.
    """

    def make(check: Check) -> Rule:
        name = getattr(check, "__name__", "")
        return Rule(name.replace("_", "-"), severity, (check.__doc__ or "").strip().rstrip("."), page, check)

    return make
