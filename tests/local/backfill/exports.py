"""Exports as DynamoDB writes them to S3, which no local engine can: manifests, and compressed files of JSON lines.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

from tests.builders import Json, item

__all__ = ["EXPORT_ID", "change_line", "item_line", "upload", "write_export"]

EXPORT_ID = "01693685827463-2d8752fd"
_TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/shop"


def item_line(key: str, **values: Any) -> Json:
    """A line of a full export."""
    return {"Item": item(key, **values)}


def change_line(key: str, **images: Json) -> Json:
    """A line of an incremental export; its key is ``pk``."""
    written = {"WriteTimestampMicros": {"N": "1680109764000000"}}
    return {"Metadata": written, "Keys": {"pk": {"S": key}}, **images}


def write_export(root: Path, files: Sequence[Iterable[Json]], *, incremental: bool = False, **summary: Any) -> Path:
    """Write an export below a folder as below a bucket's prefix; returns the folder with the manifests.

    Args:
        root: Stands for the bucket and its prefix.
        files: The lines of each data file.
        incremental: Whether its lines are changes; their files are in a folder beside the export's.
        summary: Fields of the summary that differ.
    """
    folder = root / "AWSDynamoDB" / EXPORT_ID
    data = folder.parent / "data" if incremental else folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    data.mkdir(exist_ok=True)
    manifest, total = [], 0
    for number, lines in enumerate(files):
        texts = [json.dumps(line) + "\n" for line in lines]
        content = gzip.compress("".join(texts).encode())
        path = data / f"part{number}.json.gz"
        path.write_bytes(content)
        digest = md5(content, usedforsecurity=False)
        manifest.append(
            {
                "itemCount": len(texts),
                "md5Checksum": b64encode(digest.digest()).decode(),
                "etag": digest.hexdigest(),
                "dataFileS3Key": path.relative_to(root).as_posix(),
            }
        )
        total += len(texts)
    (folder / "_started").touch()
    (folder / "manifest-files.json").write_text("".join(json.dumps(each) + "\n" for each in manifest), encoding="utf-8")
    kind = {"exportType": "INCREMENTAL_EXPORT", "outputView": "NEW_AND_OLD_IMAGES"} if incremental else {}
    document = {
        "version": "2023-08-01" if incremental else "2020-06-30",
        "exportArn": f"{_TABLE}/export/{EXPORT_ID}",
        "tableArn": _TABLE,
        "s3Bucket": "exports",
        "s3Prefix": None,
        "manifestFilesS3Key": f"AWSDynamoDB/{EXPORT_ID}/manifest-files.json",
        "itemCount": total,
        "outputFormat": "DYNAMODB_JSON",
        **kind,
        **summary,
    }
    (folder / "manifest-summary.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def upload(client: Any, bucket: str, root: Path) -> None:
    """Copy an export to a bucket."""
    client.create_bucket(Bucket=bucket)
    for path in root.rglob("*"):
        if path.is_file():
            client.put_object(Bucket=bucket, Key=path.relative_to(root).as_posix(), Body=path.read_bytes())
