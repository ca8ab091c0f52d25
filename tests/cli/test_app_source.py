"""``router.cli.app_source``: the app of ``--app``, of the template, or the default one."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.cli.app_source import find_app
from router.cli.errors import CommandLineError
from router.local.cloudformation.resources import TemplateError

TEMPLATE = """
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: shop.app
      Runtime: python3.13
      CodeUri: src/
      Events:
        Changes: {Type: DynamoDB, Properties: {Stream: !ImportValue stream, StartingPosition: LATEST}}
"""


@pytest.fixture
def project(folder: Path) -> Path:
    """A folder with template.yaml, whose code is in src/."""
    (folder / "src").mkdir()
    (folder / "shop.py").rename(folder / "src" / "shop.py")
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    return folder


def test_the_app_is_the_templates_handler_in_its_code(project: Path) -> None:
    """Then the current folder."""
    source = find_app(None)
    assert (source.name, source.folders) == ("shop:app", (project / "src", project))
    assert len(list(source.load().routes)) > 0


def test_an_app_that_is_named_may_be_in_the_code(project: Path) -> None:
    """The current folder comes first."""
    assert find_app("shop:app").folders == (project, project / "src")
    (project / "other.py").touch()
    assert find_app("other:app").folders == (project,)


def test_without_a_template_the_app_has_the_default_name(folder: Path) -> None:
    """As in a new project."""
    assert find_app(None).name == "handlers:app"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("python3.13", "nodejs22.x"),
        ("Type: DynamoDB", "Type: Api"),
        ("Resources:", "Recources:"),
        ("      Handler: shop.app\n", ""),
        ("src/", "s3://bucket/key"),
    ],
)
def test_a_template_that_names_no_app_is_left_alone(project: Path, old: str, new: str) -> None:
    """Unless a user names the template."""
    (project / "template.yaml").write_text(TEMPLATE.replace(old, new), encoding="utf-8")
    assert find_app(None).name == "handlers:app"


def test_a_template_that_is_named_must_have_the_app(project: Path) -> None:
    """The errors are those of the template and of the option."""
    with pytest.raises(TemplateError, match="found no template"):
        find_app(None, Path("other.yaml"))
    with pytest.raises(TemplateError, match="found no function 'Other'"):
        find_app(None, None, "Other")
    (project / "template.yaml").write_text(TEMPLATE.replace("python3.13", "nodejs22.x"), encoding="utf-8")
    with pytest.raises(CommandLineError, match=r"found no Handler of Fn in .*: Runtime is nodejs22.x; name the Disp"):
        find_app(None, Path("template.yaml"))
