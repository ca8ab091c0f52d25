"""Expressions of DynamoDB with placeholders in place of names and values."""

from __future__ import annotations

from typing import Any

from router.effects.attributes import to_attributes

__all__ = ["Placeholders"]


class Placeholders:
    """The names and values of the expressions of one write.

    Example:
        >>> placeholders = Placeholders()
        >>> f"{placeholders.name('stock')} >= {placeholders.value(1)}"
        '#n0 >= :v0'
        >>> placeholders.parameters()["ExpressionAttributeNames"]
        {'#n0': 'stock'}
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def name(self, attribute: str) -> str:
        """The placeholder of an attribute's name."""
        return self._names.setdefault(attribute, f"#n{len(self._names)}")

    def value(self, value: Any) -> str:
        """A placeholder of a Python value."""
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = value
        return placeholder

    def assignments(self, values: dict[str, Any]) -> str:
        """The assignments of a ``SET`` clause."""
        return ", ".join(f"{self.name(name)} = {self.value(value)}" for name, value in values.items())

    def parameters(self) -> dict[str, Any]:
        """The parameters of the request that name them; one without members is left out."""
        parameters: dict[str, Any] = {
            "ExpressionAttributeNames": {placeholder: name for name, placeholder in self._names.items()},
            "ExpressionAttributeValues": to_attributes(self._values),
        }
        return {name: members for name, members in parameters.items() if members}
