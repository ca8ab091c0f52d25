"""Depends: says, inside Annotated, what supplies a handler's parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from router.errors import RegistrationError
from router.naming import short_name_of

__all__ = ["SCOPES", "Depends", "Scope"]

Scope = Literal["cold_start", "invocation", "record"]

SCOPES: tuple[Scope, ...] = ("cold_start", "invocation", "record")


@dataclass(frozen=True, slots=True, repr=False)
class Depends:
    """Says, inside ``Annotated``, what supplies a parameter: ``bus: Annotated[Bus, Depends(get_bus)]``.

    Args:
        factory: Called for the value; plain or async, a function, a class or a generator. What a generator does after
            its ``yield`` is the clean-up at the end of the scope, and sees the handler's exception. A factory declares
            what it needs just as a handler does.
        scope: How long a value serves: ``"record"``, one handler call of one record; ``"invocation"``; or
            ``"cold_start"``, as long as the container lives.

    Raises:
        RegistrationError: The factory cannot be called, or there is no such scope.

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
            msg = f"Depends() found a value of type {type(self.factory).__name__}, expected a function or a class"
            raise RegistrationError(msg)
        if self.scope not in SCOPES:
            msg = f"Depends() found scope={self.scope!r}, expected {' or '.join(map(repr, SCOPES))}"
            raise RegistrationError(msg)
