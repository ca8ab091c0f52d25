"""Find a deployed function and its mappings, by the stack or by the function's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from router.local.cloudformation.mapping_source import source_of
from router.local.cloudformation.mappings import DeclaredMapping, function_mappings
from router.local.cloudformation.references import function_name
from router.local.cloudformation.resources import FUNCTIONS, TemplateFile
from router.local.doctor.aws import AbsentError, Aws, NoAccessError, NotCheckedError
from router.local.doctor.deployed import Deployed
from router.local.doctor.stack import Stack, read_stack

__all__ = ["by_function", "by_stack"]

_FUNCTION, _MAPPING = "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping"
_SOURCES = {":dynamodb:": "dynamodb", ":kinesis:": "kinesis", ":sqs:": "sqs"}


def by_stack(aws: Aws, name: str, path: Path | None, function: str | None) -> Deployed:
    """Find the function of a stack.

    Args:
        aws: The account.
        name: The stack's name.
        path: The template; ``None`` to compare with nothing.
        function: The function's logical ID, where the template or the stack has several.

    Raises:
        NoAccessError: There is no such stack, or it may not be read, or it has no such function.
        TemplateError: The template cannot be read, or no function of it fits.
    """
    stack = read_stack(aws, name)
    if path is None:
        logical = _only_function(stack, function)
        uuids = [stack.ids[each] for each, kind in stack.types.items() if kind == _MAPPING]
        deployed = Deployed(aws, stack.ids[logical], stack=stack, ids=dict(stack.ids))
        deployed.mapping_ids = [
            (uuid, None) for uuid in uuids if function_name(_function_arn(aws, uuid)) == deployed.function
        ]
        return deployed
    template = TemplateFile(path, stack.parameters)
    mappings = function_mappings(template, function)
    logical = mappings[0].function
    if logical in template.resources and logical not in stack.ids:
        msg = f"found no function {logical} of {path} in the stack {stack.name!r}; see --template"
        raise NoAccessError(msg)
    return Deployed(
        aws,
        stack.ids.get(logical, logical),
        template,
        template.resources.get(logical),
        stack,
        dict(stack.ids),
        [(stack.ids.get(_logical_id(each)), each) for each in mappings],
    )


def by_function(aws: Aws, name: str, path: Path | None) -> Deployed:
    """Find a function by its name.

    Args:
        aws: The account.
        name: The function's name or ARN, with or without an alias.
        path: The template; ``None`` to compare with nothing.

    Raises:
        NoAccessError: There is no such function, or it may not be read.
        TemplateError: The template cannot be read, or has several functions and none of this name.
    """
    uuids = _mappings_of(aws, name)
    if path is None:
        return Deployed(aws, name, mapping_ids=[(uuid, None) for uuid, _ in uuids])
    template = TemplateFile(path)
    mappings = function_mappings(template, _named(template, name))
    logical = mappings[0].function
    deployed = Deployed(aws, name, template, template.resources.get(logical), ids={logical: function_name(name)})
    deployed.mapping_ids = [*_paired(uuids, mappings, template)]
    deployed.ids |= {_logical_id(each): uuid for uuid, each in deployed.mapping_ids if uuid and each}
    with suppress(NotCheckedError):  # the checks of the function say so
        deployed.ids |= dict(_queues_of(deployed))
    return deployed


def _mappings_of(aws: Aws, name: str) -> list[tuple[str, str | None]]:
    """The UUIDs of a function's mappings, each with what it reads."""
    try:
        with suppress(NotCheckedError):  # the checks of the function say so
            aws.call("lambda", "get_function_configuration", FunctionName=name)
        found = {
            each["UUID"]: each
            for qualified in [name, *_aliases(aws, name)]
            for each in aws.listed(
                "lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=qualified
            )
        }
    except AbsentError:
        msg = f"found no function {name!r} in this account and region; see --profile and --region"
        raise NoAccessError(msg) from None
    except NotCheckedError as error:
        msg = f"cannot find the mappings of {name!r}: {error}"
        raise NoAccessError(msg) from None
    sources = [(each["UUID"], str(each.get("EventSourceArn"))) for each in found.values()]
    return [(uuid, next((kind for part, kind in _SOURCES.items() if part in arn), None)) for uuid, arn in sources]


def _aliases(aws: Aws, name: str) -> list[str]:
    """The function with each of its aliases: a list of mappings has only those of exactly the name that is given."""
    if function_name(name) != name.rpartition(":function:")[2]:  # an alias is given
        return []
    with suppress(NotCheckedError, AbsentError):
        return [f"{name}:{each['Name']}" for each in aws.listed("lambda", "list_aliases", "Aliases", FunctionName=name)]
    return []


def _paired(
    uuids: Sequence[tuple[str, str | None]], mappings: Sequence[DeclaredMapping], template: TemplateFile
) -> Iterator[tuple[str | None, DeclaredMapping | None]]:
    """The mappings of AWS with those of the template that read the same kind of source, in the order of both."""
    left = list(uuids)
    for mapping in mappings:
        kind = source_of(mapping, template)
        found = next((each for each in left if each[1] == kind), None)
        if found is not None:
            left.remove(found)
        yield (found[0] if found else None), mapping
    yield from ((uuid, None) for uuid, _ in left)


def _named(template: TemplateFile, name: str) -> str | None:
    """The logical ID of the function of this name; ``None`` if the template does not determine it.

    CloudFormation makes names such as ``shop-Router-1A2B3C``.
    """
    wanted = function_name(name)
    functions = [each for each in template.resources.values() if each.type in FUNCTIONS]
    given = [each.name for each in functions if each.values.get("FunctionName") == wanted]
    made = [each.name for each in functions if f"-{each.name}-" in wanted]
    return next(iter(given or made), None)


def _logical_id(mapping: DeclaredMapping) -> str:
    """The logical ID of a mapping: for an event of a SAM function both names, joined."""
    return mapping.name.replace(".", "") if mapping.is_sam_event else mapping.name


def _queues_of(deployed: Deployed) -> Iterator[tuple[str, str]]:
    """The queues to which the function's variables refer, and their dead-letter queues: logical IDs with names."""
    template, declared = deployed.template, deployed.declared
    if template is None or declared is None:
        return
    written = template.environment(declared)
    queues = {template.reference(each.name): each for each in template.of_type("AWS::SQS::Queue")}
    for queue in deployed.queues:
        value = written.get(queue.variable)
        found = queues.get(value) if isinstance(value, str) else None
        if found is None:
            continue
        yield found.name, queue.name
        policy = found.values.get("RedrivePolicy")
        target = deployed.logical(policy.get("deadLetterTargetArn")) if isinstance(policy, Mapping) else None
        if target is not None and queue.dead_letters is not None:
            yield target, queue.dead_letters.name


def _only_function(stack: Stack, function: str | None) -> str:
    names = [each for each, kind in stack.types.items() if kind == _FUNCTION]
    if function is not None and function in names:
        return function
    if function is None and len(names) == 1:
        return names[0]
    msg = f"found the functions {', '.join(names) or '(none)'} in the stack {stack.name!r}; say which with --function"
    raise NoAccessError(msg)


def _function_arn(aws: Aws, uuid: str) -> str:
    try:
        return str(aws.call("lambda", "get_event_source_mapping", UUID=uuid).get("FunctionArn"))
    except AbsentError:
        return ""
