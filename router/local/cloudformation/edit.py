"""Change one property in a template's text, and no other byte.

ruamel.yaml's round trip keeps comments, but rewraps long lines and drops some quotes. So it only gives the positions
here; the text is cut and joined, then parsed again to verify that no other value has changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from router.local.cloudformation.intrinsics import is_intrinsic_name
from router.local.cloudformation.yaml_text import block_lines, flow_text, laid_out

__all__ = ["PROPERTY", "SpliceError", "spliced"]

PROPERTY = "FilterCriteria"

_MAP, _SEQ, _STR = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str"
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\r\n]*")


class SpliceError(Exception):
    """The property cannot be changed without changing other text.

    Args:
        line: The line, counted from 1.
        found: The construct on that line that prevents it.
    """

    def __init__(self, line: int, found: str) -> None:
        super().__init__(found)
        self.line = line


def spliced(text: str, path: Sequence[str], criteria: Mapping[str, Any] | None) -> str:
    """Replace the FilterCriteria in a template's text.

    Args:
        text: The text.
        path: The path of the properties to which FilterCriteria belong.
        criteria: The new value; ``None`` removes the property.

    Raises:
        SpliceError: The property cannot be changed without changing other text.

    Example:
        >>> print(spliced("a: {b: 1}  # c", ["a"], {"Filters": [{"Pattern": "{}"}]}))
        a: {b: 1, "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}  # c
    """
    root = _composed(text)
    holder, step = _found(root, path)
    pair = _pair(holder, PROPERTY)
    if pair is not None:
        _check_plain(pair[1])
    elif criteria is None:
        return text
    change = _changed_flow if holder.flow_style else _changed_block
    start, end, new = change(text, holder, pair, criteria, step)
    if pair is not None and criteria is not None:
        _check_no_comment(text, _end(text, pair[0]) if holder.flow_style else _line_end(text, start), end)
    result = text[:start] + new + text[end:]
    read_back = criteria if criteria is None or holder.flow_style else laid_out(criteria)
    _verify(result, _replaced(_plain(root), path, read_back), holder)
    return result


def _composed(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).compose(text)


def _found(root: Any, path: Sequence[str]) -> tuple[Any, int]:
    """The mapping at a path, and the number of columns by which it is indented."""
    node, step = root, 2
    for name in path:
        pair = _pair(node, name)
        if pair is None or not isinstance(pair[1].value, list):
            raise SpliceError(_line(node), f"no {name} that is written in full")
        key, inner = pair
        if inner.start_mark.index < key.start_mark.index:
            raise SpliceError(_line(key), f"an alias of YAML as {name}")
        node, step = inner, _first(inner).start_mark.column - key.start_mark.column
    return node, max(step, 1)


def _first(node: Any) -> Any:
    """The first key of a mapping, or the first element of a list, after an anchor; else the node."""
    first = node.value[0] if node.value else node
    return first[0] if isinstance(first, tuple) else first


def _pair(node: Any, name: str) -> tuple[Any, Any] | None:
    """The nodes of a key of a mapping and of its value."""
    if node.tag != _MAP:
        return None
    return next(((key, value) for key, value in node.value if key.value == name), None)


def _check_plain(value: Any) -> None:
    """Refuse a value with functions, anchors or aliases, which the new value would not have."""
    for node in _nodes(value):
        key = str(node.value[0][0].value) if node.tag == _MAP and len(node.value) == 1 else ""
        function = node.tag if node.tag.startswith("!") else key if is_intrinsic_name(key) else None
        if function:
            raise SpliceError(_line(node), f"{function} in {PROPERTY}, which writing filters would destroy")
        if node.anchor:
            raise SpliceError(_line(node), f"an anchor or alias of YAML in {PROPERTY}")


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for inner in node.value if isinstance(node.value, list) else ():
        for each in inner if isinstance(inner, tuple) else (inner,):
            yield from _nodes(each)


def _changed_block(
    text: str, holder: Any, pair: tuple[Any, Any] | None, criteria: Mapping[str, Any] | None, step: int
) -> tuple[int, int, str]:
    """The start and end of the replaced text, and its replacement, in a mapping in block style."""
    newline = "\r\n" if "\r\n" in text else "\n"
    column = _first(holder).start_mark.column
    comment = ""
    if pair is None:
        start = end = _line_end(text, _end(text, holder))
        before, after = newline, ""
    else:
        start, end = text.rfind("\n", 0, pair[0].start_mark.index) + 1, _line_end(text, _end(text, pair[1]))
        if text[start : pair[0].start_mark.index].strip():
            raise SpliceError(_line(pair[0]), f"{PROPERTY} not at the beginning of its line")
        before, after = "", ""
        comment = "".join(f" {found}" for _, found in _comments(text, start, _line_end(text, start)))
        if criteria is None:
            return start, min(end + len(newline), len(text)), ""
    assert criteria is not None  # noqa: S101 - for the type checker: without criteria there is a pair to remove
    lines = [f"{' ' * column}{PROPERTY}:{comment}", *block_lines(criteria, column, step)]
    return start, end, before + newline.join(lines) + after


def _changed_flow(
    text: str, holder: Any, pair: tuple[Any, Any] | None, criteria: Mapping[str, Any] | None, _step: int
) -> tuple[int, int, str]:
    """The start and end of the replaced text, and its replacement, in a mapping in braces."""
    ends = [_end(text, value) for _, value in holder.value]
    if pair is None:
        assert criteria is not None  # noqa: S101 - for the type checker, as above
        key = holder.value[-1][0].start_mark
        line = text.rfind("\n", 0, key.index) + 1
        own_line = line > holder.start_mark.index and not text[line : key.index].strip()
        gap = ("\r\n" if "\r\n" in text else "\n") + text[line : key.index] if own_line else " "
        return ends[-1], ends[-1], f',{gap}"{PROPERTY}": {flow_text(criteria)}'
    if criteria is not None:
        return pair[1].start_mark.index, _end(text, pair[1]), flow_text(criteria)
    position = holder.value.index(pair)
    if position:
        return ends[position - 1], ends[position], ""
    following = holder.value[1][0].start_mark.index if len(holder.value) > 1 else ends[0]
    return pair[0].start_mark.index, following, ""


def _end(text: str, node: Any) -> int:
    """The end of a node's text, without the white space and comments that follow."""
    if isinstance(node.value, list) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[-1] if isinstance(last, tuple) else last)
    return len(text[: node.end_mark.index].rstrip())


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end - (text[end - 1 : end] == "\r")


