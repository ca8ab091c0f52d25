"""The intrinsic functions whose values the template determines.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from router.local.cloudformation.references import Scope, attribute_of, reference
from router.local.cloudformation.values import NOTHING, MadeUp, StreamOf, Unknown, first_unknown, same_kind

__all__ = ["FUNCTIONS", "condition"]

_PLACEHOLDER = re.compile(r"\$\{([^!][^}]*)\}")


def condition(name: Any, scope: Scope) -> bool | None:
    """Whether a condition holds with the parameters' defaults; ``None`` if that is unknown.

    Args:
        name: Its name in ``Conditions``.
        scope: Where it is asked for.
    """
    if not isinstance(name, str):
        return None
    mark = f"Conditions.{name}"
    defined = scope.section("Conditions").get(name)
    return None if defined is None or mark in scope.active else _truth(defined, scope.within(mark))


def _truth(written: Any, scope: Scope) -> bool | None:
    if isinstance(written, Mapping) and set(written) == {"Condition"}:
        return condition(written["Condition"], scope)
    value = scope.resolve(written)
    return value if isinstance(value, bool) else None


def _known(truth: bool | None, written: str) -> Any:
    return Unknown(written) if truth is None else truth


def _condition(argument: Any, scope: Scope) -> Any:
    return _known(condition(argument, scope), f"!Condition {argument}")


def _equals(argument: Any, scope: Scope) -> Any:
    one, other = map(scope.resolve, argument)
    if any(isinstance(each, Unknown | StreamOf | MadeUp) for each in (one, other)):
        return Unknown("!Equals")
    return _compared(one) == _compared(other)


def _compared(value: Any) -> Any:
    """A value as CloudFormation compares it: numbers and booleans as texts."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _not(argument: Any, scope: Scope) -> Any:
    truth = _truth(argument[0], scope)
    return Unknown("!Not") if truth is None else not truth


def _and(argument: Any, scope: Scope) -> Any:
    truths = [_truth(each, scope) for each in argument]
    return False if False in truths else _known(None if None in truths else True, "!And")


def _or(argument: Any, scope: Scope) -> Any:
    truths = [_truth(each, scope) for each in argument]
    return True if True in truths else _known(None if None in truths else False, "!Or")


def _if(argument: Any, scope: Scope) -> Any:
    name, then, otherwise = argument
    truth = condition(name, scope)
    if truth is not None:
        return scope.resolve(then if truth else otherwise)
    one, other = scope.resolve(then), scope.resolve(otherwise)
    return one if one == other and name in scope.section("Conditions") else Unknown("!If")


def _find_in_map(argument: Any, scope: Scope) -> Any:
    names = [scope.resolve(each) for each in argument[:3]]
    if any(isinstance(name, Unknown | StreamOf | MadeUp) for name in names):
        return Unknown("!FindInMap")
    found: Any = scope.template["Mappings"]
    for name in names:
        # A key that looks like a number is one in YAML.
        keys = [key for key in found if str(key) == str(name)]
        if not keys:
            return scope.resolve(argument[3]["DefaultValue"])
        found = found[keys[0]]
    return scope.resolve(found)


def _get_att(argument: Any, scope: Scope) -> Any:
    name = argument if isinstance(argument, str) else ".".join(str(scope.resolve(part)) for part in argument)
    return attribute_of(name, scope)


def _ref(argument: Any, scope: Scope) -> Any:
    return reference(str(argument), scope)


def _sub(argument: Any, scope: Scope) -> Any:
    text, given = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])

    def value_of(name: str) -> Any:
        if name in given:
            return scope.resolve(given[name])
        return _get_att(name, scope) if "." in name else _ref(name, scope)

    parts = {name: value_of(name.strip()) for name in _PLACEHOLDER.findall(text)}
    for name, part in parts.items():
        if isinstance(part, StreamOf) and text == f"${{{name}}}":
            return part
        if isinstance(part, Unknown | StreamOf | list | dict) or part is NOTHING:
            return Unknown(f"!Sub {text}")
    found = _PLACEHOLDER.sub(lambda match: str(parts[match[1]]), text).replace("${!", "${")
    return same_kind(found, *parts.values())


def _join(argument: Any, scope: Scope) -> Any:
    delimiter, values = argument
    parts = scope.resolve(values)
    if isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], StreamOf):
        return parts[0]
    if not isinstance(parts, list) or any(isinstance(part, Unknown | StreamOf) for part in parts):
        return Unknown("!Join")
    return same_kind(str(delimiter).join(map(str, parts)), *parts)


def _select(argument: Any, scope: Scope) -> Any:
    index, values = scope.resolve(argument[0]), scope.resolve(argument[1])
    return Unknown("!Select") if isinstance(values, Unknown) else values[int(index)]


def _split(argument: Any, scope: Scope) -> Any:
    delimiter, text = argument[0], scope.resolve(argument[1])
    return [same_kind(part, text) for part in text.split(delimiter)] if isinstance(text, str) else Unknown("!Split")


def _length(argument: Any, scope: Scope) -> Any:
    values = scope.resolve(argument)
    return Unknown("!Length") if isinstance(values, Unknown) else len(values)


def _to_json_string(argument: Any, scope: Scope) -> Any:
    value = scope.resolve(argument)
    return Unknown("!ToJsonString") if first_unknown(value) else json.dumps(value)


FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Fn::And": _and,
    "Fn::Condition": _condition,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _not,
    "Fn::Or": _or,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
    "Ref": _ref,
}
"""Each takes its argument; one that raises AttributeError, LookupError, TypeError or ValueError refuses it."""
