"""Depends: names, inside Annotated, the factory that supplies a parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from router.errors import RegistrationError
from router.naming import is_async, kind_of, short_name_of
from router.value_classes import dataclass

__all__ = ["SCOPES", "SNAPSHOTS", "Depends", "Scope", "Snapshot"]

Scope = Literal["cold_start", "invocation", "record"]

SCOPES: tuple[Scope, ...] = get_args(Scope)
"""From the widest to the narrowest."""

Snapshot = Literal["keep", "remake"]
SNAPSHOTS: tuple[Snapshot, ...] = get_args(Snapshot)
"""What becomes of a value of scope ``cold_start`` where SnapStart restores a container from a snapshot."""


@dataclass(frozen=True, repr=False)
class Depends:
    """Names, inside ``Annotated``, the factory of a parameter: ``bus: Annotated[Bus, Depends(get_bus)]``.

    Args:
        factory: A function, class or generator function, plain or async, that returns the value. Its own parameters are
            supplied like those of a handler. The code after a generator's ``yield`` runs when the scope ends and sees
            the handler's exception.
        scope: How long a value is kept: ``"record"`` for one call of one handler, ``"invocation"``, or
            ``"cold_start"`` for the life of the container.

        snapshot: With SnapStart, whether each container that is restored from the snapshot makes a value of scope
            ``cold_start`` anew, as a connection has to be (``"remake"``), or the value is made once, before the
            snapshot, and kept (``"keep"``): a parsed file, a compiled schema.

    Raises:
        RegistrationError: The factory cannot be called, or the scope is unknown, or no snapshot can keep the value.

    Example:
        >>> def get_bus() -> list[str]: return []
        >>> Depends(get_bus, scope="cold_start").scope
        'cold_start'
    """

    factory: Callable[..., Any]
    scope: Scope = "record"
    snapshot: Snapshot = "remake"

    def __repr__(self) -> str:
        scope = "" if self.scope == "record" else f", scope={self.scope!r}"
        snapshot = "" if self.snapshot == "remake" else f", snapshot={self.snapshot!r}"
        return f"Depends({short_name_of(self.factory)}{scope}{snapshot})"

    def __post_init__(self) -> None:
        if not callable(self.factory):
            msg = f"Depends() found {kind_of(self.factory)}, expected a function or a class"
            raise RegistrationError(msg)
        if self.scope not in SCOPES:
            msg = f"Depends() found scope={self.scope!r}, expected {' or '.join(map(repr, SCOPES))}"
            raise RegistrationError(msg)
        if self.snapshot not in SNAPSHOTS:
            msg = f"Depends() found snapshot={self.snapshot!r}, expected {' or '.join(map(repr, SNAPSHOTS))}"
            raise RegistrationError(msg)
        if self.snapshot == "keep":
            self._check_kept()

    def _check_kept(self) -> None:
        """Require a value that outlives the snapshot: nothing asynchronous, because the event loop is new after it."""
        written = f"Depends({short_name_of(self.factory)}, snapshot='keep')"
        if self.scope != "cold_start":
            msg = f"{written} found scope={self.scope!r}, expected scope='cold_start': no other value is kept"
            raise RegistrationError(msg)
        if is_async(self.factory):
            msg = (
                f"{written} found an asynchronous factory, expected a plain one: its value belongs to the event loop,"
                " which is new after the snapshot"
            )
            raise RegistrationError(msg)
