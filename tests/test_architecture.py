"""docs/architecture.md and CONTRIBUTING.md show the tree as it is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARCHITECTURE = ROOT / "docs" / "architecture.md"

_TREE = re.compile(r"^```text\nrouter/\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENTRY = re.compile(r"(?P<indent> +)(?P<name>[\w./]+) +\S.*")
_PATH = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.\w+)?)`")


def listed() -> list[str]:
    """The paths in the page's tree, each from router/; a folder ends in a slash."""
    tree = _TREE.search(ARCHITECTURE.read_text(encoding="utf-8"))
    assert tree is not None
    paths: list[str] = []
    folders: list[str] = []
    for line in tree[1].splitlines():
        entry = _ENTRY.fullmatch(line)
        assert entry is not None, f"expected a name and what it holds, found {line!r}"
        depth = len(entry["indent"]) // 2 - 1
        folders[depth:] = [entry["name"]]
        paths.append("".join(folders))
    return paths


def present() -> list[str]:
    """The root modules and all folders of router/."""
    package = ROOT / "router"
    modules = [path.name for path in package.glob("*.py")]
    folders = {module.parent.relative_to(package).as_posix() + "/" for module in package.rglob("*/*.py")}
    return sorted([*modules, *folders])


def test_the_tree_is_that_of_the_package() -> None:
    """Each folder and root module of router/ has one line in the tree, and the tree has no other line."""
    assert sorted(listed()) == present()


@pytest.mark.parametrize("page", [ARCHITECTURE, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_the_paths_in_the_text_exist(page: Path) -> None:
    """A path in the text is one in the repository or in router/, or is made by a target of make."""
    made = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    paths = [path for path in _PATH.findall(page.read_text(encoding="utf-8")) if f"/{path}" not in made]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists() and not (ROOT / "router" / path).exists()] == []
