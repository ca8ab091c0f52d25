"""The resources of a template: their resolved properties, and the lines that declare them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from router.errors import RouterError
from router.extras import needed_by
from router.local.cloudformation.intrinsics import StreamOf, holds, load, resolve
from router.local.cloudformation.references import name_property

__all__ = [
    "FUNCTIONS",
    "SAM_FUNCTION",
    "SIMPLE_TABLE",
    "TABLES",
    "Declaration",
    "TemplateError",
    "TemplateFile",
    "line_of_key",
    "table_name",
]

TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
SIMPLE_TABLE = "AWS::Serverless::SimpleTable"
SAM_FUNCTION = "AWS::Serverless::Function"
FUNCTIONS = (SAM_FUNCTION, "AWS::Lambda::Function")


class TemplateError(RouterError):
    """A template cannot be read, or lacks a function under a table's stream; the text is one line with the place."""


@dataclass(frozen=True)
class Declaration:
    """A resource of a template, or an event of a SAM function.

    Args:
        name: The logical ID; for an event, the function's and the event's: ``Router.Changes``.
        type: The type.
        values: The resolved properties, with :class:`~router.local.cloudformation.intrinsics.Unknown` among them.
        line: The first line, counted from 1, if it is known.
        parsed: The properties as parsed, with line numbers: its own, then those of ``Globals``.
        metadata: The resource's ``Metadata``.
        deployed: Whether its condition may hold; one that depends on parameters is evaluated with their defaults.
    """

    name: str
    type: str
    values: Mapping[str, Any]
    line: int | None
    parsed: tuple[Any, ...]
    metadata: Mapping[str, Any]
    deployed: bool = True

    def line_of(self, *keys: str) -> int | None:
        """The line of a property, or of the innermost key on its path that is declared.

        Args:
            keys: The path of the property.
        """
        holder = next((each for each in self.parsed if isinstance(each, Mapping) and keys and keys[0] in each), None)
        line = self.line
        for key in keys:
            if not isinstance(holder, Mapping) or key not in holder:
                break
            line = line_of_key(holder, key) or line
            holder = holder[key]
        return line


