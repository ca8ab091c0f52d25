"""The event source mappings of a template: events of SAM's functions, and CloudFormation's own resources.

They are read here and not by samtranslator, which refuses a whole template for one mistake in it (no StartingPosition,
no CodeUri, an unknown policy), needs a region, loses line numbers, and takes a quarter of a second more.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-dynamodb.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.local.cloudformation.intrinsics import StreamOf, Unknown, undefined_functions
from router.local.cloudformation.mapping_source import NESTED_STACKS, SAM_EVENTS, may_be_table_stream, source_of
from router.local.cloudformation.references import function_name
from router.local.cloudformation.resources import (
    FUNCTIONS,
    SAM_FUNCTION,
    Declaration,
    TemplateError,
    TemplateFile,
    line_of_key,
    table_name,
)

__all__ = [
    "DeclaredMapping",
    "chosen_function",
    "declared_mappings",
    "function_mappings",
    "keys_of",
    "main_mapping",
    "mapping_parameters",
    "parameter_name",
    "source_text",
    "stream_mappings",
    "table_mappings",
]

_MAPPING = "AWS::Lambda::EventSourceMapping"
_NOT_SETTINGS = ("EventSourceArn", "FunctionName", "Queue", "Stream", "Tags")
_BOOLEANS = ("BisectBatchOnFunctionError", "Enabled")


@dataclass(frozen=True)
class DeclaredMapping:
    """An event source mapping of a template.

    Args:
        function: The function's logical ID, or its name if it is no resource of the template.
        stream: The resolved ARN of the event source.
        stream_property: The property that holds it: ``Stream``, ``Queue`` or ``EventSourceArn``.
        declaration: The event or the resource.
        is_sam_event: Whether it is an event of a SAM function.
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
    found = list(_all_mappings(template))
    # A template may create every function under a condition that the defaults do not meet.
    yield from [each for each in found if _deployed(each, template)] or found


def _deployed(mapping: DeclaredMapping, template: TemplateFile) -> bool:
    function = template.resources.get(mapping.function)
    return mapping.declaration.deployed and (function is None or function.deployed)


def _all_mappings(template: TemplateFile) -> Iterator[DeclaredMapping]:
    for function in (each for each in template.resources.values() if each.type == SAM_FUNCTION):
        events = function.values.get("Events")
        for name, event in events.items() if isinstance(events, Mapping) else ():
            kind = event.get("Type") if isinstance(event, Mapping) else None
            if isinstance(kind, str) and kind in SAM_EVENTS:
                declared = _event(function, name, event)
                _, key = SAM_EVENTS[kind]
                yield DeclaredMapping(function.name, declared.values.get(key), key, declared, is_sam_event=True)
    for declared in (each for each in template.resources.values() if each.type == _MAPPING):
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
    _check_functions(template)
    found = list(table_mappings(template))
    chosen = chosen_function(dict.fromkeys(each.function for each in found), function, template)
    return [each for each in found if each.function == chosen]


def function_mappings(template: TemplateFile, function: str | None) -> list[DeclaredMapping]:
    """The mappings of one function whose source may carry the changes of a table: also Kinesis and queues.

    Args:
        template: The template.
        function: The function's logical ID; ``None`` if only one is under a table's stream, or only one under another
            source where none is under a table's stream.

    Raises:
        TemplateError: No function fits, or more than one does, or the template calls an undefined intrinsic function.
    """
    _check_functions(template)
    streams = dict.fromkeys(each.function for each in table_mappings(template))
    found = [each for each in declared_mappings(template) if source_of(each, template) is not None]
    others = dict.fromkeys(each.function for each in found)
    names = others if function in others or not streams else streams
    chosen = chosen_function(names, function, template)
    return [each for each in found if each.function == chosen]


def _check_functions(template: TemplateFile) -> None:
    for tag, line in undefined_functions(template.document):
        msg = f"{template.place(line)}: found {tag}, expected a function of CloudFormation"
        raise TemplateError(msg)


