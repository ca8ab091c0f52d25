"""The pictures of the pages show what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pictures import FOLDER, PICTURES, draw, shop


@pytest.mark.timeout(300)  # `router dev` and three `router put`
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_again_as_it_is(name: str, tmp_path: Path) -> None:
    """`make pictures` would not change the file."""
    shop(tmp_path)
    assert draw(name, tmp_path) == FOLDER.joinpath(f"{name}.svg").read_text(encoding="utf-8")
