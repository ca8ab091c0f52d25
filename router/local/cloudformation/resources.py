"""The resources of a template: what each says, as far as it can be known, and the lines where it says so.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from router.errors import RouterError
from router.local.cloudformation.intrinsics import load, resolve

__all__ = ["FUNCTIONS", "TABLE", "MappedStream", "Section", "Stack", "TemplateError", "mapping_parameters"]

TABLE = "AWS::DynamoDB::Table"
FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")

_MAPPING = "AWS::Lambda::EventSourceMapping"
_NOT_SETTINGS = ("EventSourceArn", "FunctionName", "Stream", "Tags")  # of a mapping; the rest is how it works
_SWITCHES = ("BisectBatchOnFunctionError", "Enabled")


class TemplateError(RouterError):
    """A template cannot be read, or has no function under a table's stream; one line says where and why."""


@dataclass(frozen=True)
class Section:
    """A resource of a template, or another part of it with a name.

    Args:
        name: The logical ID, with what leads to a part of a resource behind it: ``Router.Changes``.
        type: The resource's type.
        values: What its properties say, with :class:`~router.local.cloudformation.intrinsics.Unknown` for what cannot be known.
        line: Where it begins, counted from 1, if that is known.
        written: Its properties as they were read, those first that come first.
        metadata: The resource's ``Metadata``.
    """

    name: str
    type: str
    values: Mapping[str, Any]
    line: int | None
    written: tuple[Any, ...]
    metadata: Mapping[str, Any]

    def line_of(self, *keys: str) -> int | None:
        """The line of a property, or of what is nearest around it.

        Args:
            keys: The way to it.
        """
        holder = next((each for each in self.written if isinstance(each, Mapping) and keys and keys[0] in each), None)
        line = self.line
        for key in keys:
            if not isinstance(holder, Mapping) or key not in holder:
                break
            line = _line_of_key(holder, key) or line
            holder = holder[key]
        return line


@dataclass(frozen=True)
class MappedStream:
    """An event source mapping over what may be a table's stream.

    Args:
        function: The function's logical ID, or what it is called where it is none of the template's.
        stream: The source, as :func:`~router.local.cloudformation.intrinsics.resolve` gives it.
        said_as: What the property is called that names it.
        said: What the mapping says, which is all its settings and some names.
        event: Whether it is an event of SAM's, which says that it is a table's stream.
    """

    function: str
    stream: Any
    said_as: str
    said: Section
    event: bool

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by AWS's names, as CloudFormation understands what is written."""
        return {key: _meant(key, value) for key, value in self.said.values.items() if key not in _NOT_SETTINGS}


