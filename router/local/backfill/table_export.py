"""The items of a table's export to S3, full or incremental, in DynamoDB JSON.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from router.local.backfill.existing_items import BackfillError, ExistingItem, Position
from router.local.backfill.export_places import ExportPlace
from router.sources.change import NotAChangeError
from router.sources.exported_lines import ExportedLine, exported_item, exported_lines

__all__ = ["TableExport", "exported_table"]

_SUMMARY, _FILES = "manifest-summary.json", "manifest-files.json"
_FORMAT = "DYNAMODB_JSON"


class TableExport:
    """Reads the files of an export. The position of an item is the number of its line.

    Args:
        place: Where the export is.
        keys: The names of the table's key attributes; an incremental export has them in each line.

    Raises:
        BackfillError: There is no export, or one in another format, or its keys are unknown.
    """

    def __init__(self, place: ExportPlace, keys: Sequence[str] = ()) -> None:
        self._place = place
        self._keys = keys
        summary = _summary_in(place)
        self.table = _table_in(summary)
        if not (keys or _has_keys(summary)):
            msg = f"found a full export of {self.table}, which does not say what its keys are; name them with --key"
            raise BackfillError(msg)
        self._files = {each["dataFileS3Key"]: each for each in _manifest_in(place, summary)}
        self.parts = [key for key, each in self._files.items() if each.get("itemCount") != 0]
        self.total: int | None = summary.get("itemCount")
        self.identity: Mapping[str, Any] = {"export": str(summary.get("exportArn")), "keys": [*keys]}

    def read(self, part: str, after: Position | None) -> Iterator[ExistingItem]:
        """The items of a file behind a line.

        A file is compared with the checksum in the manifest before its first line.
        """
        file = self._files[part]
        if after is None:
            self._place.check(part, file.get("etag"), file.get("md5Checksum"))
        yield from self._lines(part, after or 0)

    def read_again(self, part: str, positions: Sequence[Position]) -> Iterator[ExistingItem]:
        """The items of these lines."""
        wanted = set(positions)
        for item in self._lines(part, min(wanted) - 1):
            if item.position in wanted:
                wanted.remove(item.position)
                yield item
            if not wanted:
                return

    def close(self) -> None:
        """Close the connections."""
        self._place.close()

    def _lines(self, part: str, after: int) -> Iterator[ExistingItem]:
        try:
            with self._place.open(part) as stream:
                for line in exported_lines(stream, after):
                    yield self._item(part, line)
        except (OSError, EOFError) as error:  # gzip's errors are among them
            msg = f"found {type(error).__name__} on reading {part}, expected lines of JSON, compressed with gzip"
            raise BackfillError(msg) from None

    def _item(self, part: str, line: ExportedLine) -> ExistingItem:
        try:
            return ExistingItem(exported_item(line, self.table, self._keys), line.number)
        except NotAChangeError as error:
            msg = f"found {error} of {part}, expected an item of an export in DynamoDB JSON; check --key"
            raise BackfillError(msg) from None


def exported_table(place: ExportPlace) -> tuple[str, bool]:
    """The table of an export, and whether its lines say what the keys are.

    Raises:
        BackfillError: There is no export.
    """
    summary = _summary_in(place)
    return _table_in(summary), _has_keys(summary)


def _table_in(summary: Mapping[str, Any]) -> str:
    return str(summary.get("tableArn", "")).rpartition("table/")[2]


def _has_keys(summary: Mapping[str, Any]) -> bool:
    return bool(summary.get("exportType") == "INCREMENTAL_EXPORT")


def _summary_in(place: ExportPlace) -> dict[str, Any]:
    found = _json_of(place.manifest(_SUMMARY))
    if not isinstance(found, dict) or "exportArn" not in found:
        msg = (
            f"found no {_SUMMARY} of an export at {place}, expected one: s3://BUCKET/PREFIX/AWSDynamoDB/ID or its copy"
        )
        raise BackfillError(msg)
    if found.get("outputFormat", _FORMAT) != _FORMAT:
        msg = f"found an export in {found['outputFormat']} at {place}, expected {_FORMAT}; export it again"
        raise BackfillError(msg)
    return found


def _manifest_in(place: ExportPlace, summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    lines = place.manifest(_FILES).splitlines()
    files = [_json_of(line) for line in lines if line.strip()]
    if not all(isinstance(each, dict) and isinstance(each.get("dataFileS3Key"), str) for each in files):
        msg = f"found a {_FILES} at {place} that is none, expected a JSON object with dataFileS3Key in each line"
        raise BackfillError(msg)
    counts = [each.get("itemCount") for each in files]
    if None not in counts and summary.get("itemCount") not in (None, sum(counts)):
        msg = f"found {sum(counts)} items in {_FILES} at {place}, expected {summary['itemCount']} as in {_SUMMARY}"
        raise BackfillError(msg)
    return files


def _json_of(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
