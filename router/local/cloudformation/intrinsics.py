"""Resolve CloudFormation's intrinsic functions as far as the template alone determines their values.

Parameters have their defaults; resources have made-up names and ARNs; any other value is :class:`Unknown`.

No library does this. samtranslator resolves references to parameters only, and raises for an argument that it does not
expect. cfn-lint checks all values that a property may have, and gives none for a resource's name or ARN. The file is
read with ruamel.yaml, which keeps tags and line numbers: cfn-lint's decoder does so too, but imports sympy and
networkx, which takes half a second, and ``router template --write`` needs the columns that ruamel.yaml knows.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "NOTHING",
    "StreamOf",
    "Unknown",
    "first_unknown",
    "is_intrinsic_name",
    "load",
    "resolve",
    "undefined_functions",
]

_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}
# The ARNs of resources; other types have no ARN here.
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:123456789012:table/{}",
    "AWS::IAM::Role": "arn:aws:iam::123456789012:role/{}",
    "AWS::Lambda::Function": "arn:aws:lambda:us-east-1:123456789012:function:{}",
    "AWS::Serverless::Function": "arn:aws:lambda:us-east-1:123456789012:function:{}",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": "arn:aws:sns:us-east-1:123456789012:{}",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:123456789012:{}",
}
_NAMES = ("TableName", "BucketName", "TopicName", "QueueName", "FunctionName", "RoleName")
_INTRINSIC = frozenset(
    {"And", "Base64", "Cidr", "Condition", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap"}
    | {"GetAZs", "GetAtt", "GetStackOutput", "If", "ImportValue", "Join", "Length", "Not", "Or", "Ref", "RefAll"}
    | {"Select", "Split", "Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll"}
)
_PLACEHOLDER = re.compile(r"\$\{([^!][^}]*)\}")

NOTHING = object()
"""The value of ``!Ref AWS::NoValue``: the property is removed."""


@dataclass(frozen=True)
class Unknown:
    """A value that is unknown before deployment.

    Args:
        written: The intrinsic function that gives the value, in its short form: ``!ImportValue``.
    """

    written: str


@dataclass(frozen=True)
class StreamOf:
    """The ARN of a table's stream.

    Args:
        logical_id: The table's logical ID.
    """

    logical_id: str


def load(path: Path) -> Any:
    """Parse a template; its mappings have line numbers as ``.lc``, its short-form functions are tags.

    Args:
        path: The file, YAML or JSON.

    Raises:
        OSError: The file cannot be read.
        ruamel.yaml.error.YAMLError: The file is no YAML.
    """
    from ruamel.yaml import YAML

    return YAML().load(path.read_text(encoding="utf-8"))


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
    name, argument = _function(value)
    if name is not None:
        unknown = Unknown(f"!{name.removeprefix('Fn::')}")
        known = _FUNCTIONS.get(name)
        try:
            return known(argument, template) if known else unknown
        except (AttributeError, LookupError, TypeError, ValueError):  # CloudFormation refuses the argument
            return unknown
    if isinstance(value, Mapping):
        plain = {str(key): resolve(inner, template) for key, inner in value.items()}
        return {key: inner for key, inner in plain.items() if inner is not NOTHING}
    if isinstance(value, list):
        return [inner for inner in (resolve(inner, template) for inner in value) if inner is not NOTHING]
    return _scalar(value)


def first_unknown(value: Any) -> Unknown | None:
    """The first :class:`Unknown` in a resolved value; ``None`` if all of it is known.

    Args:
        value: The value.
    """
    if isinstance(value, Unknown):
        return value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for found in map(first_unknown, inner) if found is not None), None)


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
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _ref(name: Any, template: Mapping[str, Any]) -> Any:
    if name == "AWS::NoValue":
        return NOTHING
    parameter = template.get("Parameters", {}).get(name)
    if parameter is not None:
        return _default(parameter) if "Default" in parameter else Unknown(f"!Ref {name}")
    if name in _PSEUDO:
        return _PSEUDO[name]
    resource = template.get("Resources", {}).get(name)
    if resource is None:
        return Unknown(f"!Ref {name}")
    if resource.get("Type") == "AWS::SQS::Queue":
        return f"https://sqs.us-east-1.amazonaws.com/123456789012/{_named(name, resource)}"
    return _arn(name, resource) if resource.get("Type") == "AWS::SNS::Topic" else _named(name, resource)


def _default(parameter: Mapping[str, Any]) -> Any:
    default = _scalar(parameter["Default"])
    if parameter.get("Type") == "Number" and isinstance(default, str):
        return float(default) if "." in default else int(default)
    if str(parameter.get("Type", "")).endswith(("List", "List<Number>")) and isinstance(default, str):
        return [each.strip() for each in default.split(",")]
    return default


def _named(logical_id: str, resource: Mapping[str, Any]) -> str:
    properties = resource.get("Properties") or {}
    given = next((properties[name] for name in _NAMES if name in properties), None)
    return str(given) if isinstance(given, str) and _function(given)[0] is None else logical_id


def _arn(logical_id: str, resource: Mapping[str, Any]) -> Any:
    pattern = _ARNS.get(str(resource.get("Type")))
    return pattern.format(_named(logical_id, resource)) if pattern else Unknown(f"!GetAtt {logical_id}.Arn")


def _get_att(argument: Any, template: Mapping[str, Any]) -> Any:
    logical_id, _, attribute = (argument if isinstance(argument, str) else ".".join(map(str, argument))).partition(".")
    resource = template.get("Resources", {}).get(logical_id)
    if resource is not None and attribute == "StreamArn":
        return StreamOf(logical_id)
    if resource is not None and attribute in ("Arn", "TopicArn"):
        return _arn(logical_id, resource)
    if resource is not None and attribute in ("QueueName", "TopicName"):
        return _named(logical_id, resource)
    return Unknown(f"!GetAtt {logical_id}.{attribute}")


def _sub(argument: Any, template: Mapping[str, Any]) -> Any:
    text, given = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])

    def value_of(name: str) -> Any:
        if name in given:
            return resolve(given[name], template)
        return _get_att(name, template) if "." in name else _ref(name, template)

    parts = {name: value_of(name) for name in _PLACEHOLDER.findall(text)}
    for name, part in parts.items():
        if isinstance(part, StreamOf) and text == f"${{{name}}}":
            return part
        if isinstance(part, Unknown | StreamOf) or part is NOTHING:
            return Unknown(f"!Sub {text}")
    return _PLACEHOLDER.sub(lambda found: str(parts[found[1]]), text).replace("${!", "${")


def _join(argument: Any, template: Mapping[str, Any]) -> Any:
    delimiter, values = argument
    parts = resolve(values, template)
    if not isinstance(parts, list) or any(isinstance(part, Unknown | StreamOf) for part in parts):
        return Unknown("!Join")
    return str(delimiter).join(map(str, parts))


_FUNCTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Join": _join,
    "Fn::Sub": _sub,
}
