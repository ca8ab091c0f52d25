"""``router.cli.app_loader``: finding the app, and telling what is wrong with it."""

import sys
from pathlib import Path

import pytest

from router import Dispatcher
from router.cli.app_loader import here, load_app
from router.cli.errors import BrokenAppError, CommandLineError


def test_an_app_is_found_in_the_current_folder(folder: Path) -> None:
    """The current folder comes first on the path."""
    assert isinstance(load_app("shop:app"), Dispatcher)
    assert sys.path[0] == str(folder)


def test_an_app_may_be_in_a_package(folder: Path) -> None:
    """A module's name may have dots."""
    (folder / "team").mkdir()
    (folder / "shop.py").rename(folder / "team" / "shop.py")
    assert isinstance(load_app("team.shop:app"), Dispatcher)


def _refused(name: str) -> str:
    with pytest.raises(CommandLineError) as caught:
        load_app(name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("shop", ""),
        ("shop:", ""),
        (":app", ""),
        ("shop:app:app", ""),
        ("a b:app", ""),
        ("shop.app", "; did you mean shop:app?"),
        ("shop.py:app", "; did you mean shop:app?"),
        ("shop.py", ""),
    ],
)
def test_a_name_of_another_form_is_refused(folder: Path, name: str, hint: str) -> None:
    """--app takes module:name, and SAM's spelling gets a hint."""
    assert _refused(name) == f"found --app {name!r}, expected module:name such as handlers:app{hint}"


def test_a_missing_module_gets_the_nearest_name(folder: Path) -> None:
    """A slip in the module's name is pointed out."""
    assert _refused("shpo:app") == (
        f"found no module 'shpo' from {folder}, expected one; go where it is, or name another with --app; "
        "did you mean shop?"
    )


def test_a_missing_module_with_no_near_name_gets_no_hint(folder: Path) -> None:
    """Nothing is guessed where nothing is near."""
    assert _refused("warehouse:app").endswith("name another with --app")


def test_a_missing_module_of_a_package_gets_the_nearest_name(folder: Path) -> None:
    """The package's own modules are what is near."""
    (folder / "team").mkdir()
    (folder / "team" / "__init__.py").touch()
    (folder / "shop.py").rename(folder / "team" / "shop.py")
    assert _refused("team.shp:app").endswith("did you mean team.shop?")


def test_a_module_that_is_no_package_has_no_modules(folder: Path) -> None:
    """``shop.orders`` where shop is one file is a wrong command line."""
    assert _refused("shop.orders:app").startswith("found no module 'shop.orders'")


def test_a_missing_attribute_gets_the_dispatcher_there(folder: Path) -> None:
    """What else could be meant is the dispatcher that the module has."""
    assert _refused("shop:application") == (
        "found no 'application' in module 'shop', expected a Dispatcher; did you mean shop:app?"
    )


def test_a_missing_attribute_gets_the_nearest_name(folder: Path) -> None:
    """Without a dispatcher in the module the message has the nearest name."""
    (folder / "plain.py").write_text("routes = []\n", encoding="utf-8")
    assert _refused("plain:route").endswith("did you mean plain:routes?")


def test_a_module_without_a_dispatcher_is_told_how_to_have_one(folder: Path) -> None:
    """Without a near name the message has the line to write."""
    (folder / "plain.py").touch()
    assert _refused("plain:app").endswith("say there: app = Dispatcher(routes)")


@pytest.mark.parametrize(
    ("attribute", "kind"),
    [("routes", "a value of type Routes"), ("Order", "the class Order"), ("place", "the function place")],
)
def test_what_is_no_dispatcher_is_named(folder: Path, attribute: str, kind: str) -> None:
    """The error says what stands where the dispatcher should."""
    assert _refused(f"shop:{attribute}") == (
        f"found shop:{attribute} to be {kind}, expected a Dispatcher; did you mean shop:app?"
    )


