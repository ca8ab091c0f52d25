"""Resolve CloudFormation's intrinsic functions as far as the template alone determines their values.

Parameters have their defaults; resources have made-up names and ARNs; any other value is :class:`Unknown`.

No library does this. samtranslator resolves references to parameters only, and raises for an argument that it does not
expect. cfn-lint checks all values that a property may have, and gives none for a resource's name or ARN. The file is
read with ruamel.yaml, which keeps tags and line numbers: cfn-lint's decoder does so too, but imports sympy and
networkx, which takes half a second, and ``router template --write`` needs the columns that ruamel.yaml knows.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from router.extras import needed_by
from router.local.cloudformation.for_each import expand
from router.local.cloudformation.functions import FUNCTIONS, condition
from router.local.cloudformation.references import Scope
from router.local.cloudformation.values import NOTHING, StreamOf, Unknown, first_unknown

__all__ = [
    "NOTHING",
    "StreamOf",
    "Unknown",
    "first_unknown",
    "holds",
    "is_intrinsic_name",
    "load",
    "resolve",
    "undefined_functions",
]

_INTRINSIC = frozenset(
    {"And", "Base64", "Cidr", "Condition", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap"}
    | {"GetAZs", "GetAtt", "GetStackOutput", "If", "ImportValue", "Join", "Length", "Not", "Or", "Ref", "RefAll"}
    | {"Select", "Split", "Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll"}
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")


def load(path: Path) -> Any:
    """Parse a template; its mappings have line numbers as ``.lc``, its short-form functions are tags.

    Args:
        path: The file, YAML or JSON.

    Raises:
        OSError: The file cannot be read.
        ruamel.yaml.error.YAMLError: The file is no YAML.
        json.JSONDecodeError: The file is neither YAML nor JSON.
        MissingPackageError: The extra ``cli`` is not installed.
    """
    with needed_by("a template"):
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

    text = path.read_text(encoding="utf-8-sig")
    try:
        template = YAML().load(text)
    except YAMLError:
        if not text.lstrip().startswith("{"):
            raise
        template = json.loads(text)  # indented with tabs, which YAML does not allow
    if isinstance(template, Mapping):
        expand(template, lambda value: resolve(value, template))
    return template


def resolve(value: Any, template: Mapping[str, Any]) -> Any:
    """Replace the intrinsic functions in a part of a template by their values.

    Args:
        value: The part, as :func:`load` returns it.
        template: The whole template.

    Returns:
        Plain dicts, lists and scalars, with :class:`Unknown` and :class:`StreamOf` among them.

    Example:
        >>> resolve({"Fn::Sub": "${AWS::StackName}-orders"}, {})
        'local-orders'
    """
    return Scope(template, _resolved).resolve(value)


def holds(name: object, template: Mapping[str, Any]) -> bool | None:
    """Whether a condition holds with the parameters' defaults; ``None`` if that is unknown.

    Args:
        name: Its name in ``Conditions``.
        template: The whole template.
    """
    return condition(name, Scope(template, _resolved))


def undefined_functions(value: Any, line: int | None = None) -> Iterator[tuple[str, int | None]]:
    """The tags that are no functions of CloudFormation, each with its line, counted from 1.

    Args:
        value: A part of a template, as :func:`load` returns it.
        line: The line of the part.
    """
    tag = _tag(value)
    if tag is not None and tag[1:] not in _INTRINSIC:
        yield tag, line
    for key in value if isinstance(value, Mapping) else range(len(value)) if isinstance(value, list) else ():
        places = getattr(getattr(value, "lc", None), "data", None) or {}
        yield from undefined_functions(value[key], places[key][0] + 1 if key in places else line)


def is_intrinsic_name(name: str) -> bool:
    """Whether a key is the long form of an intrinsic function: ``Ref``, or a name that begins with ``Fn::``.

    Args:
        name: The key.
    """
    return name == "Ref" or name.startswith("Fn::")


def _resolved(value: Any, scope: Scope) -> Any:
    name, argument = _function(value)
    if name is not None:
        unknown = Unknown(f"!{name.removeprefix('Fn::')}")
        known = FUNCTIONS.get(name)
        try:
            return _known(known(argument, scope)) if known else unknown
        except (AttributeError, LookupError, TypeError, ValueError):  # CloudFormation refuses the argument
            return unknown
    if isinstance(value, Mapping):
        plain = {str(key): _resolved(inner, scope) for key, inner in value.items()}
        return {key: inner for key, inner in plain.items() if inner is not NOTHING}
    if isinstance(value, list):
        return [inner for inner in (_resolved(inner, scope) for inner in value) if inner is not NOTHING]
    return _scalar(value)


def _function(value: Any) -> tuple[str | None, Any]:
    """The long form of the intrinsic function that a value calls, and its argument."""
    tag = _tag(value)
    if tag is not None:
        name = "Ref" if tag == "!Ref" else f"Fn::{tag[1:]}"
        return name, getattr(value, "value", value) if not isinstance(value, Mapping | list) else _untagged(value)
    if isinstance(value, Mapping) and len(value) == 1:
        (key,) = value
        if is_intrinsic_name(str(key)):
            return str(key), value[key]
    return None, None


def _tag(value: Any) -> str | None:
    """The short form of an intrinsic function: ``!Sub``."""
    tag = getattr(getattr(value, "tag", None), "value", None)
    return tag if isinstance(tag, str) and tag.startswith("!") and not tag.startswith("!!") else None


def _untagged(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)


def _scalar(value: Any) -> Any:
    """The plain Python value of a scalar of ruamel.yaml, which keeps its quotes and digits."""
    return _known(next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), value))


def _known(value: Any) -> Any:
    """The value; unknown if it is a text with a dynamic reference."""
    reference = _DYNAMIC.search(value) if isinstance(value, str) else None
    return Unknown(reference[0]) if reference else value
