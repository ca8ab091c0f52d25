"""``router.local.backfill.table_export``: exports in a folder and in a bucket."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from router.local.backfill.existing_items import BackfillError
from router.local.backfill.export_places import export_place
from router.local.backfill.table_export import TableExport, exported_table
from tests.builders import item
from tests.local.backfill.exports import EXPORT_ID, change_line, item_line, upload, write_export
from tests.ministack import Ministack


def opened(place: str | Path, *keys: str, endpoint_url: str | None = None) -> TableExport:
    return TableExport(export_place(str(place), endpoint_url), keys)


def keys(export: TableExport) -> list[str]:
    return [item.wire["dynamodb"]["Keys"]["pk"]["S"] for part in export.parts for item in export.read(part, None)]


def test_a_full_export_in_a_folder(tmp_path: Path) -> None:
    """Every item of every file is an INSERT; an empty partition has an empty file, which is no part."""
    folder = write_export(tmp_path, [[item_line("a"), item_line("b")], [], [item_line("c", total=3)]])
    export = opened(folder, "pk")
    assert (export.table, export.total, len(export.parts)) == ("shop", 3, 2)
    assert keys(export) == ["a", "b", "c"]
    (found,) = export.read(export.parts[1], None)
    assert (found.wire["eventName"], found.position) == ("INSERT", 1)
    assert found.wire["dynamodb"] == {"Keys": {"pk": {"S": "c"}}, "NewImage": item("c", total=3)}


def test_the_summary_names_the_export_too(tmp_path: Path) -> None:
    """As ExportManifest of DescribeExport does."""
    folder = write_export(tmp_path, [[item_line("a")]])
    assert keys(opened(folder / "manifest-summary.json", "pk")) == ["a"]


def test_an_incremental_export(tmp_path: Path) -> None:
    """The images decide the event; the time is that of the last write; the keys stand in each line."""
    new, old = item("b", total=2), item("b", total=1)
    lines = [
        change_line("a", NewImage=item("a")),
        change_line("b", NewImage=new, OldImage=old),
        change_line("c", OldImage=item("c")),
        change_line("d"),
    ]
    export = opened(write_export(tmp_path, [lines], incremental=True))
    found = [each.wire for each in export.read(export.parts[0], None)]
    assert [wire["eventName"] for wire in found] == ["INSERT", "MODIFY", "REMOVE", "REMOVE"]
    assert found[1]["dynamodb"] == {
        "ApproximateCreationDateTime": 1680109764.0,
        "Keys": {"pk": {"S": "b"}},
        "NewImage": new,
        "OldImage": old,
    }


def test_an_export_in_its_bucket(ministack: Ministack, tmp_path: Path) -> None:
    """Read as a stream."""
    write_export(tmp_path, [[item_line("a")], [item_line("b")]])
    upload(ministack.client("s3"), "exports", tmp_path)
    with closing(opened(f"s3://exports/AWSDynamoDB/{EXPORT_ID}/", "pk", endpoint_url=ministack.endpoint_url)) as export:
        assert keys(export) == ["a", "b"]


def test_reading_goes_on_behind_a_line(tmp_path: Path) -> None:
    """And single lines are read again."""
    export = opened(write_export(tmp_path, [[item_line(key) for key in "abcde"]]), "pk")
    (part,) = export.parts
    assert [each.position for each in export.read(part, 3)] == [4, 5]
    assert [each.position for each in export.read_again(part, [4, 2])] == [2, 4]


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    """Before its first item: the manifest has its MD5."""
    folder = write_export(tmp_path, [[item_line("a")]])
    (folder / "data" / "part0.json.gz").write_bytes(gzip.compress(b'{"Item": {"pk": {"S": "b"}}}\n'))
    export = opened(folder, "pk")
    with pytest.raises(BackfillError, match=r"found another MD5 of AWSDynamoDB/.*part0\.json\.gz"):
        keys(export)


def test_a_copy_of_an_object_with_another_etag_is_compared_by_its_md5(ministack: Ministack, tmp_path: Path) -> None:
    """A copy in parts has another ETag than the original."""
    folder = write_export(tmp_path, [[item_line("a")]])
    manifest = folder / "manifest-files.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"etag": "', '"etag": "0'), encoding="utf-8")
    upload(ministack.client("s3"), "copies", tmp_path)
    place = f"s3://copies/AWSDynamoDB/{EXPORT_ID}"
    with closing(opened(place, "pk", endpoint_url=ministack.endpoint_url)) as export:
        assert keys(export) == ["a"]
        ministack.client("s3").put_object(Bucket="copies", Key=export.parts[0], Body=gzip.compress(b""))
        with pytest.raises(BackfillError, match="found another MD5"):
            keys(export)


def test_a_file_that_is_missing_is_named(ministack: Ministack, tmp_path: Path) -> None:
    """In a folder and in a bucket."""
    folder = write_export(tmp_path, [[item_line("a")]])
    (folder / "data" / "part0.json.gz").unlink()
    with pytest.raises(BackfillError, match=r"found no part0\.json\.gz below"):
        keys(opened(folder, "pk"))
    upload(ministack.client("s3"), "holes", tmp_path)
    export = opened(f"s3://holes/AWSDynamoDB/{EXPORT_ID}", "pk", endpoint_url=ministack.endpoint_url)
    with closing(export), pytest.raises(BackfillError, match=r"found (404|NoSuchKey) at s3://holes/"):
        keys(export)


@pytest.mark.parametrize(
    ("lines", "summary", "found"),
    [
        ([item_line("a")], {"outputFormat": "ION"}, "found an export in ION at"),
        ([item_line("a")], {"itemCount": 2}, r"found 1 items in manifest-files\.json at .*, expected 2"),
        ([{"Item": {"id": {"S": "a"}}}], {}, "found an item without its key 'pk' in line 1 of"),
        ([{"Thing": 1}], {}, "found neither Item nor Keys in line 1 of"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, lines: list[Any], summary: dict[str, Any], found: str) -> None:
    """With a sentence that says what it is."""
    folder = write_export(tmp_path, [lines], **summary)
    with pytest.raises(BackfillError, match=found):
        keys(opened(folder, "pk"))


def test_a_place_without_an_export_is_refused(tmp_path: Path, ministack: Ministack) -> None:
    """Also a bucket that does not exist."""
    with pytest.raises(BackfillError, match=r"found no manifest-summary\.json of an export at"):
        opened(tmp_path, "pk")
    with pytest.raises(BackfillError, match=r"found NoSuchBucket at s3://nowhere/export"):
        opened("s3://nowhere/export", "pk", endpoint_url=ministack.endpoint_url)


def test_a_full_export_needs_the_names_of_the_keys(tmp_path: Path) -> None:
    """It does not say which attributes they are."""
    folder = write_export(tmp_path, [[item_line("a")]])
    assert exported_table(export_place(str(folder))) == ("shop", False)
    with pytest.raises(BackfillError, match="name them with --key"):
        opened(folder)


def test_a_file_that_is_not_compressed_is_refused(tmp_path: Path) -> None:
    """With the manifest that says so, too."""
    folder = write_export(tmp_path, [[item_line("a")]])
    manifest = folder / "manifest-files.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("md5Checksum", "other"), encoding="utf-8")
    (folder / "data" / "part0.json.gz").write_bytes(b"{}")
    with pytest.raises(BackfillError, match=r"found BadGzipFile on reading .*, expected lines of JSON"):
        keys(opened(folder, "pk"))
