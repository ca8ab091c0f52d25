"""Whether DynamoDB deletes the items of a table that expire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.local.cloudformation.resources import Declaration
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.rule import Violation

__all__ = ["never_expires"]


def never_expires(deployment: Deployment, table: Declaration, attribute: str, written: str) -> Iterator[Violation]:
    """Find that a table has no time to live on an attribute.

    Args:
        deployment: The deployment.
        table: The table.
        attribute: The attribute.
        written: What is written there, for the finding: ``"X writes when its entries expire"``.

    Raises:
        NotKnownError: The template does not determine it.
    """
    given = table.values.get("TimeToLiveSpecification", {})
    place = deployment.template.place(table.line_of("TimeToLiveSpecification"))
    if not isinstance(given, Mapping):
        raise NotKnownError(place, f"the time to live of {table.name} is not in this template")
    enabled = str(given.get("Enabled", "false")).lower() != "false"
    name = given.get("AttributeName") if enabled else None
    if name is None or (isinstance(name, str) and name != attribute):
        found = "no time to live enabled" if name is None else f"its time to live on {name}"
        yield Violation(
            place,
            f"Table {table.name} has {found}, and {written} to {attribute}: DynamoDB deletes none of its items.",
            f"TimeToLiveSpecification:\n  AttributeName: {attribute}\n  Enabled: true",
        )