class TemplateFile:
    """A template with its resources.

    Args:
        path: The file.
        parameters: Values of parameters, as CloudFormation has them; the others have their defaults.

    Raises:
        TemplateError: The file cannot be read, or is no template.
    """

    def __init__(self, path: Path, parameters: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.document = _load(path)
        for name, value in (parameters or {}).items():
            if name in self.document.get("Parameters", {}):
                self.document["Parameters"][name]["Default"] = value

    @cached_property
    def resources(self) -> Mapping[str, Declaration]:
        """All resources by their logical IDs; SAM functions include the properties of ``Globals``."""
        shared = self._globals
        return {
            str(name): self._declaration(str(name), resource, shared if resource.get("Type") == SAM_FUNCTION else {})
            for name, resource in self.document["Resources"].items()
            if isinstance(resource, Mapping)
        }

    def of_type(self, *types: str) -> list[Declaration]:
        """The resources of some types, without those whose condition does not hold."""
        return [each for each in self.resources.values() if each.type in types and each.deployed]

    def reference(self, logical_id: str) -> Any:
        """The value of ``!Ref`` of a resource."""
        return resolve({"Ref": logical_id}, self.document)

    def arn(self, logical_id: str) -> Any:
        """The value of ``!GetAtt`` of a resource's ``Arn``."""
        return resolve({"Fn::GetAtt": [logical_id, "Arn"]}, self.document)

    def named(self, name: str, *types: str) -> Declaration | None:
        """The resource of some types that ``!Ref`` of it, or its ARN, names; ``None`` if none does.

        Args:
            name: The name, the ARN, or the URL of a queue.
            types: The types.
        """
        resources = self.of_type(*types)
        return next((each for each in resources if name in (self.reference(each.name), self.arn(each.name))), None)

    def given_names(self, *types: str) -> set[Any]:
        """The names of resources of some types that the template itself gives them, and not CloudFormation."""
        return {self.reference(each.name) for each in self.of_type(*types) if name_property(each.type) in each.values}

    def table_of(self, stream: Any) -> Declaration | None:
        """The table with a stream; ``None`` if no table of the template has it.

        Args:
            stream: The stream's ARN, resolved; a literal ARN names the table.
        """
        if isinstance(stream, StreamOf):
            table = self.resources.get(stream.logical_id)
            return table if table is not None and table.type in TABLES else None
        name = table_name(stream) if isinstance(stream, str) else None
        return next((each for each in self.of_type(*TABLES) if self.reference(each.name) == name), None)

    def environment(self, function: Declaration) -> dict[str, Any]:
        """The environment variables of a function, those of ``Globals`` included."""
        return {name: resolve(parsed, self.document) for name, parsed in self._variables(function)}

    def variables_of(self, function: Declaration, *types: str) -> dict[str, str]:
        """The environment variables of a function that hold what names a resource of the template.

        Args:
            function: The function.
            types: The types of the resources: for tables, their names and ARNs.
        """
        named = self.given_names(*types)
        known = {value for each in self.of_type(*types) for value in (self.reference(each.name), self.arn(each.name))}
        found = {name: (parsed, resolve(parsed, self.document)) for name, parsed in self._variables(function)}
        # A plain text that equals a logical ID is no reference to the resource.
        return {
            name: value
            for name, (parsed, value) in found.items()
            if isinstance(value, str) and value in (named if parsed == value else known)
        }

    def place(self, line: int | None) -> str:
        """The file, with a line if it is known."""
        return str(self.path) if line is None else f"{self.path}:{line}"

    @property
    def _globals(self) -> Mapping[str, Any]:
        sections = self.document.get("Globals")
        shared = sections.get("Function") if isinstance(sections, Mapping) else None
        return shared if isinstance(shared, Mapping) else {}

    def _variables(self, function: Declaration) -> Iterator[tuple[str, Any]]:
        for properties in reversed(function.parsed):
            environment = properties.get("Environment") if isinstance(properties, Mapping) else None
            variables = environment.get("Variables") if isinstance(environment, Mapping) else None
            yield from variables.items() if isinstance(variables, Mapping) else ()

    def _declaration(self, name: str, resource: Mapping[str, Any], shared: Mapping[str, Any]) -> Declaration:
        own = resource.get("Properties") or {}
        parts = (shared, own, resource.get("Metadata"))
        common, values, metadata = (resolve(part, self.document) for part in parts)
        return Declaration(
            name=name,
            type=str(resource.get("Type")),
            values=_merged(*(each if isinstance(each, Mapping) else {} for each in (common, values))),
            line=line_of_key(self.document["Resources"], name),
            parsed=(own, shared),
            metadata=metadata if isinstance(metadata, Mapping) else {},
            deployed=holds(resource.get("Condition"), self.document) is not False,
        )


def table_name(arn: str) -> str | None:
    """The table's name in the ARN of a table or its stream; ``None`` for another text.

    Args:
        arn: The ARN.

    Example:
        >>> table_name("arn:aws:dynamodb:us-east-1:123456789012:table/Orders/stream/2026-01-01T00:00:00.000")
        'Orders'
    """
    found = re.fullmatch(r"arn:[^:]*:dynamodb:[^:]*:[^:]*:table/([^/]+)(/.*)?", arn)
    return found and found[1]


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of Globals and a function's own as SAM merges them: maps by key, and lists are joined."""
    merged = {**shared, **own}
    for name in shared.keys() & own.keys():
        one, other = shared[name], own[name]
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            merged[name] = _merged(one, other)
        elif isinstance(one, list) and isinstance(other, list) and name != "Architectures":
            merged[name] = [*one, *other]
    return merged


def line_of_key(holder: Any, key: str) -> int | None:
    """The line of a key, counted from 1; ``None`` for a key that a YAML merge brought.

    Args:
        holder: The mapping, as :func:`~router.local.cloudformation.intrinsics.load` returns it.
        key: The key.
    """
    try:
        return int(holder.lc.key(key)[0]) + 1
    except (AttributeError, KeyError, TypeError):
        return None


def _load(path: Path) -> Mapping[str, Any]:
    with needed_by("a template"):
        from ruamel.yaml.error import YAMLError

    try:
        template = load(path)
    except FileNotFoundError:
        msg = f"found no template {path}, expected one of SAM or CloudFormation; name another with --template"
        raise TemplateError(msg) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise TemplateError(f"found {path}, but cannot read it: {reason}") from None
    except (YAMLError, JSONDecodeError) as error:
        raise TemplateError(_no_yaml(path, error)) from None
    if not isinstance(template, Mapping) or not isinstance(template.get("Resources"), Mapping):
        msg = f"found no Resources in {path}, expected a template of SAM or CloudFormation"
        raise TemplateError(msg)
    return template


def _no_yaml(path: Path, error: Any) -> str:
    if isinstance(error, JSONDecodeError):
        return f"{path}:{error.lineno}: found no JSON: {error.msg}"
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    place = f"{path}:{mark.line + 1}" if mark else str(path)
    return f"{place}: found no YAML: {problem or type(error).__name__}"
