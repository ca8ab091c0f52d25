"""Add the routes of a module to the source code of an app, and leave its other text as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

__all__ = ["NoPlaceError", "registered"]


class NoPlaceError(Exception):
    """The code has no place for the routes that can be found without doubt."""


def registered(source: str, package: str, module: str, app: str) -> str:
    """The code of a package's ``__init__.py`` with the import of a module, and its routes in the Dispatcher.

    Args:
        source: The code.
        package: The package's name.
        module: The module in it, which has ``routes``.
        app: The name of the Dispatcher.

    Raises:
        NoPlaceError: There is no Dispatcher of this name, or several, or it is written in an unusual form.

    Example:
        >>> print(registered("from handlers import a\\napp = Dispatcher(a.routes)", "handlers", "b", "app"))
        from handlers import a, b
        app = Dispatcher(a.routes, b.routes)
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        msg = "the code cannot be parsed"
        raise NoPlaceError(msg) from None
    name = f"{module}_handlers" if module in set(_bound(tree)) else module
    call = _dispatcher(tree, app)
    if f"{module}.routes" in map(ast.unparse, call.args):
        return source
    changed = _with_argument(source, call, f"{name}.routes")
    changed = _with_import(changed, tree, package, module, name)
    _verify(tree, changed, app, f"{name}.routes")
    return changed


def _bound(tree: ast.Module) -> Iterator[str]:
    """The names that the module binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def _dispatcher(tree: ast.Module, app: str) -> ast.Call:
    """The call that makes the app."""
    calls = [
        call
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and app in _targets(statement)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and _called(call) == "Dispatcher"
    ]
    if len(calls) != 1:
        msg = f"{len(calls)} calls of Dispatcher make {app!r}"
        raise NoPlaceError(msg)
    return calls[0]


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _with_argument(source: str, call: ast.Call, argument: str) -> str:
    """The code with an argument behind the last positional one."""
    if not call.args:
        at = source.index("(", _end(source, call.func)) + 1
        more = ", " if call.keywords and source[at : at + 1] not in "\r\n" else ","
        return source[:at] + argument + (more if call.keywords else "") + source[at:]
    last = call.args[-1]
    start, end = _start(source, last), _end(source, last)
    indent = re.search(r"(?:^|\n)([ \t]*)$", source[:start])
    if indent is None:
        return f"{source[:end]}, {argument}{source[end:]}"
    # The argument is the first one in its line, so the new one gets a line of its own.
    newline = "\r\n" if "\r\n" in source else "\n"
    rest = re.match(r"[ \t]*,?[ \t]*(?:#[^\r\n]*)?(?=\r?\n)", source[end:])
    if rest is not None and "," in rest[0].partition("#")[0]:
        end += len(rest[0])
        return f"{source[:end]}{newline}{indent[1]}{argument},{source[end:]}"
    return f"{source[:end]},{newline}{indent[1]}{argument}{source[end:]}"


def _with_import(source: str, tree: ast.Module, package: str, module: str, name: str) -> str:
    """The code with the import of a module; imports stand before the app, so their places in the source hold."""
    imported = module if name == module else f"{module} as {name}"
    found = [each for each in tree.body if isinstance(each, ast.ImportFrom) and _is_of(each, package)]
    if found:
        return _with_name(source, found[0].names, imported)
    imports = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    if not imports:
        msg = "the code has no import"
        raise NoPlaceError(msg)
    at = _end(source, imports[-1])
    newline = "\r\n" if "\r\n" in source else "\n"
    return f"{source[:at]}{newline}from {package} import {imported}{source[at:]}"


def _is_of(statement: ast.ImportFrom, package: str) -> bool:
    """Whether modules of the package are imported: ``from handlers import a``, or ``from . import a`` in it."""
    return (statement.level, statement.module) in ((0, package), (1, None)) and statement.names[0].name != "*"


def _with_name(source: str, names: list[ast.alias], imported: str) -> str:
    """The code with one more name in an import: in its place in the order, if the names are in order."""
    texts = [each.name for each in names]
    later = next((each for each in names if each.name > imported), None) if texts == sorted(texts) else None
    if later is not None:
        at = _start(source, later)
        line = re.search(r"(?:\r?\n)[ \t]*$", source[:at])
        return f"{source[:at]}{imported},{line[0] if line else ' '}{source[at:]}"
    at = _end(source, names[-1])
    line = re.search(r"(?:\r?\n)[ \t]*$", source[: _start(source, names[-1])])
    return f"{source[:at]},{line[0] if line else ' '}{imported}{source[at:]}"


def _verify(tree: ast.Module, changed: str, app: str, argument: str) -> None:
    """Check that the Dispatcher has one more argument, and that no other statement but an import has changed."""
    msg = "the arguments of Dispatcher are written in an unusual form"
    try:
        after = ast.parse(changed)
        call = _dispatcher(after, app)
    except (SyntaxError, NoPlaceError):
        raise NoPlaceError(msg) from None
    if not call.args or ast.unparse(call.args.pop()) != argument or _without_imports(tree) != _without_imports(after):
        raise NoPlaceError(msg)


def _without_imports(tree: ast.Module) -> list[str]:
    return [ast.dump(each) for each in tree.body if not isinstance(each, ast.Import | ast.ImportFrom)]


def _start(source: str, node: ast.expr | ast.alias) -> int:
    return _offset(source, node.lineno, node.col_offset)


def _end(source: str, node: ast.expr | ast.alias | ast.stmt) -> int:
    return _offset(source, node.end_lineno or 0, node.end_col_offset or 0)


def _offset(source: str, line: int, column: int) -> int:
    """The position of a line and a column, which ast counts in bytes."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", source)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())
