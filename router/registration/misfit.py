"""What does not fit in a handler's signature, and the error that explains it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from router.errors import RegistrationError
from router.naming import place_of
from router.registration.source_text import show

__all__ = ["Misfit", "explained"]


class Misfit(Exception):  # noqa: N818 - never seen outside: it becomes a RegistrationError
    """What does not fit in a signature, and what would.

    Args:
        found: What stands there.
        expected: What could.
        remedy: What to do.
    """

    def __init__(self, found: str, expected: str, remedy: str) -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected
        self.remedy = remedy
        self.through: tuple[Callable[..., Any], ...] = ()
        """The dependencies that lead to it, from the handler's own on."""


def explained(headline: str, handler: Any, misfit: Misfit) -> RegistrationError:
    """The error that shows a handler with what is wrong about it."""
    lines = [
        f"{headline}:",
        "",
        f"    {show(handler)}",
        "",
        f"  found:    {misfit.found}",
        f"  expected: {misfit.expected}",
        f"  to do:    {misfit.remedy}",
    ]
    chain = [("defined: ", handler), *(("needs:   ", factory) for factory in misfit.through)]
    for label, function in chain:
        place = place_of(function)
        what = "" if function is handler else show(function)
        where = f"{what}, {place}" if what and place else what or place
        lines += [f"  {label} {where}"] if where else []
    return RegistrationError("\n".join(lines))
