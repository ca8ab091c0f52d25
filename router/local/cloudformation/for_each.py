"""Expand ``Fn::ForEach`` of CloudFormation's transform AWS::LanguageExtensions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["expand"]

_PREFIX = "Fn::ForEach::"


def expand(holder: Any, resolve: Callable[[Any], Any]) -> None:
    """Replace each loop in a part of a template by its results, which keep the line of the loop.

    A loop over values that are unknown before deployment stays as it is.

    Args:
        holder: The part, which is changed.
        resolve: Resolves a part of the template.
    """
    if isinstance(holder, list):
        for value in holder:
            expand(value, resolve)
    if not isinstance(holder, dict):
        return
    for key in list(holder):
        if str(key).startswith(_PREFIX):
            _expand_key(holder, key, resolve)
    for value in holder.values():
        expand(value, resolve)


def _expand_key(holder: dict[Any, Any], key: Any, resolve: Callable[[Any], Any]) -> None:
    try:
        identifier, collection, body = holder[key]
        values = resolve(collection)
    except (TypeError, ValueError):
        return
    if not isinstance(values, list) or not isinstance(body, Mapping) or not all(isinstance(v, str) for v in values):
        return
    places = getattr(getattr(holder, "lc", None), "data", None) or {}
    for value in values:
        for name, inner in _filled(copy.deepcopy(body), str(identifier), value).items():
            holder[name] = inner
            if key in places:
                places[name] = places[key]
    del holder[key]


def _filled(part: Any, identifier: str, value: str) -> Any:
    """A part with the value in place of the identifier."""
    if isinstance(part, dict):
        if set(part) == {"Ref"} and part["Ref"] == identifier:
            return value
        for key in list(part):
            inner = _filled(part.pop(key), identifier, value)
            part[_text(key, identifier, value) if isinstance(key, str) else key] = inner
        return part
    if isinstance(part, list):
        part[:] = [_filled(each, identifier, value) for each in part]
        return part
    tagged = getattr(part, "value", None)  # a short-form function of a scalar
    if isinstance(tagged, str):
        if getattr(part.tag, "value", None) == "!Ref" and tagged == identifier:
            return value
        part.value = _text(tagged, identifier, value)
    return _text(part, identifier, value) if isinstance(part, str) else part


def _text(text: str, identifier: str, value: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]", "", value)
    return text.replace(f"${{{identifier}}}", value).replace(f"&{{{identifier}}}", plain)
