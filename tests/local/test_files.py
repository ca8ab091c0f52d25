"""``router.local.files``: files that are written in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.local.files import write_text


def test_a_new_file_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    """It is as readable as a file that the program opens itself."""
    (tmp_path / "opened").touch()
    write_text(tmp_path / "written", "text")
    assert (tmp_path / "written").stat().st_mode == (tmp_path / "opened").stat().st_mode


def test_the_permissions_and_line_ends_stay(tmp_path: Path) -> None:
    """A replaced file keeps its permissions, and the text is written byte by byte."""
    path = tmp_path / "t.yaml"
    path.write_text("old")
    path.chmod(0o640)
    write_text(path, "a\r\nb\n")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"a\r\nb\n", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_can_be_given(tmp_path: Path) -> None:
    """The mode of the call decides, not the mode of the replaced file."""
    path = tmp_path / "event.json"
    path.write_text("old")
    write_text(path, "new", mode=0o600)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file that the link points to is replaced."""
    (tmp_path / "real.yaml").write_text("old")
    (tmp_path / "t.yaml").symlink_to("real.yaml")
    write_text(tmp_path / "t.yaml", "new")
    assert (tmp_path / "t.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "new"


def test_a_reader_of_the_old_file_reads_the_old_text(tmp_path: Path) -> None:
    """The old file is replaced, not overwritten."""
    path = tmp_path / "event.json"
    path.write_text("old")
    with path.open() as opened:
        write_text(path, "new")
        assert (opened.read(), path.read_text()) == ("old", "new")


def test_an_existing_file_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    """With replace=False an existing file is an error, and no temporary file remains."""
    path = tmp_path / "event.json"
    path.write_text("old")
    with pytest.raises(FileExistsError):
        write_text(path, "new", replace=False)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_a_failure_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full, the file is unchanged and no temporary file remains."""
    path = tmp_path / "t.yaml"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])
