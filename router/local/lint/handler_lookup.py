"""What a template calls the handler, and what is found there."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from typing import Any

from router.app import Dispatcher
from router.local.cloudformation.template import app_of_handler

__all__ = ["Handler", "find_handler"]


@dataclass(frozen=True)
class Handler:
    """A handler.

    Args:
        written: As the template has it, or ``None`` where it does not say, as for an image.
        place: The file and line of the template.
        found: What is there, if anything.
        problem: Why nothing is there, or ``None``.
        near: What of the same module could be meant.
    """

    written: str | None
    place: str
    found: Any = None
    problem: str | None = None
    near: str | None = None

    @property
    def app(self) -> str | None:
        """Its name as ``--app`` takes it."""
        return app_of_handler(self.written)


def find_handler(written: str | None, place: str) -> Handler:
    """Look for a handler as Lambda does, on ``sys.path``.

    https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html

    Args:
        written: As the template has it.
        place: The file and line of the template.
    """
    module, _, attribute = (written or "").rpartition(".")
    if written is None:
        return Handler(None, place)
    if not module:
        return Handler(written, place, problem="it names no module: module.attribute is what Lambda imports")
    module = module.replace("/", ".")
    if not _is_there(module):
        return Handler(written, place, problem=f"there is no module {module}")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what it prints is no finding
            found = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's module raises
        return Handler(written, place, problem=f"importing {module} raises {type(error).__name__}")
    if not hasattr(found, attribute):
        near = next((name for name, value in vars(found).items() if isinstance(value, Dispatcher)), None)
        near = near and f"{written.rpartition('.')[0]}.{near}"
        return Handler(written, place, problem=f"module {module} has no {attribute}", near=near)
    return Handler(written, place, getattr(found, attribute))


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
