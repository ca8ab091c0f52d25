"""Write the source of one function, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["SourceWriter", "Unsupported"]

_MOST_LINES: Final = 1_000


class Unsupported(Exception):  # noqa: N818 - a signal between emitters, which no user sees
    """No code can be emitted that certainly gives the validator's result."""


class SourceWriter:
    """Collects the lines of a function's body, and the objects that the lines refer to.

    Objects such as validators and classes become arguments of the function that makes the generated one. The text
    refers to them by name only, so that it is the same for all models with the same kinds of field.

    Args:
        indent: The indentation of the first line.
    """

    def __init__(self, indent: str) -> None:
        self.constants: list[Any] = []
        self._lines: list[str] = []
        self._indent = indent
        self._variables = 0

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines)

    @property
    def constant_names(self) -> list[str]:
        """The names of the constants, in their order."""
        return [f"constant{position}" for position in range(len(self.constants))]

    def constant(self, value: Any) -> str:
        """Add an object; return the name by which lines refer to it."""
        self.constants.append(value)
        return f"constant{len(self.constants) - 1}"

    def variable(self, kind: str) -> str:
        """Return a new name for a local variable."""
        self._variables += 1
        return f"{kind}{self._variables}"

    def line(self, line: str) -> None:
        """Write a line."""
        self._lines.append(self._indent + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write the head of a block, and indent the lines that are written inside the ``with``."""
        self.line(head)
        self._indent += " "
        yield
        self._indent = self._indent[:-1]

    def attempt(self, emit: Callable[[], None]) -> bool:
        """Emit code; if that is unsupported or makes the function too long, discard its lines and return ``False``."""
        lines, constants, indent = len(self._lines), len(self.constants), self._indent
        try:
            emit()
            if len(self._lines) < _MOST_LINES:
                return True
        except Unsupported:
            pass
        del self._lines[lines:], self.constants[constants:]
        self._indent = indent
        return False
