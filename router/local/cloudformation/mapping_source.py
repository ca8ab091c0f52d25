"""What a mapping of a template reads: a table's stream, a data stream of Kinesis or a queue of SQS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from router.local.cloudformation.intrinsics import StreamOf, Unknown
from router.local.cloudformation.resources import Declaration, TemplateFile

if TYPE_CHECKING:
    from router.local.cloudformation.mappings import DeclaredMapping

__all__ = ["NESTED_STACKS", "SAM_EVENTS", "MappingSource", "may_be_table_stream", "source_of"]

MappingSource = Literal["dynamodb", "kinesis", "sqs"]
"""What may carry the changes of a table."""

SAM_EVENTS: dict[Any, tuple[MappingSource, str]] = {
    "DynamoDB": ("dynamodb", "Stream"),
    "Kinesis": ("kinesis", "Stream"),
    "SQS": ("sqs", "Queue"),
}
_RESOURCES: dict[str, MappingSource] = {"AWS::Kinesis::Stream": "kinesis", "AWS::SQS::Queue": "sqs"}
_ARNS: dict[str, MappingSource] = {":kinesis:": "kinesis", ":sqs:": "sqs"}
_POSITIONS = ("TRIM_HORIZON", "LATEST")  # of streams; the mapping of a queue has no StartingPosition
NESTED_STACKS = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
_OPAQUE = (*NESTED_STACKS, "Custom::", "AWS::CloudFormation::CustomResource")  # any attribute may be a stream's ARN
# Settings of mappings that read Kafka or DocumentDB.
_OTHER_SOURCES = (
    "Topics",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
)


def source_of(mapping: DeclaredMapping, template: TemplateFile) -> MappingSource | None:
    """What a mapping reads; ``None`` if that carries no changes of a table, or is unknown.

    Args:
        mapping: The mapping.
        template: The template.
    """
    if mapping.is_sam_event:
        return SAM_EVENTS[mapping.declaration.type][0]
    if may_be_table_stream(mapping, template):
        return "dynamodb"
    if isinstance(mapping.stream, str):
        return next((source for part, source in _ARNS.items() if part in mapping.stream), None)
    resource = _resource_of(mapping, template)
    return None if resource is None else _RESOURCES.get(resource.type)


def may_be_table_stream(mapping: DeclaredMapping, template: TemplateFile) -> bool:
    """Whether the source is a table's stream; an unknown source may be one if the mapping has a StartingPosition."""
    source = mapping.stream
    if mapping.is_sam_event:
        return mapping.declaration.type == "DynamoDB"
    if isinstance(source, StreamOf):
        return True
    if isinstance(source, str) and source.startswith("arn:"):
        return ":dynamodb:" in source
    resource = _resource_of(mapping, template)
    if source is None or (resource is not None and not resource.type.startswith(_OPAQUE)):
        return False
    positioned = mapping.settings.get("StartingPosition") in _POSITIONS
    return positioned and not any(name in mapping.settings for name in _OTHER_SOURCES)


def _resource_of(mapping: DeclaredMapping, template: TemplateFile) -> Declaration | None:
    """The resource whose ARN is the source, where the template does not determine that ARN."""
    written = mapping.stream.written if isinstance(mapping.stream, Unknown) else str(mapping.stream)
    return template.resources.get(written.removeprefix("!GetAtt ").partition(".")[0])
