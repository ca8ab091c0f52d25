"""``router.local.lint.handler_lookup``: importing the template's Handler."""

from pathlib import Path

import pytest

from router.local.lint import find_handler


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("app", "it names no module: module.attribute is what Lambda imports"),
        ("nowhere_at_all.app", "there is no module nowhere_at_all"),
        ("nowhere_at_all/inside.app", "there is no module nowhere_at_all.inside"),
        ("json.app", "module json has no app"),
    ],
)
def test_a_handler_that_cannot_be_imported_has_a_problem(written: str, problem: str) -> None:
    """The problem is the reason, without a traceback."""
    found = find_handler(written, "template.yaml:1")
    assert (found.problem, found.near) == (problem, None)


def test_a_handler_may_have_slashes() -> None:
    """Lambda replaces them by dots."""
    found = find_handler("os/path.join", "template.yaml:1")
    assert (found.problem, found.app) == (None, "os.path:join")


def test_a_container_image_has_no_handler() -> None:
    """That is no problem."""
    found = find_handler(None, "template.yaml:1")
    assert (found.problem, found.app) == (None, None)


def test_a_module_that_raises_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would raise in Lambda too."""
    (tmp_path / "broken_for_lint.py").write_text("1 / 0", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    found = find_handler("broken_for_lint.app", "template.yaml:1")
    assert found.problem == "importing broken_for_lint raises ZeroDivisionError"