class Stack:
    """A template.

    Args:
        path: The file.

    Raises:
        TemplateError: It cannot be read, or is no template.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.template = _load(path)

    @cached_property
    def resources(self) -> Mapping[str, Section]:
        """All resources by their logical IDs, functions with what ``Globals`` says of them."""
        shared = self._globals
        return {
            str(name): self._section(str(name), resource, shared if resource.get("Type") == FUNCTIONS[0] else {})
            for name, resource in self.template["Resources"].items()
            if isinstance(resource, Mapping)
        }

    def of_type(self, *types: str) -> list[Section]:
        """The resources of some types."""
        return [section for section in self.resources.values() if section.type in types]

    def reference(self, logical_id: str) -> Any:
        """What ``!Ref`` of a resource is."""
        return resolve({"Ref": logical_id}, self.template)

    def arn(self, logical_id: str) -> Any:
        """What ``!GetAtt`` of a resource's ``Arn`` is."""
        return resolve({"Fn::GetAtt": [logical_id, "Arn"]}, self.template)

    def mappings(self) -> Iterator[MappedStream]:
        """What SAM calls events of type DynamoDB, and all event source mappings, whatever their source."""
        for function in self.of_type(FUNCTIONS[0]):
            events = function.values.get("Events")
            for name, event in events.items() if isinstance(events, Mapping) else ():
                if isinstance(event, Mapping) and event.get("Type") == "DynamoDB":
                    said = self._event(function, name, event)
                    yield MappedStream(function.name, said.values.get("Stream"), "Stream", said, event=True)
        for said in self.of_type(_MAPPING):
            source = said.values.get("EventSourceArn")
            yield MappedStream(self._called(said), source, "EventSourceArn", said, event=False)

    def environment(self, function: Section) -> dict[str, Any]:
        """The variables of a function, those that all functions share included."""
        return {name: resolve(written, self.template) for name, written in self._variables(function)}

    def variables_of_tables(self, function: Section) -> dict[str, str]:
        """The variables of a function that hold the name or the ARN of a table of the template."""
        named = {self.reference(table.name) for table in self.of_type(TABLE) if "TableName" in table.values}
        known = {value for table in self.of_type(TABLE) for value in (self.reference(table.name), self.arn(table.name))}
        found = {name: (written, resolve(written, self.template)) for name, written in self._variables(function)}
        # A text may be the logical ID by chance, but that is nobody's name.
        return {
            name: value
            for name, (written, value) in found.items()
            if isinstance(value, str) and value in (named if written == value else known)
        }

    def _variables(self, function: Section) -> Iterator[tuple[str, Any]]:
        for properties in reversed(function.written):
            environment = properties.get("Environment") if isinstance(properties, Mapping) else None
            variables = environment.get("Variables") if isinstance(environment, Mapping) else None
            yield from variables.items() if isinstance(variables, Mapping) else ()

    def place(self, line: int | None) -> str:
        """The file, and a line of it."""
        return str(self.path) if line is None else f"{self.path}:{line}"

    @property
    def _globals(self) -> Mapping[str, Any]:
        shared = (self.template.get("Globals") or {}).get("Function")
        return shared if isinstance(shared, Mapping) else {}

    def _section(self, name: str, resource: Mapping[str, Any], shared: Mapping[str, Any]) -> Section:
        own = resource.get("Properties") or {}
        values = resolve(own, self.template)
        return Section(
            name=name,
            type=str(resource.get("Type")),
            values={**resolve(shared, self.template), **(values if isinstance(values, Mapping) else {})},
            line=_line_of_key(self.template["Resources"], name),
            written=(own, shared),
            metadata=resolve(resource.get("Metadata") or {}, self.template),
        )

    def _event(self, function: Section, name: str, event: Mapping[str, Any]) -> Section:
        written = next(each["Events"] for each in function.written if isinstance(each, Mapping) and "Events" in each)
        said = event.get("Properties")
        return Section(
            name=f"{function.name}.{name}",
            type="DynamoDB",
            values=said if isinstance(said, Mapping) else {},
            line=_line_of_key(written, name),
            written=(written[name].get("Properties"),),
            metadata=function.metadata,
        )

    def _called(self, said: Section) -> str:
        """The logical ID of a mapping's function, from its name or ARN."""
        called = said.values.get("FunctionName")
        for function in self.of_type(*FUNCTIONS):
            if called in (self.reference(function.name), self.arn(function.name)):
                return function.name
        return str(called)


def mapping_parameters(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a mapping, by their names in snake case, without what only SAM knows.

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


def _meant(key: str, value: Any) -> Any:
    """A parameter of type String gives numbers and switches as texts, and CloudFormation takes them."""
    if not isinstance(value, str):
        return value
    if key in _SWITCHES and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value) if re.fullmatch(r"-?\d+", value) and key != "KmsKeyArn" else value


def _line_of_key(holder: Any, key: str) -> int | None:
    """The line of a key of a mapping; one that a YAML merge brought has none."""
    try:
        return int(holder.lc.key(key)[0]) + 1
    except (AttributeError, KeyError, TypeError):
        return None


def _load(path: Path) -> Mapping[str, Any]:
    from ruamel.yaml.error import YAMLError

    try:
        template = load(path)
    except FileNotFoundError:
        msg = f"found no template {path}, expected one of SAM or CloudFormation; name another with --template"
        raise TemplateError(msg) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise TemplateError(f"found {path}, but cannot read it: {reason}") from None
    except YAMLError as error:
        raise TemplateError(_no_yaml(path, error)) from None
    if not isinstance(template, Mapping) or not isinstance(template.get("Resources"), Mapping):
        msg = f"found no Resources in {path}, expected a template of SAM or CloudFormation"
        raise TemplateError(msg)
    return template


def _no_yaml(path: Path, error: Any) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    place = f"{path}:{mark.line + 1}" if mark else str(path)
    return f"{place}: found no YAML: {problem or type(error).__name__}"
