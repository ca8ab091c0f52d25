"""``router record``: events from a real stream, in files."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from router.cli.console import Page
from router.cli.errors import CommandLineError
from router.cli.options import JsonOption
from router.errors import RouterError
from router.local.event_source_mapping import MappingSettings
from router.local.streams.client import Service
from router.local.streams.recorder import Recorder, write_event
from router.local.streams.redaction import Redaction

__all__ = ["RecordingDocument", "record"]


class RecordingDocument(TypedDict):
    """What ``router record --json`` prints."""

    stream_arn: str
    files: list[str]
    records: int
    filtered_out: int
    redacted: dict[str, int]  # how many attributes each pattern met


TableOption = Annotated[str | None, typer.Option(metavar="NAME", help="The table, whose latest stream is read.")]
StreamOption = Annotated[str | None, typer.Option(metavar="ARN", help="The stream, in place of a table.")]
EndpointOption = Annotated[
    str | None, typer.Option(metavar="URL", help="Where DynamoDB is, such as http://127.0.0.1:8000; AWS by default.")
]
OutOption = Annotated[Path, typer.Option(metavar="FOLDER", help="Where the files go.")]
BatchOption = Annotated[int, typer.Option(metavar="N", help="The most records of an event, 1 to 10000.")]
FilterOption = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="PATTERN", help="Record only what this filter pattern of Lambda takes; repeat."),
]
PositionOption = Annotated[str, typer.Option(metavar="POSITION", help="TRIM_HORIZON, or LATEST with --follow.")]
LimitOption = Annotated[int | None, typer.Option(metavar="N", min=1, help="The most records in all.")]
FollowOption = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="Wait for more records for so long; Ctrl-C ends it early.")
]
RedactOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Replace such attributes by pseudonyms: a name, path or glob; repeat."),
]
RedactKeyOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", envvar="ROUTER_REDACT_KEY", help="A secret that makes pseudonyms the same in every recording."
    ),
]
DiscriminatorOption = Annotated[
    list[str] | None,
    typer.Option("--discriminator", metavar="NAME", help="What no glob redacts; EntityType by default. Repeat."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an earlier recording of the table.")]


def record(
    table: TableOption = None,
    stream_arn: StreamOption = None,
    endpoint_url: EndpointOption = None,
    out: OutOption = Path("events"),
    batch_size: BatchOption = 100,
    filters: FilterOption = None,
    starting_position: PositionOption = "TRIM_HORIZON",
    limit: LimitOption = None,
    follow: FollowOption = 0,
    redact: RedactOption = None,
    redact_key: RedactKeyOption = None,
    discriminator: DiscriminatorOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> int:
    """Record what the stream of a table holds as events of Lambda, one file each, for router invoke and replay.

    The files are FOLDER/TABLE-000001.json and so on. They hold items: redact what must not lie there. Credentials and
    region come from where boto3 looks for them.

    A pseudonym has the type and length of its value, and the same value has the same one everywhere. A pattern means
    attributes at any depth; email, *_name and lines.email are patterns. One that met no attribute is warned of.

    With --json, one document: stream_arn, files, records, filtered_out, redacted.
    """
    _check(table, stream_arn, starting_position, follow)
    try:
        redaction = Redaction(redact or (), key=redact_key, kept=discriminator or ("EntityType",))
        criteria = {"Filters": [{"Pattern": pattern} for pattern in filters or ()]}
        settings = MappingSettings.of(
            {"batch_size": batch_size, "filter_criteria": criteria, "starting_position": starting_position}
        )
        service = Service(endpoint_url, stream_arn)
        arn = stream_arn or service.stream_of(table or "")
        recorder = Recorder(
            service, arn, settings, region=service.region, redaction=redaction, limit=limit, follow=follow
        )
        files = _write(recorder, out, Page(), force=force, quiet=as_json)
    except RouterError as error:
        raise CommandLineError(str(error)) from None
    document: RecordingDocument = {
        "stream_arn": arn,
        "files": [str(file) for file in files],
        "records": recorder.records,
        "filtered_out": recorder.filtered_out,
        "redacted": {pattern: redaction.counts[pattern] for pattern in redaction.patterns},
    }
    for pattern in redaction.unmatched if recorder.records else ():
        print(f"router: found no attribute for --redact {pattern!r}: is it spelt so?", file=sys.stderr)
    if as_json:
        print(json.dumps(document))
    else:
        _show_summary(Page(), document)
    return 0


def _check(table: str | None, stream_arn: str | None, position: str, follow: float) -> None:
    if (table is None) == (stream_arn is None):
        found = "neither --table nor --stream-arn" if table is None else "both --table and --stream-arn"
        msg = f"found {found}, expected one of them"
        raise CommandLineError(msg)
    if position == "LATEST" and not follow:
        msg = "found --starting-position LATEST without --follow, which records nothing; add --follow SECONDS"
        raise CommandLineError(msg)


def _write(recorder: Recorder, folder: Path, page: Page, *, force: bool, quiet: bool) -> list[Path]:
    earlier = _earlier(folder, recorder.table, force=force)
    files: list[Path] = []
    for number, event in enumerate(recorder.events(), 1):
        files.append(folder / f"{recorder.table}-{number:06}.json")
        write_event(event, files[-1], force=force)
        if not quiet:
            page.line((str(files[-1]), "bold"), f"  {_count(len(event['Records']), 'record')}")
            page.flush()
    for file in earlier.difference(files) if files else ():  # of a longer recording than this one
        file.unlink(missing_ok=True)
    return files


def _earlier(folder: Path, table: str, *, force: bool) -> set[Path]:
    """The files of an earlier recording, looked for before anything is read."""
    if folder.exists() and not folder.is_dir():
        msg = f"found {folder} to be a file, expected a folder; name another with --out"
        raise CommandLineError(msg)
    name = re.compile(rf"{re.escape(table)}-\d{{6}}\.json")
    found = {file for file in folder.glob("*.json") if name.fullmatch(file.name)}
    if found and not force:
        msg = f"found {min(found)} of an earlier recording; --force replaces it, --out names another folder"
        raise CommandLineError(msg)
    return found


def _show_summary(page: Page, document: RecordingDocument) -> None:
    told = [f"{_count(len(document['files']), 'event')}, {_count(document['records'], 'record')}"]
    if document["filtered_out"]:
        told.append(f"{document['filtered_out']} filtered out")
    told += [f"redacted {pattern}: {count}" for pattern, count in document["redacted"].items()]
    page.line(("; ".join(told), "bold green"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
