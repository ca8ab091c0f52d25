"""``router backfill``: send the items that are in a table, or in its export, through the routes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Annotated

import typer

from router.app import Dispatcher
from router.cli.app_source import find_app
from router.cli.backfill_run import BackfillRun, show_preview
from router.cli.errors import CommandLineError
from router.cli.options import HandlerAppOption, JsonOption, TemplateOption
from router.local.backfill.capacity import CapacityRate
from router.local.backfill.checkpoint import Checkpoint, forget
from router.local.backfill.entities import EntityFilter
from router.local.backfill.existing_items import ExistingItems
from router.local.backfill.export_places import export_place
from router.local.backfill.table_export import TableExport, exported_table
from router.local.backfill.table_scan import TableScan, key_names
from router.local.backfill.targets import AppTarget, FunctionTarget, Target
from router.local.deployed_function import DeployedFunction
from router.testing import Context

__all__ = ["backfill"]

_LONGEST_SECONDS = 900.0  # of an invocation of Lambda

TableOption = Annotated[str | None, typer.Option("--table", metavar="NAME", help="The table to scan.")]
ExportOption = Annotated[
    str | None, typer.Option("--export", metavar="PLACE", help="s3://BUCKET/PREFIX/AWSDynamoDB/ID, or a folder.")
]
KeyOption = Annotated[
    list[str] | None, typer.Option("--key", metavar="NAME", help="A key attribute of an exported table; repeat.")
]
DeployedOption = Annotated[
    str | None, typer.Option("--function", metavar="NAME", help="Invoke this Lambda function instead of the app.")
]
EntityOption = Annotated[list[str] | None, typer.Option("--entity", metavar="NAME", help="Only these; repeat.")]
SegmentsOption = Annotated[
    int, typer.Option("--segments", metavar="N", min=1, max=1_000_000, help="Segments of the Scan.")
]
WorkersOption = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, max=256, help="Segments or files at a time.")
]
UnitsOption = Annotated[
    float | None, typer.Option("--capacity-units", metavar="N", min=0.1, help="Read capacity units a second at most.")
]
ConsistentOption = Annotated[bool, typer.Option("--consistent-read", help="Read what is written up to now.")]
ItemsOption = Annotated[int, typer.Option("--batch-size", metavar="N", min=1, max=10_000, help="Items of an event.")]
LimitOption = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Stop after so many items.")]
CheckpointOption = Annotated[
    Path | None, typer.Option("--checkpoint", metavar="FILE", help="Where to keep what is done.")
]
RestartOption = Annotated[bool, typer.Option("--restart", help="Begin again, and forget what is done.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Count items and routes, and run nothing.")]
UrlOption = Annotated[
    str | None, typer.Option("--endpoint-url", metavar="URL", help="An endpoint in place of AWS, for every service.")
]


def backfill(
    table: TableOption = None,
    export: ExportOption = None,
    key: KeyOption = None,
    app: HandlerAppOption = None,
    function: DeployedOption = None,
    template: TemplateOption[Path | None] = None,
    entity: EntityOption = None,
    segments: SegmentsOption = 4,
    workers: WorkersOption = 4,
    capacity_units: UnitsOption = None,
    consistent_read: ConsistentOption = False,
    batch_size: ItemsOption = 100,
    limit: LimitOption = None,
    checkpoint: CheckpointOption = None,
    restart: RestartOption = False,
    dry_run: DryRunOption = False,
    endpoint_url: UrlOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send the items that are in a table, or in its export to S3, through the routes, as INSERTs of origin backfill.

    The app runs in this process, with its own parking place, or --function is invoked with the items. A route with
    backfill=False refuses them.

    What is done is kept in a file, backfill-TABLE.json by default. After an interruption of any kind the same command
    goes on, and runs again what has failed; the items since the last note in the file, of half a second, run twice.
    --restart begins again. The file beside it, of the items that failed, has keys of items.

    The app logs from LOG_LEVEL on, by default WARNING, to standard error.

    With --json, one document: table, finished, items, items_of_all_runs, passed_over, retried, outcomes, failed,
    reasons, capacity_units, checkpoint.

    The exit code is 1 if items have failed, or cannot be read or sent.
    """
    if (table is None) == (export is None):
        found = "neither --table nor --export" if table is None else "both --table and --export"
        msg = f"found {found}, expected one of them"
        raise CommandLineError(msg)
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    run = BackfillRun(batch_size=batch_size, limit=limit, workers=workers, as_json=as_json)
    run.rate.units = capacity_units
    # Of a function that is deployed, nothing here needs the app but these.
    local = None if function and not (entity or dry_run) else find_app(app, template).load()
    run.takes = EntityFilter(local, entity) if local and entity else None
    with contextlib.closing(
        _scan(table, segments, run.rate, endpoint_url, consistent=consistent_read)
        if table
        else _export(export or "", key, endpoint_url)
    ) as items:
        if dry_run and local:
            return show_preview(items, local, run)
        identity = {**items.identity, "target": function or "app", "entities": sorted(entity or ())}
        path = checkpoint or Path(f"backfill-{items.table}.json")
        if restart:
            forget(path)
        with (
            contextlib.closing(Checkpoint(path, identity)) as kept,
            contextlib.closing(_target(local, function, endpoint_url)) as target,
        ):
            return run.send(items, target, kept)


def _scan(
    table: str, segments: int, rate: CapacityRate, endpoint_url: str | None, *, consistent: bool
) -> ExistingItems:
    return TableScan(table, segments, rate, consistent=consistent, endpoint_url=endpoint_url)


def _export(place: str, keys: list[str] | None, endpoint_url: str | None) -> ExistingItems:
    """The items of an export; its keys are those of the table unless they are named."""
    found = export_place(place, endpoint_url)
    table, knows_keys = exported_table(found)
    return TableExport(found, keys or ([] if knows_keys else key_names(table, endpoint_url)))


def _target(app: Dispatcher | None, function: str | None, endpoint_url: str | None) -> Target:
    if function is not None or app is None:
        return FunctionTarget(DeployedFunction(function or "", endpoint_url))
    return AppTarget(app, lambda: Context.with_timeout(_LONGEST_SECONDS))
