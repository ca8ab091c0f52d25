"""The handler that a template names, and the object that Lambda would import for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from router.local.app_import import ModuleMissingError, NoDispatcherError, dispatcher_in, import_app_module
from router.local.cloudformation.code import app_of_handler

__all__ = ["DeclaredHandler", "find_handler"]


@dataclass(frozen=True)
class DeclaredHandler:
    """A handler.

    Args:
        written: The template's text, or ``None`` if it names no handler, as for a container image.
        place: The file and line of the template.
        found: The imported object, or ``None``.
        problem: Why nothing can be imported, or ``None``.
        near: Another attribute of the same module that may be meant, in the template's form.
        unknown: Why nothing is known about the handler that is not found, or ``None``: its code is elsewhere.
    """

    written: str | None
    place: str
    found: Any = None
    problem: str | None = None
    near: str | None = None
    unknown: str | None = None

    @property
    def app(self) -> str | None:
        """Its name in the form of ``--app``."""
        return app_of_handler(self.written)


def find_handler(written: str | None, place: str, unknown: str | None = None) -> DeclaredHandler:
    """Import a handler as Lambda does, from ``sys.path``.

    https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html

    Args:
        written: The template's text.
        place: The file and line of the template.
        unknown: Why the module may be missing here, though not in Lambda.
    """
    if written is None:
        return DeclaredHandler(None, place, unknown=unknown)
    name = app_of_handler(written)
    if name is None:
        return DeclaredHandler(written, place, problem="it names no module: module.attribute is what Lambda imports")
    module, _, attribute = name.partition(":")
    try:
        return DeclaredHandler(written, place, found=dispatcher_in(import_app_module(module), attribute))
    except ModuleMissingError:
        if unknown is not None:
            return DeclaredHandler(written, place, unknown=unknown)
        return DeclaredHandler(written, place, problem=f"there is no module {module}")
    except NoDispatcherError as error:
        if not error.missing:
            return DeclaredHandler(written, place, found=error.found)  # any function may be a handler
        near = error.near and f"{written.rpartition('.')[0]}.{error.near}"
        return DeclaredHandler(written, place, problem=f"module {module} has no {attribute}", near=near)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's module may raise anything
        return DeclaredHandler(written, place, problem=f"importing {module} raises {type(error).__name__}")
