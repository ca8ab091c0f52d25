"""``router record``: write the records of a real stream as event files."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer

from router.cli.console import Page, printable
from router.cli.errors import CommandLineError
from router.cli.json_output import print_json
from router.cli.options import (
    BatchSizeOption,
    DiscriminatorOption,
    EndpointOption,
    FilterOption,
    JsonOption,
    TableOption,
)
from router.cli.stop_request import StopRequest, stop_request
from router.local.event_source_mapping import MappingSettings
from router.local.streams.client import Service
from router.local.streams.reader import StreamsClient
from router.local.streams.recorder import Recorder, write_event
from router.local.streams.redaction import Redaction
from router.local.wording import counted

__all__ = ["RecordingDocument", "record"]


_SAVING_SECONDS = 10.0  # after a signal, for the events that are not written


class RecordingDocument(TypedDict):
    """What ``router record --json`` prints."""

    stream_arn: str
    files: list[str]
    records: int
    filtered_out: int
    redacted: dict[str, int]  # attributes by pattern


StreamOption = Annotated[str | None, typer.Option(metavar="ARN", help="The stream, instead of a table.")]
OutOption = Annotated[Path, typer.Option(metavar="FOLDER", help="The folder of the files.")]
PositionOption = Annotated[str, typer.Option(metavar="POSITION", help="TRIM_HORIZON, or LATEST with --follow.")]
LimitOption = Annotated[int | None, typer.Option(metavar="N", min=1, help="Stop after so many records.")]
FollowOption = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="Time to wait for new records; Ctrl-C ends it.")
]
RedactOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Replace attributes by pseudonyms: name, path or glob; repeat."),
]
RedactKeyOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        envvar="ROUTER_REDACT_KEY",
        help="A secret that makes pseudonyms equal in all recordings.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an earlier recording of the table.")]


def record(
    table: TableOption = None,
    stream_arn: StreamOption = None,
    endpoint_url: EndpointOption = None,
    out: OutOption = Path("events"),
    batch_size: BatchSizeOption[int] = 100,
    filters: FilterOption = None,
    starting_position: PositionOption = "TRIM_HORIZON",
    limit: LimitOption = None,
    follow: FollowOption = 0,
    redact: RedactOption = None,
    redact_key: RedactKeyOption = None,
    discriminator: DiscriminatorOption[list[str] | None] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> int:
    """Write the records of a table's latest stream as Lambda events, one file each, for router invoke and replay.

    The files are FOLDER/TABLE-000001.json and so on. They hold items: redact secrets and personal data. Endpoint,
    credentials and region are boto3's, AWS by default.

    A pseudonym has the type and length of its value; equal values get equal pseudonyms. A pattern matches attributes at
    any depth: email, *_name, lines.email. A glob never redacts the --discriminator attributes, EntityType by default;
    repeat the option for several. A warning names each pattern that matched no attribute.

    With --json, one document: stream_arn, files, records, filtered_out, redacted.
    """
    _check(table, stream_arn, starting_position, follow)
    redaction = Redaction(redact or (), key=redact_key, kept=discriminator or ("EntityType",))
    criteria = {"Filters": [{"Pattern": pattern} for pattern in filters or ()]}
    settings = MappingSettings.of(
        {"batch_size": batch_size, "filter_criteria": criteria, "starting_position": starting_position}
    )
    service = Service(endpoint_url, stream_arn)
    arn = stream_arn or service.stream_of(table or "")
    with stop_request() as stop:
        if follow:
            stop.defer()
            stop.limit = _SAVING_SECONDS
        recorder = Recorder(
            _InterruptibleClient(service, stop),
            arn,
            settings,
            region=service.region,
            redaction=redaction,
            limit=limit,
            follow=follow,
            stopped=lambda: stop.requested,
            note=_note,
        )
        files = _write(recorder, out, None if as_json else Page(), stop, force=force)
        stop.end_soon()
    document: RecordingDocument = {
        "stream_arn": arn,
        "files": [str(file) for file in files],
        "records": recorder.records,
        "filtered_out": recorder.filtered_out,
        "redacted": {pattern: redaction.counts[pattern] for pattern in redaction.patterns},
    }
    for pattern in redaction.unmatched if recorder.records else ():
        print(f"router: found no attribute for --redact {pattern!r}; check the spelling", file=sys.stderr)
    if as_json:
        print_json(document)
    else:
        _show_summary(Page(), document)
    return stop.exit_code


def _note(sentence: str) -> None:
    print(printable(f"router: {sentence}"), file=sys.stderr, flush=True)


def _check(table: str | None, stream_arn: str | None, position: str, follow: float) -> None:
    if (table is None) == (stream_arn is None):
        found = "neither --table nor --stream-arn" if table is None else "both --table and --stream-arn"
        msg = f"found {found}, expected one of them"
        raise CommandLineError(msg)
    if position == "LATEST" and not follow:
        msg = "found --starting-position LATEST without --follow, which records nothing; add --follow SECONDS"
        raise CommandLineError(msg)


class _InterruptibleClient:
    """A client of streams whose calls a signal may interrupt: not the reading around them, which would lose records."""

    def __init__(self, client: StreamsClient, stop: StopRequest) -> None:
        self._client = client
        self._stop = stop

    def describe_stream(self, **parameters: Any) -> Any:
        with self._stop.step():
            return self._client.describe_stream(**parameters)

    def get_shard_iterator(self, **parameters: Any) -> Any:
        with self._stop.step():
            return self._client.get_shard_iterator(**parameters)

    def get_records(self, **parameters: Any) -> Any:
        with self._stop.step():
            return self._client.get_records(**parameters)


def _write(recorder: Recorder, folder: Path, page: Page | None, stop: StopRequest, *, force: bool) -> list[Path]:
    earlier = _earlier(folder, recorder.table, force=force)
    files: list[Path] = []
    for number, event in enumerate(recorder.events(), 1):
        files.append(folder / f"{recorder.table}-{number:06}.json")
        write_event(event, files[-1], force=force)
        if page is not None:
            page = _show_file(page, files[-1], len(event["Records"]), stop)
    for file in earlier.difference(files) if files else ():  # if the earlier recording had more files
        file.unlink(missing_ok=True)
    return files


def _show_file(page: Page, file: Path, records: int, stop: StopRequest) -> Page | None:
    """Print a file's name; ``None`` if the terminal takes no output while the command is to stop."""
    try:
        with stop.step():
            page.line((str(file), "bold"), f"  {counted(records, 'record')}")
            page.flush()
    except KeyboardInterrupt:
        if not stop.deferred:
            raise
        return None
    return page


def _earlier(folder: Path, table: str, *, force: bool) -> set[Path]:
    """The files of an earlier recording; called before the stream is read."""
    if folder.exists() and not folder.is_dir():
        msg = f"found the file {folder}, expected a folder; name another with --out"
        raise CommandLineError(msg)
    name = re.compile(rf"{re.escape(table)}-\d{{6}}\.json")
    found = {file for file in folder.glob("*.json") if name.fullmatch(file.name)}
    if found and not force:
        msg = f"found {min(found)} of an earlier recording; --force replaces it, --out names another folder"
        raise CommandLineError(msg)
    return found


def _show_summary(page: Page, document: RecordingDocument) -> None:
    parts = [f"{counted(len(document['files']), 'event')}, {counted(document['records'], 'record')}"]
    if document["filtered_out"]:
        parts.append(f"{document['filtered_out']} filtered out")
    parts += [f"redacted {pattern}: {count}" for pattern, count in document["redacted"].items()]
    page.line(("; ".join(parts), "bold green"))
