"""Zip the function's package for each architecture, and print the sizes of its parts.

    python .lambda/package.py build/arm64 build/x86_64

It needs only Python, so that it also runs where only SAM is installed.
"""

import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date of a zip, so that the same files always make the same zip
_READABLE, _UNIX = 0o100644 << 16, 3  # Lambda runs the function as another user
_SHOWN = 6


@dataclass(frozen=True)
class Package:
    """A package for one architecture.

    Args:
        architecture: The architecture.
        unzipped: The bytes of each top-level package.
        zipped: Their bytes in the zip.
        compiled: The bytes of all bytecode, unzipped.
        size: The bytes of the zip.
    """

    architecture: str
    unzipped: Counter[str]
    zipped: Counter[str]
    compiled: int
    size: int


def pack(tree: Path) -> Package:
    """Write the zip of a folder beside the folder.

    Args:
        tree: The folder, named for the architecture.
    """
    path = tree.with_name(f"{tree.name}.zip")
    unzipped, zipped, compiled = Counter[str](), Counter[str](), 0
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(each for each in tree.rglob("*") if each.is_file()):
            name = file.relative_to(tree).as_posix()
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _READABLE
            archive.writestr(entry, file.read_bytes(), compresslevel=9)
            part = _package_of(file.relative_to(tree))
            unzipped[part] += entry.file_size
            zipped[part] += entry.compress_size
            compiled += entry.file_size if file.suffix == ".pyc" else 0
    return Package(tree.name, unzipped, zipped, compiled, path.stat().st_size)


def report(packages: list[Package]) -> Iterator[str]:
    """The lines of the table."""
    yield _line("", *(f"{each.architecture} {form}" for each in packages for form in ("unzipped", "zipped")))
    yield _line("package", *(_mb(size) for each in packages for size in (each.unzipped.total(), each.size)))
    largest = [name for name, _ in packages[0].zipped.most_common(_SHOWN)]
    for name in largest:
        yield _line(f"  {name}", *(_mb(size) for each in packages for size in (each.unzipped[name], each.zipped[name])))
    others = [
        _mb(sum(size for name, size in sizes.items() if name not in largest))
        for each in packages
        for sizes in (each.unzipped, each.zipped)
    ]
    yield _line("  all others", *others)
    yield _line("of it bytecode", *(cell for each in packages for cell in (_mb(each.compiled), "")))


def _package_of(file: Path) -> str:
    """The top-level package or module, to which its bytecode and its dist-info belong."""
    top = file.parts[1] if file.parts[0] == "__pycache__" else file.parts[0]
    return top.partition("-")[0].partition(".")[0]


def _line(head: str, *cells: str) -> str:
    return (f"{head:<24}" + "".join(f"{cell:>18}" for cell in cells)).rstrip()


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.2f} MB"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in report([pack(Path(each)) for each in sys.argv[1:]]))
