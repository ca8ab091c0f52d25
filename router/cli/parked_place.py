"""Open a place of parked records for a command."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from router.local.engines.install import cache_folder
from router.local.redrive.clients import Clients
from router.local.redrive.journal import Journal
from router.local.redrive.place import Place
from router.local.redrive.places import journal_of, place_of
from router.local.redrive.reading import Reading
from router.local.redrive.references import References
from router.local.redrive.selection import Selection

__all__ = [
    "EntityOption",
    "ErrorOption",
    "OpenPlace",
    "PlaceArgument",
    "RouteOption",
    "UrlOption",
    "opened",
    "selection_of",
]

PlaceArgument = Annotated[
    str, typer.Argument(metavar="PLACE", help="A file, a folder, s3://BUCKET/PREFIX, or a queue's URL.")
]
EntityOption = Annotated[list[str] | None, typer.Option("--entity", metavar="NAME", help="Only these; repeat.")]
RouteOption = Annotated[list[str] | None, typer.Option("--route", metavar="NAME", help="Only of these routes; repeat.")]
ErrorOption = Annotated[
    list[str] | None, typer.Option("--error", metavar="TYPE", help="Only with these errors; repeat.")
]
UrlOption = Annotated[
    str | None, typer.Option("--endpoint-url", metavar="URL", help="An endpoint in place of AWS, for every service.")
]


@dataclass(frozen=True)
class OpenPlace:
    """A place that is open for a command.

    Args:
        place: The place.
        reading: Reads its records.
        journal: Has what is done; ``None`` for a command that only reads.
        clients: Makes clients of AWS.
    """

    place: Place
    reading: Reading
    journal: Journal | None
    clients: Clients


@contextmanager
def opened(text: str, endpoint_url: str | None, *, to_redrive: bool) -> Iterator[OpenPlace]:
    """Open a place; afterwards what was taken and not removed is given back.

    Args:
        text: The place on the command line.
        endpoint_url: The value of ``--endpoint-url``.
        to_redrive: Whether to remove what is done, and to keep a journal.

    Raises:
        PlaceError: There is no such place, or it cannot be read or written.
    """
    with contextlib.closing(Clients(endpoint_url)) as clients:
        place = place_of(text, clients)
        references = References(clients)
        journal = Journal(journal_of(text, cache_folder())) if to_redrive else None
        reading = Reading(place, frozenset() if journal is None else journal, references.read)
        is_closed = False
        try:
            with references.used():
                yield OpenPlace(place, reading, journal, clients)
        finally:
            try:
                place.close()
                is_closed = True
            finally:
                if journal is not None:
                    journal.close(is_over=is_closed and not reading.needs_journal)


def selection_of(entities: list[str] | None, routes: list[str] | None, errors: list[str] | None) -> Selection:
    """The filters of a command line."""
    return Selection(tuple(entities or ()), tuple(routes or ()), tuple(errors or ()))
