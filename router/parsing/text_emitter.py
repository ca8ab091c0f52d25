"""Emit the code that takes a text: as it is, or with the constraints of its field and of its model's config."""

from __future__ import annotations

from typing import Any, Final

from router.parsing.constraints import LENGTHS, emit_lengths
from router.parsing.parser_source import Conversion, ParserSource, refuse_constraints

__all__ = ["emit_text", "is_plain_text"]

_CHANGES: Final = {"strip_whitespace": r"strip(' \t\n\r\x0b\x0c')", "to_lower": "lower()", "to_upper": "upper()"}
"""What changes a text, and the method that does it to a text in ASCII."""


def emit_text(source: ParserSource, conversion: Conversion) -> None:
    """Emit the code that takes a text.

    Args:
        source: The parser's source.
        conversion: The conversion; its ``wire`` holds the text.
    """
    schema, _, text, result = conversion
    refuse_constraints(schema, "coerce_numbers_to_str", "pattern", "regex_engine", *_CHANGES, *LENGTHS)
    settings = _settings(conversion)
    source.line(f"if type({text}) is not str: raise TypeError")
    if "pattern" in schema:
        source.line(f"{result} = {source.validator(conversion)}({text})")
    elif settings:
        # Outside ASCII pydantic strips other characters than Python, and refuses half characters.
        with source.block(f"if {text}.isascii():"):
            source.line(f"{result} = {_changed(text, settings)}")
            emit_lengths(source, settings, result)
        with source.block("else:"):
            source.line(f"{result} = {source.validator(conversion)}({text})")
    elif text != result:
        source.line(f"{result} = {text}")


def is_plain_text(conversion: Conversion) -> bool:
    """Whether the result is a text without constraints."""
    schema = conversion.schema
    return schema["type"] == "str" and "pattern" not in schema and not _settings(conversion)


def _settings(conversion: Conversion) -> dict[str, Any]:
    """The constraints and changes that hold, by the names that they have in the schema."""
    schema, config = conversion.schema, conversion.config
    found = {name: schema.get(name, config.get(f"str_{name}")) for name in (*_CHANGES, *LENGTHS)}
    return {name: value for name, value in found.items() if value is not None and value is not False}


def _changed(text: str, settings: dict[str, Any]) -> str:
    names = [name for name in _CHANGES if name in settings]
    if "to_lower" in names and "to_upper" in names:
        names.remove("to_upper")  # pydantic asks for the first
    return ".".join([text, *(_CHANGES[name] for name in names)])
