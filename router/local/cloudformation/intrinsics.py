"""A template as plain values: its intrinsic functions in their long form, then as far as this machine can know them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["NOTHING", "StreamOf", "Unknown", "is_intrinsic_name", "load", "resolve", "strange_functions"]

_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}
# What Ref and Arn of a resource are; the others are known by their logical ID, and have no ARN here.
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
"""What ``!Ref AWS::NoValue`` is: the property is not there."""


@dataclass(frozen=True)
class Unknown:
    """A value that only a deployment has.

    Args:
        written: The function that would make it, as templates write it.
    """

    written: str


@dataclass(frozen=True)
class StreamOf:
    """The ARN of a table's stream.

    Args:
        logical_id: The table.
    """

    logical_id: str


def load(path: Path) -> Any:
    """Read a template, short forms of intrinsic functions as long ones, with the lines of mappings as ``.lc``.

    Args:
        path: The file, YAML or JSON.

    Raises:
        OSError: It cannot be read.
        ruamel.yaml.error.YAMLError: It is no YAML.
    """
    from ruamel.yaml import YAML

    return YAML().load(path.read_text(encoding="utf-8"))


def resolve(value: Any, template: Mapping[str, Any]) -> Any:
    """Make a part of a template plain, with what cannot be known as :class:`Unknown`.

    Args:
        value: The part, as :func:`load` gives it.
        template: The whole template.

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
        except (AttributeError, LookupError, TypeError, ValueError):  # an argument that CloudFormation refuses
            return unknown
    if isinstance(value, Mapping):
        plain = {str(key): resolve(inner, template) for key, inner in value.items()}
        return {key: inner for key, inner in plain.items() if inner is not NOTHING}
    if isinstance(value, list):
        return [inner for inner in (resolve(inner, template) for inner in value) if inner is not NOTHING]
    return _scalar(value)


def strange_functions(value: Any, line: int | None = None) -> Iterator[tuple[str, int | None]]:
    """The tags of a template that CloudFormation has no function for, each with its line, counted from 1.

    Args:
        value: A part of a template, as :func:`load` gives it.
        line: Where it stands.
    """
    tag = getattr(getattr(value, "tag", None), "value", None)
    if isinstance(tag, str) and tag.startswith("!") and not tag.startswith("!!") and tag[1:] not in _INTRINSIC:
        yield tag, line
    for key in value if isinstance(value, Mapping) else range(len(value)) if isinstance(value, list) else ():
        places = getattr(getattr(value, "lc", None), "data", None) or {}
        yield from strange_functions(value[key], places[key][0] + 1 if key in places else line)


def is_intrinsic_name(name: str) -> bool:
    """Whether a key is an intrinsic function's in its long form: ``Ref``, or a name with ``Fn::`` before it.

    Args:
        name: The key.
    """
    return name == "Ref" or name.startswith("Fn::")


def _function(value: Any) -> tuple[str | None, Any]:
    """The intrinsic function that a value calls, and its argument."""
    tag = getattr(getattr(value, "tag", None), "value", None)
    if isinstance(tag, str) and tag.startswith("!") and not tag.startswith("!!"):
        name = "Ref" if tag == "!Ref" else f"Fn::{tag[1:]}"
        return name, getattr(value, "value", value) if not isinstance(value, Mapping | list) else _untagged(value)
    if isinstance(value, Mapping) and len(value) == 1:
        (key,) = value
        if is_intrinsic_name(str(key)):
            return str(key), value[key]
    return None, None


def _untagged(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)


def _scalar(value: Any) -> Any:
    """Python's own kind of a scalar that keeps how it was written."""
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
    return _arn(name, resource, template) if resource.get("Type") == "AWS::SNS::Topic" else _named(name, resource)


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


def _arn(logical_id: str, resource: Mapping[str, Any], _: Mapping[str, Any]) -> Any:
    pattern = _ARNS.get(str(resource.get("Type")))
    return pattern.format(_named(logical_id, resource)) if pattern else Unknown(f"!GetAtt {logical_id}.Arn")


def _get_att(argument: Any, template: Mapping[str, Any]) -> Any:
    logical_id, _, attribute = (argument if isinstance(argument, str) else ".".join(map(str, argument))).partition(".")
    resource = template.get("Resources", {}).get(logical_id)
    if resource is not None and attribute == "StreamArn":
        return StreamOf(logical_id)
    if resource is not None and attribute in ("Arn", "TopicArn"):
        return _arn(logical_id, resource, template)
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
