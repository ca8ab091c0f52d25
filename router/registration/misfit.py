"""What makes a handler unfit for registration, and the error that explains it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from router.errors import RegistrationError
from router.naming import place_of
from router.registration.source_text import show

__all__ = ["Misfit", "explained"]


class Misfit(Exception):  # noqa: N818 - internal: explained() turns it into a RegistrationError
    """A part of a signature that cannot work.

    Args:
        found: The part.
        expected: What can work in its place.
        to_do: How to correct it.
        requesters: The factories that lead to it, the handler's own dependency first.
    """

    def __init__(self, found: str, expected: str, to_do: str, requesters: tuple[Callable[..., Any], ...] = ()) -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected
        self.to_do = to_do
        self.requesters = requesters


def explained(headline: str, handler: Any, misfit: Misfit) -> RegistrationError:
    """Make the error that shows a handler, what is wrong with it, and how to correct it."""
    lines = [
        f"{headline}:",
        "",
        f"    {show(handler)}",
        "",
        f"  found:    {misfit.found}",
        f"  expected: {misfit.expected}",
        f"  to do:    {misfit.to_do}",
    ]
    place = place_of(handler)
    lines += [f"  defined:  {place}"] if place else []
    lines += [f"  needs:    {', '.join(filter(None, (show(one), place_of(one))))}" for one in misfit.requesters]
    return RegistrationError("\n".join(lines))
