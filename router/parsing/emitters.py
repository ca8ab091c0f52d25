"""The emitter of each kind of core schema, and the source of a parser that they emit.

An emitter raises :class:`~router.parsing.source_writer.Unsupported` for a schema whose result it does not reproduce
exactly. The value is then decoded and given to the field's own validator.

https://docs.pydantic.dev/latest/api/pydantic_core_schema/
"""

from __future__ import annotations

from typing import Final

from router.parsing.container_emitters import CONTAINER_EMITTERS
from router.parsing.model_emitter import emit_model
from router.parsing.parser_source import Conversion, Emit, ParserSource
from router.parsing.scalar_emitters import SCALAR_EMITTERS
from router.parsing.union_emitters import UNION_EMITTERS

__all__ = ["EMITTERS"]


def _emit_any(source: ParserSource, conversion: Conversion) -> None:
    source.decoded(conversion.wire, conversion.result)


def _emit_nullable(source: ParserSource, conversion: Conversion) -> None:
    wire, result = conversion.wire, conversion.result
    with source.block(f"if 'NULL' in {wire}:"):
        source.line(f"if len({wire}) != 1 or {wire}['NULL'] is not True: raise TypeError")
        source.line(f"{result} = None")
    with source.block("else:"):
        source.value(conversion._replace(schema=conversion.schema["schema"]))


def _emit_after(source: ParserSource, conversion: Conversion) -> None:
    """Emit a user's validator that takes the converted value."""
    source.value(conversion._replace(schema=conversion.schema["schema"]))
    validate = source.constant(conversion.schema["function"]["function"])
    source.line(f"{conversion.result} = {validate}({conversion.result})")


def _emit_nested_model(source: ParserSource, conversion: Conversion) -> None:
    image = source.body(conversion.wire, "M")
    source.line(f"if type({image}) is not dict: raise TypeError")
    source.line(f"{conversion.result} = {emit_model(source, conversion.schema, image, nested=True)}")


EMITTERS: Final[dict[str, Emit]] = {
    **SCALAR_EMITTERS,
    **CONTAINER_EMITTERS,
    **UNION_EMITTERS,
    "any": _emit_any,
    "function-after": _emit_after,
    "model": _emit_nested_model,
    "nullable": _emit_nullable,
}
"""The emitter of each kind of schema."""
