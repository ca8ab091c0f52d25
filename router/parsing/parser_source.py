"""The source of one generated parser, and the emission of a value by the emitter of its schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from router.parsing.core_schema import Definitions, Schema, field_validator
from router.parsing.source_writer import SourceWriter, Unsupported

__all__ = ["ANY", "Conversion", "Emit", "ParserSource", "is_strict", "refuse_constraints"]

ANY: Final[Schema] = {"type": "any"}
_BODY_INDENT: Final = " " * 12
_ALIKE_IN_STRICT_MODE: Final = frozenset(
    {
        *("any", "bool", "bytes", "dict", "float", "frozenset", "function-after", "int", "list", "literal"),
        *("model", "nullable", "set", "str", "tagged-union", "union"),
    }
)
"""The kinds of schema whose emitters know strict mode, or take what strict mode takes."""


class Conversion(NamedTuple):
    """One value and what it becomes.

    Args:
        schema: The core schema of the result.
        config: The config of the model to which the value belongs.
        wire: The variable that holds the attribute value or, where an emitter says so, the text under its tag.
        result: The variable that receives the Python value.
    """

    schema: Schema
    config: Schema
    wire: str
    result: str


def is_strict(conversion: Conversion) -> bool:
    """Whether a schema is in strict mode, by itself or by the config of its model."""
    return bool(conversion.schema.get("strict", conversion.config.get("strict")))


def refuse_constraints(schema: Schema, *harmless: str) -> None:
    """Raise if a schema says more than its type and what is named as harmless."""
    if schema.keys() - {"type", "ref", "metadata", "serialization", "strict", *harmless}:
        raise Unsupported


class ParserSource(SourceWriter):
    """The body of one generated parser.

    Args:
        definitions: The schemas to which others refer.
        emitters: The emitter of each kind of schema.
    """

    def __init__(self, definitions: Definitions, emitters: Mapping[str, Emit]) -> None:
        super().__init__(_BODY_INDENT)
        self.definitions = definitions
        self._emitters = emitters
        self._open_references: list[str] = []
        """The references that lead to the schema for which code is emitted now."""

    def value(self, conversion: Conversion) -> None:
        """Emit the code that converts an attribute value: by the emitter of its schema, else by its validator."""
        depth = len(self._open_references)
        schema = self.resolved(conversion)
        if schema is None or not self.attempt(lambda: self._value_by_kind(conversion._replace(schema=schema))):
            self.validated(conversion)
        del self._open_references[depth:]

    def resolved(self, conversion: Conversion) -> Schema | None:
        """Follow the references of a schema; ``None`` if it contains itself."""
        schema = conversion.schema
        while schema["type"] == "definition-ref":
            reference = schema["schema_ref"]
            if reference in self._open_references:
                return None
            self._open_references.append(reference)
            schema = self.definitions[reference]
        return schema

    def _value_by_kind(self, conversion: Conversion) -> None:
        kind = conversion.schema["type"]
        emit = self._emitters.get(kind)
        if emit is None or (is_strict(conversion) and kind not in _ALIKE_IN_STRICT_MODE):
            raise Unsupported
        emit(self, conversion)

    def validated(self, conversion: Conversion) -> None:
        """Emit the code that decodes an attribute value, and gives it to its validator."""
        self.decoded(conversion.wire, conversion.result)
        self.line(f"{conversion.result} = {self.validator(conversion)}({conversion.result})")

    def validator(self, conversion: Conversion) -> str:
        """Add the validator of a decoded value; return its name."""
        return self.constant(field_validator(conversion.schema, conversion.config, self.definitions))

    def decoded(self, wire: str, result: str) -> None:
        """Emit the code that decodes an attribute value."""
        # The two tags that most values have are decoded in place, all others by a call.
        with self.block(f"if 'S' in {wire}:"):
            self.line(f"{result} = {wire}['S']")
            self.line(f"if len({wire}) != 1 or type({result}) is not str: raise TypeError")
        with self.block(f"elif 'N' in {wire}:"):
            self.line(f"{result} = number_of({wire}['N'])")
            self.line(f"if len({wire}) != 1: raise TypeError")
        with self.block("else:"):
            self.line(f"{result} = value_of({wire})")

    def body(self, wire: str, tag: str, variable: str | None = None) -> str:
        """Emit the code that takes the body of an attribute value with a tag; return its variable."""
        body = variable or self.variable("body")
        self.line(f"{body} = {wire}['{tag}']")
        self.line(f"if len({wire}) != 1: raise TypeError")
        return body


Emit = Callable[[ParserSource, Conversion], None]
"""Emits the code of one conversion, or raises :class:`~router.parsing.source_writer.Unsupported`."""
