"""What a template says of a function under a table's stream: SAM's, or CloudFormation's own resources.

Read with ruamel.yaml, which keeps intrinsic functions as tags and knows the line of everything. Parameters have their
defaults, and the resources of the template made-up names and ARNs; what nothing here can know, such as an import from
another stack, is an error only where it is needed.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-dynamodb.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.errors import RouterError
from router.local.intrinsics import StreamOf, Unknown, load, resolve
from router.local.mapping import MappingSettings, MappingSettingsError
from router.local.patterns import FilterPatternError

__all__ = ["LocalFunction", "LocalTable", "Template", "TemplateError", "read_template"]

_TABLE = "AWS::DynamoDB::Table"
_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_MAPPING = "AWS::Lambda::EventSourceMapping"
_CREATE = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_TIMEOUT = 3  # seconds, where a template says nothing
_NOT_SETTINGS = ("EventSourceArn", "FunctionName", "Stream", "Tags")  # of a mapping; the rest is how it works


class TemplateError(RouterError):
    """A template cannot be read, or has no function under a table's stream; one line says where and why."""


@dataclass(frozen=True)
class LocalTable:
    """A table as a template has it.

    Args:
        name: Its name: ``TableName``, or else its logical ID.
        request: What CreateTable is asked.
        view: The stream view type, or ``None`` without a stream.
        ttl: The attribute that holds the time to live, if there is one.
    """

    name: str
    request: Mapping[str, Any]
    view: str | None
    ttl: str | None = None


@dataclass(frozen=True)
class LocalFunction:
    """A function under a table's stream.

    Args:
        name: Its logical ID.
        handler: ``module.attribute``, or ``None`` where the template does not say.
        timeout: In seconds.
        environment: Those of its variables that mean something on this machine.
        table: The name of the table.
        settings: The event source mapping's settings.
    """

    name: str
    handler: str | None
    timeout: float
    environment: Mapping[str, str]
    table: str
    settings: MappingSettings


@dataclass(frozen=True)
class Template:
    """What was found in a template.

    Args:
        path: The file.
        tables: All tables, by name.
        functions: The functions under a table's stream, by name.
    """

    path: Path
    tables: Mapping[str, LocalTable]
    functions: Mapping[str, LocalFunction]

    def function(self, name: str | None = None) -> LocalFunction:
        """The function that a user means.

        Args:
            name: Its logical ID; may be left out where there is only one.

        Raises:
            TemplateError: There is none, none of that name, or more than one.
        """
        names = ", ".join(self.functions)
        if name is None and len(self.functions) == 1:
            return next(iter(self.functions.values()))
        if name in self.functions:
            return self.functions[name or ""]
        if not self.functions:
            msg = f"found no function under a table's stream in {self.path}, expected an event of type DynamoDB"
        elif name is None:
            msg = f"found the functions {names} under a stream in {self.path}; say which with --function"
        else:
            msg = f"found no function {name!r} under a stream in {self.path}; there is {names}"
        raise TemplateError(msg)

    def table(self, name: str) -> LocalTable:
        """A table by its name.

        Raises:
            TemplateError: There is no such table.
        """
        if name not in self.tables:
            hint = f"there is {', '.join(self.tables)}" if self.tables else "it has none"
            msg = f"found no table {name!r} in {self.path}; {hint}"
            raise TemplateError(msg)
        return self.tables[name]


def read_template(path: Path) -> Template:
    """Read a template.

    Args:
        path: The file.

    Raises:
        TemplateError: It cannot be read, is no template, or says something that Lambda or DynamoDB would refuse.

    Example:
        >>> read_template(Path("template.yaml")).function().table  # doctest: +SKIP
        'Shop'
    """
    return _Reader(path, _load(path)).read()


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


