"""The settings of a project are those of [tool.router] in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.local.project_settings import ProjectSettingsError, project_settings


def written(folder: Path, text: str) -> Path:
    folder.joinpath("pyproject.toml").write_text(text)
    return folder


def test_a_folder_without_the_file_has_none(tmp_path: Path) -> None:
    """pyproject.toml may not exist, or have no such section."""
    assert project_settings(tmp_path) == {}
    assert project_settings(written(tmp_path, "[project]\nname = 'shop'\n")) == {}


def test_settings(tmp_path: Path) -> None:
    """They name the app and the template."""
    text = "[tool.router]\napp = 'shop:app'\ntemplate = 'deploy/shop.yaml'\n"
    assert project_settings(written(tmp_path, text)) == {"app": "shop:app", "template": "deploy/shop.yaml"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.router]\nap = 'x'\n", "found 'ap' in [tool.router] of "),
        ("[tool.router]\nap = 'x'\n", "did you mean 'app'?"),
        ("[tool.router]\napp = 7\n", "found app of type int in [tool.router] of "),
        ("[tool]\nrouter = 7\n", "found a value of type int as tool.router in "),
        ("tool = 7\n", "cannot read "),
        ("[tool.router\n", "cannot read "),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    """A misspelt setting is refused, with the nearest."""
    with pytest.raises(ProjectSettingsError) as caught:
        project_settings(written(tmp_path, text))
    assert message in str(caught.value)
