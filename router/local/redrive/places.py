"""Which place a text on the command line names, and where its journal is."""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path

from router.local.redrive.clients import Clients
from router.local.redrive.file_place import FilePlace, FolderPlace, journal_beside
from router.local.redrive.place import Place, PlaceError
from router.local.redrive.queue_place import QueuePlace
from router.local.redrive.s3_place import S3Place

__all__ = ["journal_of", "place_of"]


def place_of(text: str, clients: Clients) -> Place:
    """The place that a text names.

    Args:
        text: A file, a folder, ``s3://bucket/prefix``, or a queue's URL.
        clients: Makes the clients.

    Raises:
        PlaceError: It names none.
    """
    if text.startswith("s3://"):
        return S3Place(text, clients.get("s3"))
    if text.startswith(("https://", "http://")):
        return QueuePlace(text, clients.get("sqs", _region_of_queue(text)))
    path = Path(text)
    if path.is_dir():
        return FolderPlace(path)
    if path.is_file():
        return FilePlace(path)
    msg = f"found no file or folder {text}, expected one with parked records, s3://BUCKET/PREFIX, or a queue's URL"
    raise PlaceError(msg)


def _region_of_queue(url: str) -> str | None:
    found = re.match(r"https://(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com", url)
    return found and (found[1] or found[2])


def journal_of(text: str, state_folder: Path) -> Path:
    """The journal of a place: beside a file, in a folder, else in a folder of this machine.

    Args:
        text: The place.
        state_folder: The folder of this machine.
    """
    if text.startswith(("s3://", "https://", "http://")):
        return state_folder / "redrive" / blake2b(text.encode(), digest_size=16).hexdigest()
    return journal_beside(Path(text).resolve())