def _check_no_comment(text: str, start: int, end: int) -> None:
    for index, _ in _comments(text, start, end):
        found = f"a comment in {PROPERTY}, which would be lost; move it above the key, or after it on the same line"
        raise SpliceError(text.count("\n", 0, index) + 1, found)


def _comments(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """The comments in a part of the text: those between two tokens of YAML, and those after ``>``."""
    from ruamel.yaml import YAML

    gaps, last = [], 0
    for token in YAML(typ="safe", pure=True).scan(text):
        gaps.append((last, token.start_mark.index))
        if getattr(token, "style", None) in ("|", ">"):
            gaps.append((token.start_mark.index, _line_end(text, token.start_mark.index)))
        last = max(last, token.end_mark.index)
    gaps.append((last, len(text)))
    found = [match for first, to in gaps for match in _COMMENT.finditer(text, first, to)]
    return [(match.start(), match[0]) for match in found if start <= match.start() < end]


def _plain(node: Any) -> Any:
    """A node's value as plain data, tags included."""
    if not isinstance(node.value, list):
        return (node.tag, node.value)
    if all(isinstance(inner, tuple) for inner in node.value):
        return (node.tag, {repr(_plain(key)): _plain(value) for key, value in node.value})
    return (node.tag, [_plain(value) for value in node.value])


def _replaced(tree: Any, path: Sequence[str], criteria: Mapping[str, Any] | None) -> Any:
    holder = tree
    for name in path:
        holder = holder[1][repr((_STR, name))]
    if criteria is None:
        holder[1].pop(repr((_STR, PROPERTY)))
    else:
        holder[1][repr((_STR, PROPERTY))] = _data(criteria)
    return tree


def _data(value: Any) -> Any:
    if isinstance(value, Mapping):
        return (_MAP, {repr((_STR, key)): _data(inner) for key, inner in value.items()})
    return (_SEQ, [_data(inner) for inner in value]) if isinstance(value, list) else (_STR, value)


def _verify(text: str, expected: Any, holder: Any) -> None:
    from ruamel.yaml.error import YAMLError

    try:
        same = _plain(_composed(text)) == expected
    except YAMLError:
        same = False
    if not same:
        raise SpliceError(_line(holder), f"YAML around {PROPERTY} that cannot be changed without changing other text")


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
