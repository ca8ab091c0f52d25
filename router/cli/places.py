"""Keep the commands that run an app away from its parking place and from its store of completed routes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from router.app import Dispatcher
from router.cli.console import Page, error_text
from router.cli.json_output import error_document
from router.local.wording import counted
from router.parking import MemoryParking

__all__ = ["Parkings", "app_in_container"]


@dataclass(frozen=True)
class Parkings:
    """The records that the app would have parked in its own place.

    Args:
        place: The type of the app's parking place.
        parked: The records, once for each route.
    """

    place: str
    parked: MemoryParking

    def show(self, page: Page | None = None) -> None:
        """Say how many records were not parked.

        Args:
            page: Where to print; standard error by default, for a result in JSON.
        """
        if not self.parked:
            return
        text = f"{counted(len(self.parked), 'record')} would be parked in {self.place}; --park parks them"
        if page is None:
            print(f"router: {text}", file=sys.stderr)
        else:
            page.line(("note: ", "yellow"), text)


@contextmanager
def app_in_container(app: Dispatcher, *, park: bool) -> Iterator[Parkings]:
    """Run an app in a new container, without its own places unless the user asks for them.

    Args:
        app: The app.
        park: Whether the app parks in its own place and remembers completed routes in its own store.
    """
    place = type(app.parking).__name__
    with contextlib.ExitStack() as stack:
        yield Parkings(place, stack.enter_context(app.in_new_container(keep_places=park)))
        # Standard output is for the result, so output of clean-ups goes to standard error.
        with contextlib.redirect_stdout(sys.stderr):
            _close(stack)


def _close(stack: contextlib.ExitStack) -> None:
    try:
        stack.close()
    except Exception as error:  # noqa: BLE001 - a clean-up is the user's; the result is complete without it
        print(f"router: a clean-up of scope cold_start raised {error_text(error_document(error))}", file=sys.stderr)
