"""The event source mappings of a template: events of SAM's functions, and CloudFormation's own resources.

They are read here and not by samtranslator, which refuses a whole template for one mistake in it (no StartingPosition,
no CodeUri, an unknown policy), needs a region, loses line numbers, and takes a quarter of a second more.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-dynamodb.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.local.cloudformation.intrinsics import StreamOf, Unknown, undefined_functions
from router.local.cloudformation.resources import (
    FUNCTIONS,
    SAM_FUNCTION,
    Declaration,
    TemplateError,
    TemplateFile,
    line_of_key,
)

__all__ = [
    "DeclaredMapping",
    "chosen_function",
    "declared_mappings",
    "keys_of",
    "mapping_parameters",
    "stream_mappings",
]

_MAPPING = "AWS::Lambda::EventSourceMapping"
_NOT_SETTINGS = ("EventSourceArn", "FunctionName", "Stream", "Tags")
_BOOLEANS = ("BisectBatchOnFunctionError", "Enabled")
_POSITIONS = ("TRIM_HORIZON", "LATEST")  # of streams; the mapping of a queue has no StartingPosition


@dataclass(frozen=True)
class DeclaredMapping:
    """An event source mapping of a template.

    Args:
        function: The function's logical ID, or its name if it is no resource of the template.
        stream: The resolved ARN of the event source.
        stream_property: The property that holds it: ``Stream`` or ``EventSourceArn``.
        declaration: The event or the resource.
        is_sam_event: Whether it is an event of type DynamoDB of a SAM function.
    """

    function: str
    stream: Any
    stream_property: str
    declaration: Declaration
    is_sam_event: bool

    @property
    def name(self) -> str:
        """The mapping's name: ``Router.Changes``."""
        return self.declaration.name

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by AWS's names, of the types that CloudFormation converts them to."""
        return {key: _typed(key, value) for key, value in self.declaration.values.items() if key not in _NOT_SETTINGS}


def declared_mappings(template: TemplateFile) -> Iterator[DeclaredMapping]:
    """All event source mappings of a template, those of queues and other streams too.

    Args:
        template: The template.
    """
    for function in template.of_type(SAM_FUNCTION):
        events = function.values.get("Events")
        for name, event in events.items() if isinstance(events, Mapping) else ():
            if isinstance(event, Mapping) and event.get("Type") == "DynamoDB":
                declared = _event(function, name, event)
                stream = declared.values.get("Stream")
                yield DeclaredMapping(function.name, stream, "Stream", declared, is_sam_event=True)
    for declared in template.of_type(_MAPPING):
        source = declared.values.get("EventSourceArn")
        function_name = _function_of(declared, template)
        yield DeclaredMapping(function_name, source, "EventSourceArn", declared, is_sam_event=False)


def stream_mappings(template: TemplateFile, function: str | None) -> list[DeclaredMapping]:
    """The mappings of one function whose source is a table's stream, or may be one.

    Args:
        template: The template.
        function: The function's logical ID; ``None`` if there is only one.

    Raises:
        TemplateError: No function fits, or more than one does, or the template calls an undefined intrinsic function.
    """
    for tag, line in undefined_functions(template.document):
        msg = f"{template.place(line)}: found {tag}, expected a function of CloudFormation"
        raise TemplateError(msg)
    found = [each for each in declared_mappings(template) if _may_be_table_stream(each)]
    chosen = chosen_function(dict.fromkeys(each.function for each in found), function, template.path)
    return [each for each in found if each.function == chosen]


def chosen_function(names: Collection[str], name: str | None, path: Path) -> str:
    """The function that a user chose.

    Args:
        names: The logical IDs of the functions under a table's stream.
        name: The one that the user named; ``None`` for the only one.
        path: The template, for the error.

    Raises:
        TemplateError: There is no function, none of that name, or no name but several functions.
    """
    if name in names:
        return name or ""
    if name is None and len(names) == 1:
        return next(iter(names))
    listed = ", ".join(names)
    if not names:
        msg = f"found no function under a table's stream in {path}, expected an event of type DynamoDB"
    elif name is None:
        msg = f"found the functions {listed} under a stream in {path}; say which with --function"
    else:
        msg = f"found no function {name!r} under a stream in {path}; there is {listed}"
    raise TemplateError(msg)


def keys_of(template: TemplateFile, mapping: DeclaredMapping) -> tuple[str, ...] | None:
    """The key attributes of a mapping's table; ``None`` if the template does not determine them.

    Args:
        template: The template.
        mapping: The mapping.
    """
    table = template.table_of(mapping.stream)
    schema = table.values.get("KeySchema") if table else None
    names = [each.get("AttributeName") if isinstance(each, dict) else None for each in _listed(schema)]
    known = tuple(name for name in names if isinstance(name, str))
    return known if known and len(known) == len(names) else None


def mapping_parameters(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a mapping by their names in snake case, without what only SAM understands.

    Args:
        settings: The settings by AWS's names.

    Example:
        >>> mapping_parameters({"BatchSize": 10})
        {'batch_size': 10}
    """
    given = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower(): value for key, value in settings.items()}
    destinations = given.get("destination_config")
    on_failure = destinations.get("OnFailure") if isinstance(destinations, Mapping) else None
    if isinstance(on_failure, Mapping):
        on_failure = {key: value for key, value in on_failure.items() if key != "Type"}
        given["destination_config"] = {**given["destination_config"], "OnFailure": on_failure}
    return given


def _typed(key: str, value: Any) -> Any:
    """A number or a boolean for a text: parameters of type String give texts, and CloudFormation converts them."""
    if not isinstance(value, str):
        return value
    if key in _BOOLEANS and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value) if re.fullmatch(r"-?\d+", value) and key != "KmsKeyArn" else value


def _event(function: Declaration, name: str, event: Mapping[str, Any]) -> Declaration:
    parsed = next(each["Events"] for each in function.parsed if isinstance(each, Mapping) and "Events" in each)
    properties = event.get("Properties")
    return Declaration(
        name=f"{function.name}.{name}",
        type="DynamoDB",
        values=properties if isinstance(properties, Mapping) else {},
        line=line_of_key(parsed, name),
        parsed=(parsed[name].get("Properties"),),
        metadata=function.metadata,
    )


def _function_of(mapping: Declaration, template: TemplateFile) -> str:
    """The logical ID of the function whose name or ARN is the mapping's FunctionName, else that value."""
    written = mapping.values.get("FunctionName")
    for function in template.of_type(*FUNCTIONS):
        if written in (template.reference(function.name), template.arn(function.name)):
            return function.name
    return str(written)


def _may_be_table_stream(mapping: DeclaredMapping) -> bool:
    """Whether the source is a table's stream; an unknown source may be one if the mapping has a StartingPosition."""
    if mapping.is_sam_event or isinstance(mapping.stream, StreamOf):
        return True
    if isinstance(mapping.stream, Unknown):
        positioned = mapping.settings.get("StartingPosition") in _POSITIONS
        return positioned and not mapping.stream.written.startswith("!GetAtt")
    return ":dynamodb:" in str(mapping.stream)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
