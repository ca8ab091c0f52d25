"""The file name of generated parsers, apart from their generator: most cold starts do not import that."""

from __future__ import annotations

from typing import Final

__all__ = ["PARSER_FILENAME"]

PARSER_FILENAME: Final = "<parser of "
"""The beginning of the file name that tracebacks show for a generated parser."""