class _Reader:
    """Reads one template.

    Args:
        path: The file.
        template: Its content.
    """

    def __init__(self, path: Path, template: Mapping[str, Any]) -> None:
        self._path = path
        self._template = template
        self._resources: Mapping[str, Any] = template["Resources"]

    def read(self) -> Template:
        tables = [self._table(name) for name in self._of_type(_TABLE)]
        functions = [self._function(*found) for found in self._mapped()]
        return Template(self._path, {each.name: each for each in tables}, {each.name: each for each in functions})

    def _of_type(self, *types: str) -> list[str]:
        return [
            name
            for name, resource in self._resources.items()
            if isinstance(resource, Mapping) and resource.get("Type") in types
        ]

    def _properties(self, name: str) -> dict[str, Any]:
        properties = resolve(self._resources[name].get("Properties") or {}, self._template)
        return properties if isinstance(properties, dict) else {}

    def _table(self, logical_id: str) -> LocalTable:
        properties = self._properties(logical_id)
        request = {name: properties[name] for name in _CREATE if name in properties}
        self._refuse_unknown(request, logical_id)
        if "KeySchema" not in request or "AttributeDefinitions" not in request:
            msg = f"found no KeySchema and AttributeDefinitions in table {logical_id}, expected both"
            raise self._error(logical_id, msg)
        for index in request.get("GlobalSecondaryIndexes", ()):
            index.pop("ProvisionedThroughput", None)  # everything here is billed per request, which is to say, not
        view = (properties.get("StreamSpecification") or {}).get("StreamViewType")
        if view is not None:
            request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
        ttl = properties.get("TimeToLiveSpecification") or {}
        name = resolve({"Ref": logical_id}, self._template)
        attribute = ttl.get("AttributeName") if ttl.get("Enabled") in (True, "true") else None
        return LocalTable(name, {"TableName": name, **request, "BillingMode": "PAY_PER_REQUEST"}, view, attribute)

    def _mapped(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """The functions under a stream, each with the table and what the mapping says."""
        for name in self._of_type("AWS::Serverless::Function"):
            for event, description in (self._properties(name).get("Events") or {}).items():
                if isinstance(description, dict) and description.get("Type") == "DynamoDB":
                    said = description.get("Properties") or {}
                    yield name, self._streamed(said.get("Stream"), name, f"{name}.{event}.Stream"), said
        for name in self._of_type(_MAPPING):
            said = self._properties(name)
            source = said.get("EventSourceArn")
            # Queues and Kinesis streams are mapped by the same kind of resource.
            if isinstance(source, StreamOf):
                yield (
                    self._called(said.get("FunctionName")),
                    self._streamed(source, name, f"{name}.EventSourceArn"),
                    said,
                )

    def _called(self, called: Any) -> str:
        """The logical ID of a function, by its name or ARN."""
        for name in self._of_type(*_FUNCTIONS):
            if called in (
                resolve({"Ref": name}, self._template),
                resolve({"Fn::GetAtt": [name, "Arn"]}, self._template),
            ):
                return name
        return str(called)

    def _streamed(self, stream: Any, name: str, where: str) -> str:
        if not isinstance(stream, StreamOf) or stream.logical_id not in self._of_type(_TABLE):
            found = stream.written if isinstance(stream, Unknown) else "something else"
            msg = f"found {where} to be {found}, expected !GetAtt TABLE.StreamArn of a table in this template"
            raise self._error(name, msg)
        table = self._table(stream.logical_id)
        if table.view is None:
            msg = f"found table {stream.logical_id} without a stream, expected one: StreamSpecification"
            raise self._error(stream.logical_id, msg)
        return table.name

    def _function(self, name: str, table: str, said: dict[str, Any]) -> LocalFunction:
        properties = self._properties(name) if name in self._of_type(*_FUNCTIONS) else {}
        shared = resolve((self._template.get("Globals") or {}).get("Function") or {}, self._template)
        properties = {**shared, **properties}
        handler, timeout = properties.get("Handler"), properties.get("Timeout", _TIMEOUT)
        return LocalFunction(
            name=name,
            handler=handler if isinstance(handler, str) else None,
            timeout=float(timeout) if isinstance(timeout, int | float) else _TIMEOUT,
            environment=self._environment(name, shared),
            table=table,
            settings=self._settings(name, said),
        )

    def _environment(self, name: str, shared: Mapping[str, Any]) -> dict[str, str]:
        """The variables that name a table: it is here under that name, while a bus or a queue is not."""
        properties = self._resources.get(name, {}).get("Properties") or {}
        given = (properties.get("Environment") or {}).get("Variables") or {}
        inherited = (shared.get("Environment") or {}).get("Variables") or {}
        known = {self._table(each).name for each in self._of_type(_TABLE)}
        values = {**inherited, **resolve(given, self._template)}
        return {key: value for key, value in values.items() if value in known}

    def _settings(self, name: str, said: dict[str, Any]) -> MappingSettings:
        given = {_snake(key): value for key, value in said.items() if key not in _NOT_SETTINGS}
        self._refuse_unknown(given, name)
        destination = (given.get("destination_config") or {}).get("OnFailure")
        if isinstance(destination, dict):
            destination.pop("Type", None)  # SAM's own
        try:
            return MappingSettings.of(given)
        except (MappingSettingsError, FilterPatternError) as error:
            raise self._error(name, f"found settings of {name} that Lambda refuses: {error}") from None

    def _refuse_unknown(self, value: Any, name: str) -> None:
        if isinstance(value, Unknown):
            msg = f"found {value.written} in {name}, which is not known here; give it a parameter with a default"
            raise self._error(name, msg)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._refuse_unknown(inner, name)

    def _error(self, name: str, message: str) -> TemplateError:
        place = getattr(self._resources.get(name), "lc", None)
        line = f":{place.line}" if place is not None else ""
        return TemplateError(f"{self._path}{line}: {message}")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
