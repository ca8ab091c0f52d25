"""Depends: names, inside Annotated, the factory that supplies a parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from router.errors import RegistrationError
from router.naming import kind_of, short_name_of
from router.value_classes import dataclass

__all__ = ["SCOPES", "Depends", "Scope"]

Scope = Literal["cold_start", "invocation", "record"]

SCOPES: tuple[Scope, ...] = get_args(Scope)
"""From the widest to the narrowest."""


@dataclass(frozen=True, repr=False)
class Depends:
    """Names, inside ``Annotated``, the factory of a parameter: ``bus: Annotated[Bus, Depends(get_bus)]``.

    Args:
        factory: A function, class or generator function, plain or async, that returns the value. Its own parameters are
            supplied like those of a handler. The code after a generator's ``yield`` runs when the scope ends and sees
            the handler's exception.
        scope: How long a value is kept: ``"record"`` for one call of one handler, ``"invocation"``, or
            ``"cold_start"`` for the life of the container.

    Raises:
        RegistrationError: The factory cannot be called, or the scope is unknown.

    Example:
        >>> def get_bus() -> list[str]: return []
        >>> Depends(get_bus, scope="cold_start").scope
        'cold_start'
    """

    factory: Callable[..., Any]
    scope: Scope = "record"

    def __repr__(self) -> str:
        scope = "" if self.scope == "record" else f", scope={self.scope!r}"
        return f"Depends({short_name_of(self.factory)}{scope})"

    def __post_init__(self) -> None:
        if not callable(self.factory):
            msg = f"Depends() found {kind_of(self.factory)}, expected a function or a class"
            raise RegistrationError(msg)
        if self.scope not in SCOPES:
            msg = f"Depends() found scope={self.scope!r}, expected {' or '.join(map(repr, SCOPES))}"
            raise RegistrationError(msg)
