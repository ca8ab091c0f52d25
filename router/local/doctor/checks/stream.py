"""Checks of the table's stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.local.doctor.check import Symptom, check
from router.local.doctor.deployed import Deployed, DeployedMapping
from router.local.doctor.remedies import DELETED, put_back

__all__ = ["stream_differs", "stream_replaced", "stream_stopped"]


@check("error")
def stream_stopped(deployed: Deployed) -> Iterator[Symptom]:
    """The table has no stream, or does not exist."""
    for mapping, table in _tables(deployed):
        if table is None:
            yield Symptom(
                f"table {mapping.table}",
                "no such table",
                "the one whose stream the mapping reads",
                f"{DELETED}; point-in-time recovery has the items for 35 days",
            )
        elif not table.get("StreamSpecification", {}).get("StreamEnabled"):
            yield Symptom(
                f"table {mapping.table}",
                "no stream",
                "a stream",
                f"{DELETED}; changes are not recorded meanwhile, and the new stream needs a new mapping",
            )


@check("error")
def stream_replaced(deployed: Deployed) -> Iterator[Symptom]:
    """The mapping reads an earlier stream of the table, which was disabled and enabled again."""
    for mapping, table in _tables(deployed):
        latest, read = (table or {}).get("LatestStreamArn"), (mapping.values or {})["EventSourceArn"]
        if (table or {}).get("StreamSpecification", {}).get("StreamEnabled") and latest != read:
            yield Symptom(
                mapping.name,
                f"the stream of {read.rpartition('/')[2]}",
                f"the stream of {str(latest).rpartition('/')[2]}, the latest of table {mapping.table}",
                "deploy a mapping of the latest stream; it keeps records for 24 hours",
            )


@check("warning")
def stream_differs(deployed: Deployed) -> Iterator[Symptom]:
    """The stream has another view type than in the template."""
    for mapping, table in _tables(deployed):
        found = (table or {}).get("StreamSpecification", {}).get("StreamViewType")
        template, declared = deployed.template, mapping.declared
        of_table = template.table_of(declared.stream) if template is not None and declared is not None else None
        specification = of_table.values.get("StreamSpecification") if of_table is not None else None
        expected = specification.get("StreamViewType") if isinstance(specification, Mapping) else None
        if of_table is not None and found and isinstance(expected, str) and found != expected:
            yield Symptom(
                f"table {mapping.table}",
                f"StreamViewType {found}",
                f"StreamViewType {expected}",
                put_back(deployed.place(of_table, "StreamSpecification")),
            )


def _tables(deployed: Deployed) -> Iterator[tuple[DeployedMapping, dict[str, Any] | None]]:
    """The mappings of tables' streams, each with the description of the table; ``None`` if it does not exist."""
    for mapping in deployed.mappings:
        if mapping.table is not None:
            yield mapping, deployed.table(mapping.table)
