"""Write the files of a project, and keep those that exist."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from router.cli.console import Page
from router.cli.errors import CommandLineError
from router.local.files import write_text

__all__ = ["check_folder", "show_written", "write_new"]


def check_folder(folder: Path) -> None:
    """Refuse a folder in which no project can be.

    Args:
        folder: The folder, which may not exist.

    Raises:
        CommandLineError: It is a file, or holds a module that hides this package.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"found the file {folder}, expected a folder or a new name"
        raise CommandLineError(msg)
    for hiding in ("router.py", "router/__init__.py"):
        if (folder / hiding).exists():
            msg = f"found {folder / hiding}, which hides the package router from the project; rename it"
            raise CommandLineError(msg)


def write_new(folder: Path, files: Mapping[str, str]) -> dict[str, bool]:
    """Write the files that do not exist; returns for each whether it was written.

    Args:
        folder: The project's folder.
        files: The texts, by the paths in the folder.

    Raises:
        CommandLineError: A file cannot be written.
    """
    return {path: _write(folder / path, text) for path, text in files.items()}


def show_written(page: Page, folder: Path, written: Mapping[str, bool]) -> None:
    """Print which files are new, and which existed.

    Args:
        page: Where to print.
        folder: The project's folder.
        written: What :func:`write_new` returned.
    """
    for path, is_new in written.items():
        page.line((f"{'created' if is_new else 'kept':<8}", "green" if is_new else "yellow"), str(folder / path))


def _write(path: Path, text: str) -> bool:
    try:
        if path.is_symlink() or path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text, replace=False)
    except FileExistsError:
        if not path.parent.is_dir():
            msg = f"cannot write {path}: {path.parent} is no folder"
            raise CommandLineError(msg) from None
        return False
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise CommandLineError(msg) from None
    return True
