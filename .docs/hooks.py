"""Pages for the files beside docs/ to which its pages link: a site has no repository around it."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

# Pages of the root that the site has as its own.
ROOT_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}

_LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)]*)?\))")
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and one for each file outside docs/ to which a page links."""
    texts = {file.src_uri: file.content_string for file in files.documentation_pages()}
    folders = {uri: posixpath.join("docs", posixpath.dirname(uri)) for uri in texts}
    for name, uri in ROOT_PAGES.items():
        texts[uri] = ROOT.joinpath(name).read_text(encoding="utf-8")
        folders[uri] = ""
    for uri, text in texts.items():
        for path in _outside(text, folders[uri]):
            if path not in ROOT_PAGES and files.get_file_from_path(_page_of(path)) is None:
                files.append(File.generated(config, _page_of(path), content=_shown(path)))
    for uri in ROOT_PAGES.values():
        files.append(File.generated(config, uri, content=texts[uri]))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files outside docs/ into links to their pages."""
    del config, files
    uri = page.file.src_uri
    if uri.startswith("source/"):
        return markdown
    folder = "" if uri in ROOT_PAGES.values() else posixpath.join("docs", posixpath.dirname(uri))

    def rewritten(link: re.Match[str]) -> str:
        path = _path(link[2], folder)
        if path is None:
            return link[0]
        target = path.removeprefix("docs/") if path.startswith("docs/") else _page_of(path)
        return link[1] + posixpath.relpath(target, posixpath.dirname(uri) or ".") + link[3]

    return _LINK.sub(rewritten, markdown)


def _outside(text: str, folder: str) -> list[str]:
    paths = (_path(link[2], folder) for link in _LINK.finditer(text))
    return [path for path in paths if path is not None and not path.startswith("docs/")]


def _path(target: str, folder: str) -> str | None:
    """The path of a link's target from the root; None if it is no file of the repository."""
    path = posixpath.normpath(posixpath.join(folder, target))
    return path if ":" not in target and ROOT.joinpath(path).is_file() else None


def _page_of(path: str) -> str:
    return ROOT_PAGES.get(path) or f"source/{path}.md"


def _shown(path: str) -> str:
    text = ROOT.joinpath(path).read_text(encoding="utf-8")
    language = _LANGUAGES.get(posixpath.splitext(path)[1], "text")
    return f"---\nsearch:\n  exclude: true\n---\n\n# {path}\n\n````{language}\n{text}````\n"
