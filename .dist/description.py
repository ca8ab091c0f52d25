"""The description of the distribution: README.md with links that lead into the repository from any page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK_TO_A_FILE = re.compile(r"\]\((?!https?:|#)")


class Description(MetadataHookInterface):
    """Sets ``readme``, as hatchling asks of a plugin of its own."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the description to the metadata."""
        readme = Path(self.root, "README.md").read_text(encoding="utf-8")
        files = f"]({metadata['urls']['Source']}/blob/v{_version(self.root)}/"
        text = _LINK_TO_A_FILE.sub(lambda _: files, readme)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def _version(root: str) -> str:
    text = Path(root, "router", "__init__.py").read_text(encoding="utf-8")
    return next(re.finditer(r'^__version__ = "(.*)"$', text, re.MULTILINE))[1]
