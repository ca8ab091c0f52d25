"""Lambda's API model of an event source mapping, as the installed botocore has it, and checks against it.

AWS's clients check names, types and lowest values before they send a request. Lambda checks the rest of its model:
highest values, lengths, patterns and enums.
https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from router.extras import needed_by

__all__ = ["client_report", "member_name", "model_faults", "partitions"]

# Lambda's message has these in another order than the model; recorded from AWS.
_RECORDED_ORDER = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")


def member_name(name: str) -> str | None:
    """The API's name of a parameter in snake case; ``None`` if the API has no such parameter.

    Args:
        name: The name in snake case.

    Example:
        >>> member_name("kms_key_arn"), member_name("batchsizes")
        ('KMSKeyArn', None)
    """
    return _members().get(name.replace("_", "").lower())


def client_report(parameters: Mapping[str, Any]) -> str:
    """The faults that AWS's clients find, a line each, from botocore's own validator; empty if there are none.

    Args:
        parameters: Values by the API's names.
    """
    with needed_by("the check of a mapping's settings", extra="testing"):
        from botocore.validate import ParamValidator

    # The API requires the function, which is no setting.
    report = ParamValidator().validate({"FunctionName": "function", **parameters}, _request()).generate_report()
    booleans = [
        f"Invalid type for parameter {name}, value: {value}, type: {bool}, valid types: {int}"
        for name, value in parameters.items()
        # botocore takes a boolean for a number, and Lambda does not.
        if isinstance(value, bool) and _request().members[name].type_name == "integer"
    ]
    return "\n".join(filter(None, (report, *booleans)))


def model_faults(parameters: Mapping[str, Any]) -> list[str]:
    """The faults that Lambda finds in parameters that its clients accept.

    Args:
        parameters: Values by the API's names.
    """
    return list(_faults(_request(), parameters, ""))


@cache
def partitions() -> frozenset[str]:
    """The IDs of AWS's partitions: ``aws``, ``aws-cn`` and so on."""
    return frozenset(partition["id"] for partition in _loader().load_data("partitions")["partitions"])


@cache
def _loader() -> Any:
    with needed_by("the check of a mapping's settings", extra="testing"):
        from botocore.loaders import Loader

    return Loader()


@cache
def _request() -> Any:
    """The shape of CreateEventSourceMapping's request. Loading it takes a sixth of a second."""
    service = _loader().load_service_model("lambda", "service-2")
    from botocore.model import ServiceModel

    return ServiceModel(service, "lambda").operation_model("CreateEventSourceMapping").input_shape


@cache
def _members() -> dict[str, str]:
    return {member.lower(): member for member in _request().members}


def _faults(shape: Any, value: Any, place: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, inner in value.items():
            member = f"{name[0].lower()}{name[1:]}"
            yield from _faults(shape.members[name], inner, f"{place}.{member}" if place else member)
        return
    shown = f"[{', '.join(map(str, value))}]" if shape.type_name == "list" else value
    for rule in _broken(shape, value):
        yield f"Value '{shown}' at '{place}' failed to satisfy constraint: {rule}"
    if shape.type_name == "list" and shape.member.type_name == "structure":
        for number, inner in enumerate(value, 1):
            yield from _faults(shape.member, inner, f"{place}.{number}.member")


def _broken(shape: Any, value: Any) -> Iterator[str]:
    """The rules of a shape, without those of members of a structure, that a value breaks."""
    most = shape.metadata.get("max")
    if most is not None and (value if shape.type_name == "integer" else len(value)) > most:
        kind = "value" if shape.type_name == "integer" else "length"
        yield f"Member must have {kind} less than or equal to {most}"
    pattern = shape.metadata.get("pattern")
    if pattern is not None and re.fullmatch(pattern, value) is None:
        yield f"Member must satisfy regular expression pattern: {pattern}"
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(sorted(shape.enum, key=_recorded))}]"
    if shape.type_name == "list" and shape.member.type_name == "string":
        rules = list(dict.fromkeys(rule for inner in value for rule in _broken(shape.member, inner)))
        if rules:
            yield f"Member must satisfy constraint: [{', '.join((*rules, 'Member must not be null'))}]"


def _recorded(name: str) -> int:
    return _RECORDED_ORDER.index(name) if name in _RECORDED_ORDER else len(_RECORDED_ORDER)