def table_mappings(template: TemplateFile) -> Iterator[DeclaredMapping]:
    """The mappings whose source is a table's stream, or may be one.

    Args:
        template: The template.
    """
    return (each for each in declared_mappings(template) if may_be_table_stream(each, template))


def main_mapping(mappings: Sequence[DeclaredMapping], template: TemplateFile) -> DeclaredMapping:
    """The mapping that a local run of a function simulates: the first whose table is in the template, else the first.

    Args:
        mappings: The function's mappings of tables' streams, at least one.
        template: The template.
    """
    of_tables = (each for each in mappings if template.table_of(each.stream) is not None)
    return next(of_tables, mappings[0])


def chosen_function(names: Collection[str], name: str | None, template: TemplateFile) -> str:
    """The function that a user chose.

    Args:
        names: The logical IDs of the functions under a table's stream.
        name: The one that the user named; ``None`` for the only one.
        template: The template, for the error.

    Raises:
        TemplateError: There is no function, none of that name, or no name but several functions.
    """
    if name in names:
        return name or ""
    if name is None and len(names) == 1:
        return next(iter(names))
    listed, path = ", ".join(names), template.path
    if not names:
        msg = f"found no function under a table's stream in {path}, expected an event of type DynamoDB"
        nested = [str(path.parent / location) for location in _nested(template)]
        msg += f"; its nested stacks are in {', '.join(nested)}: name one with --template" if nested else ""
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


def source_text(stream: Any) -> str:
    """An event source that is no stream of a table in the template, for a message.

    Args:
        stream: The resolved ARN of the event source.
    """
    if isinstance(stream, Unknown):
        return stream.written
    if isinstance(stream, StreamOf):
        return f"!GetAtt {stream.logical_id}.StreamArn, of no table in this template"
    name = table_name(stream) if isinstance(stream, str) else None
    return f"the stream of table {name}, which is not in this template" if name else "no stream of a table"


def parameter_name(key: str) -> str:
    """The name of a setting in snake case.

    Args:
        key: AWS's name.

    Example:
        >>> parameter_name("BatchSize")
        'batch_size'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()


def mapping_parameters(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a mapping by their names in snake case, without what only SAM understands.

    Args:
        settings: The settings by AWS's names.

    Example:
        >>> mapping_parameters({"BatchSize": 10})
        {'batch_size': 10}
    """
    given = {parameter_name(key): value for key, value in settings.items()}
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
    holders = (each["Events"] for each in function.parsed if isinstance(each, Mapping) and "Events" in each)
    parsed = next(holders, None)
    written = parsed.get(name) if isinstance(parsed, Mapping) else None
    properties = event.get("Properties")
    return Declaration(
        name=f"{function.name}.{name}",
        type=str(event.get("Type")),
        values=properties if isinstance(properties, Mapping) else {},
        line=line_of_key(parsed, name) or function.line,
        parsed=(written.get("Properties") if isinstance(written, Mapping) else None,),
        metadata=function.metadata,
        deployed=function.deployed,
    )


def _function_of(mapping: Declaration, template: TemplateFile) -> str:
    """The logical ID of the function that the mapping's FunctionName names, by any form of its ARN, else that value."""
    written = mapping.values.get("FunctionName")
    if not isinstance(written, str):
        return written.written if isinstance(written, Unknown) else str(written)
    functions = (each.name for each in template.resources.values() if each.type in FUNCTIONS)
    name = function_name(written)
    return next((each for each in functions if template.reference(each) == name), written)


def _nested(template: TemplateFile) -> Iterator[str]:
    """The files of nested stacks, relative to the template."""
    for stack in template.of_type(*NESTED_STACKS):
        location = stack.values.get(NESTED_STACKS[stack.type])
        if isinstance(location, str) and (template.path.parent / location).is_file():
            yield location


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
