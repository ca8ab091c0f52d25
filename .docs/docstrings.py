"""Reads docstrings as this project writes them: Sphinx's roles, and examples under the heading ``Example``."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):`~?([^`]*)`")
_EXAMPLE = re.compile(r"^(\s*)Example:$", re.MULTILINE)


class ProjectDocstrings(griffe.Extension):
    """Turns roles into code, and names examples as the parser expects it."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Change the docstring of an object before it is parsed."""
        del kwargs
        if obj.docstring:
            text = _ROLE.sub(r"``\1``", obj.docstring.value)
            obj.docstring.value = _EXAMPLE.sub(r"\1Examples:", text)
