"""What a template says of a function under a table's stream: SAM's, or CloudFormation's own resources.

Read with ruamel.yaml, which keeps intrinsic functions as tags and knows the line of everything. Parameters have their
defaults, and the resources of the template made-up names and ARNs; what nothing here can know, such as an import from
another stack, is an error only where it is needed.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-dynamodb.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.local.cloudformation.intrinsics import StreamOf, Unknown
from router.local.cloudformation.resources import TABLE, MappedStream, Section, Stack, TemplateError, mapping_parameters
from router.local.event_source_mapping import MappingSettings, MappingSettingsError
from router.local.filter_patterns import FilterPatternError

__all__ = ["LocalFunction", "LocalTable", "Template", "TemplateError", "app_of_handler", "read_template"]

_CREATE = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_TIMEOUT = 3  # seconds, where a template says nothing


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
    return _Reader(Stack(path)).read()


class _Reader:
    """Reads one template.

    Args:
        stack: Its resources.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def read(self) -> Template:
        tables = [self._table(section) for section in self._stack.of_type(TABLE)]
        # Queues and Kinesis streams are mapped by the same kind of resource as a table's stream.
        mapped = [each for each in self._stack.mappings() if each.event or isinstance(each.stream, StreamOf)]
        functions = [self._function(each) for each in mapped]
        return Template(self._stack.path, {each.name: each for each in tables}, {each.name: each for each in functions})

    def _table(self, section: Section) -> LocalTable:
        properties = section.values
        request = {name: properties[name] for name in _CREATE if name in properties}
        self._refuse_unknown(request, section)
        if "KeySchema" not in request or "AttributeDefinitions" not in request:
            msg = f"found no KeySchema and AttributeDefinitions in table {section.name}, expected both"
            raise self._error(section, msg)
        # Everything here is billed per request, which is to say, not.
        if indexes := request.get("GlobalSecondaryIndexes"):
            request["GlobalSecondaryIndexes"] = [
                {key: value for key, value in index.items() if key != "ProvisionedThroughput"} for index in indexes
            ]
        view = _part(properties, "StreamSpecification").get("StreamViewType")
        if view is not None:
            request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
        ttl = _part(properties, "TimeToLiveSpecification")
        name = self._stack.reference(section.name)
        attribute = ttl.get("AttributeName") if ttl.get("Enabled") in (True, "true") else None
        return LocalTable(name, {"TableName": name, **request, "BillingMode": "PAY_PER_REQUEST"}, view, attribute)

    def _streamed(self, mapped: MappedStream, where: Section) -> str:
        """The name of the table whose stream is mapped."""
        stream = mapped.stream
        tables = {section.name: section for section in self._stack.of_type(TABLE)}
        if not isinstance(stream, StreamOf) or stream.logical_id not in tables:
            found = stream.written if isinstance(stream, Unknown) else "something else"
            msg = (
                f"found {mapped.said.name}.{mapped.said_as} to be {found}, "
                "expected !GetAtt TABLE.StreamArn of a table in this template"
            )
            raise self._error(where, msg)
        table = self._table(tables[stream.logical_id])
        if table.view is None:
            msg = f"found table {stream.logical_id} without a stream, expected one: StreamSpecification"
            raise self._error(tables[stream.logical_id], msg)
        return table.name

    def _function(self, mapped: MappedStream) -> LocalFunction:
        section = self._stack.resources.get(mapped.function)
        properties = section.values if section else {}
        where = section or mapped.said
        handler, timeout = properties.get("Handler"), properties.get("Timeout", _TIMEOUT)
        return LocalFunction(
            name=mapped.function,
            handler=handler if isinstance(handler, str) else None,
            timeout=float(timeout) if isinstance(timeout, int | float) else _TIMEOUT,
            environment=self._environment(section),
            table=self._streamed(mapped, where if mapped.event else mapped.said),
            settings=self._settings(mapped, where),
        )

    def _environment(self, section: Section | None) -> dict[str, str]:
        """The variables that name a table: it is here under that name, while a bus or a queue is not."""
        variables = self._stack.variables_of_tables(section) if section else {}
        known = {self._table(each).name for each in self._stack.of_type(TABLE)}
        return {key: value for key, value in variables.items() if value in known}

    def _settings(self, mapped: MappedStream, where: Section) -> MappingSettings:
        given = mapping_parameters(mapped.settings)
        self._refuse_unknown(given, where)
        try:
            return MappingSettings.of(given)
        except (MappingSettingsError, FilterPatternError) as error:
            raise self._error(where, f"found settings of {where.name} that Lambda refuses: {error}") from None

    def _refuse_unknown(self, value: Any, where: Section) -> None:
        if isinstance(value, Unknown):
            msg = f"found {value.written} in {where.name}, which is not known here; give it a parameter with a default"
            raise self._error(where, msg)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._refuse_unknown(inner, where)

    def _error(self, where: Section, message: str) -> TemplateError:
        return TemplateError(f"{self._stack.place(where.line)}: {message}")


def _part(properties: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = properties.get(name)
    return part if isinstance(part, Mapping) else {}


def app_of_handler(handler: str | None) -> str | None:
    """A handler as ``--app`` names it, or ``None`` where there is none.

    Args:
        handler: ``package/module.attribute`` or ``package.module.attribute``: Lambda takes both.

    Example:
        >>> app_of_handler("src/shop.app")
        'src.shop:app'
    """
    module, _, attribute = (handler or "").rpartition(".")
    return f"{module.replace('/', '.')}:{attribute}" if module else None
