"""``router.local.app_import``: one import of the app for commands, tests and the linter."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.local.app_import import (
    ModuleMissingError,
    NoDispatcherError,
    dispatcher_in,
    import_app_module,
    parse_app_name,
)

APP = "from router import Dispatcher\napp = Dispatcher()\nroutes = []\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path with a package that has an app."""
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "wares"
    package.mkdir()
    (package / "__init__.py").write_text(APP, encoding="utf-8")
    yield tmp_path
    sys.modules.pop("wares", None)


@pytest.mark.parametrize("name", ["shop", "shop:", ":app", "shop.app", "shop:app:app", "a b:app", ".shop:app"])
def test_a_name_needs_a_module_and_an_attribute(name: str) -> None:
    """Both are Python's identifiers, with one colon between them."""
    assert parse_app_name(name) is None


def test_a_dispatcher_is_found_by_its_attribute(folder: Path) -> None:
    """The attribute's value is the app itself."""
    module = import_app_module("wares")
    assert dispatcher_in(module, "app") is module.app


@pytest.mark.parametrize(
    ("name", "missing"), [("depot", "depot"), ("wares.orders", "wares.orders"), (".wares", ".wares")]
)
def test_a_missing_module_is_named(folder: Path, name: str, missing: str) -> None:
    """The first part of the dotted name that does not exist."""
    with pytest.raises(ModuleMissingError) as caught:
        import_app_module(name)
    assert caught.value.name == missing


def test_a_module_that_the_app_lacks_is_the_apps_own_error(folder: Path) -> None:
    """Even if it is a part of the app's package."""
    (folder / "wares" / "__init__.py").write_text("import wares.orders\n", encoding="utf-8")
    with pytest.raises(ModuleNotFoundError, match=r"wares\.orders"):
        import_app_module("wares.orders")


@pytest.mark.parametrize(
    ("attribute", "missing", "near"), [("application", True, "app"), ("routes", False, "app"), ("rout", True, "app")]
)
def test_another_dispatcher_of_the_module_is_the_near_name(
    folder: Path, attribute: str, missing: bool, near: str
) -> None:
    """It is more likely meant than a name that is spelled alike."""
    with pytest.raises(NoDispatcherError) as caught:
        dispatcher_in(import_app_module("wares"), attribute)
    assert (caught.value.missing, caught.value.near) == (missing, near)


def test_a_value_of_another_type_is_not_near_itself(folder: Path) -> None:
    """A module without a Dispatcher gives no hint for a name that it has."""
    (folder / "wares" / "__init__.py").write_text("routes = []\n", encoding="utf-8")
    with pytest.raises(NoDispatcherError) as caught:
        dispatcher_in(import_app_module("wares"), "routes")
    assert (caught.value.missing, caught.value.near) == (False, None)