def _broken(folder: Path, source: str) -> str:
    (folder / "broken.py").write_text(source, encoding="utf-8")
    with pytest.raises(BrokenAppError) as caught:
        load_app("broken:app")
    return str(caught.value)


def test_an_import_error_inside_the_app_is_the_users_own(folder: Path) -> None:
    """Python's own text, from the user's line on."""
    assert _broken(folder, "import no_such_library\n") == (
        "Traceback (most recent call last):\n"
        f'  File "{folder}/broken.py", line 1, in <module>\n'
        "    import no_such_library\n"
        "ModuleNotFoundError: No module named 'no_such_library'"
    )


def test_a_module_that_misses_itself_inside_is_the_users_own(folder: Path) -> None:
    """A package whose code imports a missing part of it is broken, and no wrong command line."""
    (folder / "broken").mkdir()
    (folder / "broken" / "__init__.py").write_text("import broken.app\n", encoding="utf-8")
    with pytest.raises(BrokenAppError, match=r"No module named 'broken\.app'"):
        load_app("broken.app:app")


def test_a_syntax_error_shows_its_line(folder: Path) -> None:
    """A syntax error has no frame of the user's, but its own place."""
    text = _broken(folder, "app = (\n")
    assert f'File "{folder}/broken.py", line 1' in text
    assert text.endswith("SyntaxError: '(' was never closed")


def test_frames_between_the_command_and_the_user_are_left_out(folder: Path) -> None:
    """Neither our own files nor importlib's are shown, in causes too."""
    text = _broken(folder, "try:\n    import shop.orders\nexcept ImportError as error:\n    raise OSError from error\n")
    assert text.count("Traceback") == 2
    assert "importlib" not in text
    assert "app_loader.py" not in text
    assert "app_import.py" not in text


def test_each_error_of_a_group_is_trimmed(folder: Path) -> None:
    """Frames are left out of the members of an exception group."""
    source = """
from router import Dispatcher
try:
    Dispatcher(1)
except TypeError as error:
    raise ExceptionGroup("one", [error])
"""
    text = _broken(folder, source)
    assert "RegistrationError" in text
    assert "router/app.py" not in text


def test_an_app_that_exits_is_broken(folder: Path) -> None:
    """``sys.exit()`` at import is shown, and does not become the command's exit code."""
    assert _broken(folder, "raise SystemExit(0)\n").endswith("SystemExit: 0")


def test_an_interrupted_import_is_an_interrupt(folder: Path) -> None:
    """Ctrl-C is no error of the app."""
    (folder / "broken.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        load_app("broken:app")


def test_a_registration_error_is_its_line_and_its_message(folder: Path) -> None:
    """The user's line stands before the message, without a traceback."""
    text = _broken(folder, "from router import Dispatcher\napp = Dispatcher(viev='NEW_IMAGE')\n")
    assert text.startswith("broken.py:2: app = Dispatcher(viev='NEW_IMAGE')\nRegistrationError: Dispatcher() found")
    assert "Traceback" not in text


def test_what_the_app_prints_at_import_is_no_result(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output stays free for the command."""
    (folder / "loud.py").write_text("print('hello')\nfrom shop import app\n", encoding="utf-8")
    load_app("loud:app")
    assert capsys.readouterr() == ("", "hello\n")


def test_places_below_the_current_folder_are_relative(folder: Path) -> None:
    """A file is named as the user would type it."""
    assert here(f"{folder}/shop.py:3") == "shop.py:3"
    assert here("/elsewhere/shop.py:3") == "/elsewhere/shop.py:3"


@pytest.mark.parametrize("file", ["router.py", "router/__init__.py"])
def test_a_file_that_can_shadow_the_package_is_named_once(
    folder: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    """Here the command's own package is imported, but pytest or Lambda may import the user's file."""
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).touch()
    for _ in range(2):
        load_app("shop:app")
    assert capsys.readouterr().err == (
        f"router: found {file}, which can be imported as `router` in place of entity-router; rename it\n"
    )
