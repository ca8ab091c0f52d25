"""Where an export is: in its bucket, or in a folder that holds a copy."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from hashlib import md5
from pathlib import Path
from typing import IO, Protocol

from router.aws_client import code_of_error
from router.local.aws_clients import aws_client
from router.local.backfill.existing_items import BackfillError

__all__ = ["BucketPlace", "ExportPlace", "FolderPlace", "export_place"]

_URL = re.compile(r"s3://([^/]+)/?(.*)")
_CHUNK = 1 << 20


class ExportPlace(Protocol):
    """An export's files, by their keys in the manifest."""

    def manifest(self, name: str) -> bytes:
        """A manifest; empty if there is none."""
        ...

    def open(self, key: str) -> AbstractContextManager[IO[bytes]]:
        """A data file, to read in a block."""
        ...

    def check(self, key: str, etag: str | None, checksum: str | None) -> None:
        """Compare a data file with the manifest.

        Raises:
            BackfillError: It is another one.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class FolderPlace:
    """A folder: that of the export, with its data below it or beside it, as in the bucket.

    Args:
        folder: The folder with the manifests.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def manifest(self, name: str) -> bytes:
        """A manifest; empty if there is none."""
        path = self._folder / name
        return path.read_bytes() if path.is_file() else b""

    @contextmanager
    def open(self, key: str) -> Iterator[IO[bytes]]:
        """A data file, to read in a block."""
        with self._path_of(key).open("rb") as file:
            yield file

    def check(self, key: str, etag: str | None, checksum: str | None) -> None:  # noqa: ARG002 - files have no ETag
        """Compare the MD5 of a data file with the manifest."""
        if checksum is not None:
            with self.open(key) as stream:
                _check_md5(stream, key, checksum)

    def close(self) -> None:
        """Do nothing: files are closed after their block."""

    def _path_of(self, key: str) -> Path:
        name = key.rpartition("/")[2]
        # The files of an incremental export are beside its folder, in one for all exports of the prefix.
        folders = (self._folder / "data", self._folder.parent / "data", self._folder)
        found = next((folder / name for folder in folders if (folder / name).is_file()), None)
        if found is None:
            msg = f"found no {name} below {self._folder}, expected the data files of the manifest, in data/"
            raise BackfillError(msg)
        return found

    def __str__(self) -> str:
        return str(self._folder)


class BucketPlace:
    """The bucket to which DynamoDB has written the export.

    Args:
        bucket: The bucket.
        prefix: The prefix of the manifests' keys.
        endpoint_url: The endpoint of S3; by default AWS.
    """

    def __init__(self, bucket: str, prefix: str, endpoint_url: str | None = None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._client = aws_client("s3", endpoint_url, max_pool_connections=64)

    def manifest(self, name: str) -> bytes:
        """A manifest; empty if there is none."""
        key = f"{self._prefix}/{name}" if self._prefix else name
        try:
            with closing(self._client.get_object(Bucket=self._bucket, Key=key)["Body"]) as stream:
                content: bytes = stream.read()
        except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
            if code_of_error(error) in ("NoSuchKey", "404"):
                return b""
            raise self._refused(key, error) from None
        return content

    @contextmanager
    def open(self, key: str) -> Iterator[IO[bytes]]:
        """A data file, to read in a block."""
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
            raise self._refused(key, error) from None
        with closing(body) as stream:
            yield stream

    def check(self, key: str, etag: str | None, checksum: str | None) -> None:
        """Compare the ETag of a data file with the manifest; where that differs, as after a copy, its MD5."""
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)["ETag"].strip('"')
        except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
            raise self._refused(key, error) from None
        if found != etag and checksum is not None:
            with self.open(key) as stream:
                _check_md5(stream, key, checksum)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _refused(self, key: str, error: Exception) -> BackfillError:
        return BackfillError(f"found {code_of_error(error)} at s3://{self._bucket}/{key}, expected a file of an export")

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"


def export_place(place: str, endpoint_url: str | None = None) -> ExportPlace:
    """The place of an export.

    Args:
        place: ``s3://BUCKET/PREFIX/AWSDynamoDB/ID``, or a folder; or the summary manifest there.
        endpoint_url: The endpoint of S3; by default AWS.
    """
    found = _URL.fullmatch(place)
    if found:
        prefix = found[2].removesuffix("manifest-summary.json").rstrip("/")
        return BucketPlace(found[1], prefix, endpoint_url)
    path = Path(place)
    return FolderPlace(path.parent if path.name == "manifest-summary.json" else path)


def _check_md5(stream: IO[bytes], key: str, checksum: str) -> None:
    digest = md5(usedforsecurity=False)  # the checksum that DynamoDB writes
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    if b64encode(digest.digest()).decode() != checksum:
        msg = f"found another MD5 of {key}, expected md5Checksum of the export's manifest; copy the file again"
        raise BackfillError(msg)
