"""A deployed function with its mappings, and what the template declares for them; all of it is read on first use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.mappings import DeclaredMapping
from router.local.cloudformation.references import function_name
from router.local.cloudformation.resources import Declaration, TemplateFile, table_name
from router.local.doctor.alarms import ALARM, Alarm, alarms_by_metric, alarms_by_name
from router.local.doctor.aws import AbsentError, Aws, NotCheckedError, action_of
from router.local.doctor.queues import Queue, read_queue
from router.local.doctor.stack import Stack

__all__ = ["Deployed", "DeployedMapping", "last_part"]

_PARKING = "PARK"  # PARKING_QUEUE in the example and in new projects
_PERIOD = 300  # seconds of a data point


@dataclass(frozen=True)
class DeployedMapping:
    """An event source mapping.

    Args:
        name: Its name for people: the logical ID and the UUID, as far as they are known.
        uuid: Its UUID; ``None`` if the stack has not made it.
        declared: What the template declares; ``None`` without a template, or if the template has no such mapping.
        values: What GetEventSourceMapping answers; ``None`` if there is no such mapping.
    """

    name: str
    uuid: str | None
    declared: DeclaredMapping | None
    values: Mapping[str, Any] | None

    @property
    def qualifier(self) -> str | None:
        """The alias or the version that it invokes; ``None`` if it invokes what was deployed last."""
        arn = str((self.values or {}).get("FunctionArn"))
        return arn.partition(":function:")[2].partition(":")[2] or None

    @property
    def stopped(self) -> bool:
        """Whether the template declares that it is disabled."""
        return self.declared is not None and self.declared.settings.get("Enabled") is False

    @property
    def table(self) -> str | None:
        """The table whose stream it reads; ``None`` if it reads something else."""
        return table_name(str((self.values or {}).get("EventSourceArn", "")))


@dataclass
class Deployed:
    """A deployed function, and what belongs to it.

    Args:
        aws: The account.
        function: The function's name, or its ARN, as a call takes it; for people.
        template: The template; ``None`` to compare with nothing.
        declared: The function in the template.
        stack: The stack, if it is known.
        ids: Physical IDs by logical ID, as far as they are known.
        mapping_ids: The UUIDs of the function's mappings with their declarations.
    """

    aws: Aws
    function: str
    template: TemplateFile | None = None
    declared: Declaration | None = None
    stack: Stack | None = None
    ids: dict[str, str] = field(default_factory=dict)
    mapping_ids: Sequence[tuple[str | None, DeclaredMapping | None]] = ()
    _tables: dict[str, dict[str, Any] | None] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        """The function's name without an alias, the dimension of its metrics."""
        return function_name(self.function)

    @cached_property
    def invoked(self) -> str:
        """The function as its mappings invoke it: with an alias or a version, if they name one."""
        qualifier = None
        with suppress(NotCheckedError):  # the checks of the mappings say so
            qualifier = next(filter(None, (each.qualifier for each in self.mappings)), None)
        return self.function if qualifier is None else f"{self.name}:{qualifier}"

    @cached_property
    def configuration(self) -> Mapping[str, Any] | None:
        """The configuration of the version that the mappings invoke; ``None`` if there is no such function."""
        try:
            return self.aws.call("lambda", "get_function_configuration", FunctionName=self.invoked)
        except AbsentError:
            return None

    @property
    def variables(self) -> Mapping[str, str]:
        """The function's environment variables, whose values are never printed."""
        found: Mapping[str, str] = (self.configuration or {}).get("Environment", {}).get("Variables", {})
        return found

    @cached_property
    def mappings(self) -> Sequence[DeployedMapping]:
        """The function's mappings."""
        return [self._mapping(uuid, declared) for uuid, declared in self.mapping_ids]

    def _mapping(self, uuid: str | None, declared: DeclaredMapping | None) -> DeployedMapping:
        name = " ".join(filter(None, ["mapping", declared.name if declared else None, f"({uuid})" if uuid else None]))
        if uuid is None:
            return DeployedMapping(name, uuid, declared, None)
        try:
            values = self.aws.call("lambda", "get_event_source_mapping", UUID=uuid)
        except AbsentError:
            values = None
        return DeployedMapping(name, uuid, declared, values)

    def table(self, name: str) -> dict[str, Any] | None:
        """The description of a table; ``None`` if there is no such table.

        Args:
            name: Its name.
        """
        if name not in self._tables:
            try:
                self._tables[name] = self.aws.call("dynamodb", "describe_table", TableName=name)["Table"]
            except AbsentError:
                self._tables[name] = None
        return self._tables[name]

    def place(self, declaration: Declaration, *keys: str) -> str:
        """The file and line of a property.

        Args:
            declaration: The resource of the template.
            keys: The path of the property.
        """
        return "" if self.template is None else self.template.place(declaration.line_of(*keys))

    @cached_property
    def queues(self) -> Sequence[Queue]:
        """The parking queues with their dead-letter queues: of the variables whose name has ``PARK``, else of all."""
        parking = [name for name in self.variables if _PARKING in name.upper()]
        found = (read_queue(self.aws, name, self.variables[name]) for name in parking or self.variables)
        return [queue for queue in found if queue is not None]

    @cached_property
    def alarms(self) -> Sequence[Alarm]:
        """The alarms of the template or of the stack."""
        declared = {each.name: each for each in self.template.of_type(ALARM)} if self.template is not None else {}
        if self.stack is None:
            return [*self._alarms_by_metric(list(declared.values()))]
        made = [name for name, kind in self.stack.types.items() if kind == ALARM]
        names = {name: self.ids.get(name) for name in (declared if self.template is not None else made)}
        return [*alarms_by_name(self.aws, names, declared)]

    def _alarms_by_metric(self, declared: Sequence[Declaration]) -> Iterator[Alarm]:
        for alarm in declared:
            written = alarm.values.get("Dimensions")
            pairs = [(each.get("Name"), self.physical(each.get("Value"))) for each in written or ()]
            if alarm.values.get("MetricName") and all(value is not None for _, value in pairs):
                dimensions = [{"Name": str(name), "Value": str(value)} for name, value in pairs]
                yield alarms_by_metric(self.aws, alarm, dimensions)

    def title(self, queue: Queue) -> str:
        """A queue's name for people: its logical ID, else the variable that has its URL, never the value.

        Args:
            queue: The queue.
        """
        logical = next((each for each, found in self.ids.items() if last_part(found) == queue.name), None)
        if logical is None and queue.variable:
            return f"{queue.kind} of the variable {queue.variable}"
        return f"queue {logical or queue.name}"

    def physical(self, value: Any) -> str | None:
        """The name in AWS of a resource that the template refers to.

        Args:
            value: The resolved reference: a name, an ARN, a URL.

        Returns:
            The name; ``None`` if it is not known here.
        """
        if isinstance(value, Unknown):
            found = self.ids.get(value.written.removeprefix("!Ref ").removeprefix("!GetAtt ").partition(".")[0])
            return found and last_part(found)
        logical = self.logical(value)
        if logical is None:
            return last_part(str(value))
        return last_part(self.ids[logical]) if logical in self.ids else None

    def logical(self, value: Any) -> str | None:
        """The logical ID of a resource that the template refers to; ``None`` if it has no such resource.

        Args:
            value: The resolved reference: a name, an ARN, a URL.
        """
        template, name = self.template, last_part(str(value))
        references = ((each, template.reference(each)) for each in template.resources) if template is not None else ()
        return next((each for each, found in references if isinstance(found, str) and last_part(found) == name), None)

    def figures(
        self, namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, *, minutes: int = 60
    ) -> list[float]:
        """The data points of a metric, one for five minutes, the newest first.

        Args:
            namespace: Its namespace.
            name: Its name.
            dimensions: Its dimensions.
            statistic: The statistic: ``"Sum"``, ``"Maximum"``.
            minutes: How far back.
        """
        metric = {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        }
        query = {"Id": "figures", "MetricStat": {"Metric": metric, "Period": _PERIOD, "Stat": statistic}}
        now = datetime.now(UTC)
        found = self.aws.listed(
            "cloudwatch",
            "get_metric_data",
            "MetricDataResults",
            MetricDataQueries=[query],
            StartTime=now - timedelta(minutes=minutes),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
        if any(each["StatusCode"] not in ("Complete", "PartialData") for each in found):
            msg = f"{action_of('cloudwatch', 'GetMetricData')} has no answer for {name}"
            raise NotCheckedError(msg)
        return [value for each in found for value in each["Values"]]


def last_part(text: str) -> str:
    """The last part of an ARN or a URL: the name.

    Args:
        text: The text.

    Example:
        >>> last_part("https://sqs.eu-west-1.amazonaws.com/123456789012/parked"), last_part("arn:aws:s3:::failed")
        ('parked', 'failed')
    """
    return text.rpartition("/")[2].rpartition(":")[2]
