"""``router event``: print an event as Lambda would deliver it, made from a model of the app."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer

from router.cli.app_source import TEMPLATE, find_app
from router.cli.dev_setup import key_types_of
from router.cli.errors import CommandLineError
from router.cli.model_items import Entity, MadeItem, entity_named
from router.cli.options import FunctionOption, HandlerAppOption, SetOption, TemplateOption
from router.cli.random_items import random_items
from router.local.cloudformation.resources import TemplateError
from router.local.cloudformation.template import read_template
from router.registration.model_fields import fields_of
from router.stream_view import View
from router.testing.builders import FIRST_SEQUENCE_NUMBER, STREAM_ARN, stream_record
from router.testing.builders import event as event_of
from router.testing.deliveries import backfill_event, failure_document, kinesis_event, pipes_event, sqs_event
from router.testing.sample_items import NoSampleError, sample_value
from router.wire.compare import same

__all__ = ["event"]

SourceName = Literal["dynamodb-streams", "kinesis", "sqs", "sqs-fifo", "pipes", "failure-document", "backfill"]
Kind = Literal["insert", "modify", "remove", "expire"]

_CREATED = 1_767_225_600  # 2026-01-01, fixed: the same command line prints the same event

_DELIVERIES: Mapping[SourceName, Callable[..., Any]] = {
    "dynamodb-streams": event_of,
    "kinesis": kinesis_event,
    "sqs": sqs_event,
    "sqs-fifo": lambda *changes: sqs_event(*changes, group="changes"),
    "pipes": pipes_event,
    "failure-document": failure_document,
    "backfill": backfill_event,
}

EntityArgument = Annotated[str, typer.Argument(metavar="ENTITY", help="An entity of the app, such as Order.")]
OldOption = Annotated[
    list[str] | None, typer.Option("--old", metavar="NAME=VALUE", help="A value before a modification; repeat.")
]
UnsetOption = Annotated[
    list[str] | None, typer.Option("--unset", metavar="NAME", help="Leave an attribute out; repeat.")
]
RandomOption = Annotated[
    int | None, typer.Option("--random", metavar="SEED", help="Random items, the same at each run.")
]
ViewOption = Annotated[View | None, typer.Option("--view", help="The stream view type; else the app's.")]
SourceOption = Annotated[
    SourceName,
    typer.Option("--source", metavar="NAME", help=f"The source that delivers it: {', '.join(get_args(SourceName))}."),
]
CountOption = Annotated[int, typer.Option("--count", metavar="N", min=1, max=10_000, help="Records of the event.")]
EventKeyOption = Annotated[
    str | None, typer.Option("--key", metavar="NAMES", help="The table's key, as pk,sk; else the template's.")
]


@dataclass(frozen=True)
class _Wanted:
    kind: Kind
    to_set: list[str]
    old: list[str]
    unset: list[str]
    seed: int | None
    count: int


def event(
    entity: EntityArgument,
    insert: Annotated[bool, typer.Option("--insert", help="A new item; the default.")] = False,
    modify: Annotated[bool, typer.Option("--modify", help="A changed item.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="An item that a user removed.")] = False,
    expire: Annotated[bool, typer.Option("--expire", help="An item whose time to live expired.")] = False,
    to_set: SetOption = None,
    old: OldOption = None,
    unset: UnsetOption = None,
    random: RandomOption = None,
    count: CountOption = 1,
    view: ViewOption = None,
    source: SourceOption = "dynamodb-streams",
    key: EventKeyOption = None,
    app: HandlerAppOption = None,
    template: TemplateOption[Path | None] = None,
    function: FunctionOption = None,
) -> int:
    """Print an event as Lambda would deliver it, made from the model of an entity, as JSON.

    The item has values for the model's required fields, readable and the same at each run, and the defaults of the
    others; --random SEED makes valid items of all kinds. The output is for router invoke -, router explain - and
    router replay -, or for a file in tests/events.

    NAME is an attribute, a field, or a path: address.city, lines.0.quantity. VALUE is read as the field's type: 12.50
    for a Decimal, 2026-01-01T00:00:00Z for a datetime, JSON for a list or a nested model. With --modify, --set gives
    the item after the change; before it those fields have other values, which --old gives. --unset leaves an attribute
    out of the item after the change, or of the only one.
    """
    chosen: list[Kind] = [kind for kind, is_set in zip(_KINDS, (insert, modify, remove, expire), strict=True) if is_set]
    if len(chosen) > 1:
        msg = f"found {' and '.join(f'--{kind}' for kind in chosen)}, expected one of them"
        raise CommandLineError(msg)
    wanted = _Wanted(chosen[0] if chosen else "insert", to_set or [], old or [], unset or [], random, count)
    if wanted.old and wanted.kind != "modify":
        msg = f"found --old with --{wanted.kind}, expected --modify: other events have one item; use --set"
        raise CommandLineError(msg)
    loaded = find_app(app, template, function).load()
    found = entity_named(loaded, entity, key_types_of(key) if key else _key_types(template, function))
    unknown = [name for name in wanted.unset if name not in fields_of(found.model)]
    if unknown:
        found.given([f"{unknown[0]}="], "--unset")
    records = [_record(wanted, number, *items, view or loaded.view) for number, items in _items(found, wanted)]
    print(json.dumps(_DELIVERIES[source](*records), indent=2, ensure_ascii=False))
    return 0


_KINDS: tuple[Kind, ...] = ("insert", "modify", "remove", "expire")


def _key_types(template: Path | None, function: str | None) -> dict[str, str]:
    """The key of the template's table; empty where no template says it."""
    try:
        found = read_template(template or TEMPLATE)
        request = found.table(found.function(function).table).request
    except TemplateError:
        if template is not None:
            raise
        return {}
    types = {each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]}
    return {each["AttributeName"]: types[each["AttributeName"]] for each in request["KeySchema"]}


def _items(entity: Entity, wanted: _Wanted) -> Iterator[tuple[int, tuple[MadeItem | None, MadeItem | None]]]:
    """The items before and after each change, with the number of the record."""
    bases = iter(random_items(entity, wanted.seed, wanted.count)) if wanted.seed is not None else None
    for number in range(1, wanted.count + 1):
        given = entity.given(wanted.to_set, "--set")
        if bases is None:
            base = entity.sample(number, {**given, **entity.given(wanted.old, "--old")})
        else:
            base = entity.with_values(next(bases), given)
        given = entity.given(wanted.to_set, "--set", base)
        if wanted.kind == "modify":
            yield number, _modified(entity, base, given, wanted, number)
            continue
        item = entity.made(entity.with_values(base, given), number, given, wanted.unset)
        yield number, (None, item) if wanted.kind == "insert" else (item, None)


def _modified(
    entity: Entity, base: Any, given: dict[str, Any], wanted: _Wanted, number: int
) -> tuple[MadeItem, MadeItem]:
    if not (given or wanted.unset):
        msg = "found --modify without a change, expected --set NAME=VALUE or --unset NAME"
        raise CommandLineError(msg)
    new = entity.made(entity.with_values(base, given), number, given, wanted.unset)
    kept = {name: value for name, value in given.items() if name in new.key}
    others = _others(entity, {name: value for name, value in given.items() if name not in kept})
    before = {**kept, **others, **entity.given(wanted.old, "--old", base)}
    old = entity.made(entity.with_values(base, before), number, before)
    if old.key != new.key:
        msg = (
            f"found a change of the key {', '.join(new.key)}, expected another attribute: DynamoDB keeps an item's key"
        )
        raise CommandLineError(msg)
    if same({"M": old.image}, {"M": new.image}):
        msg = "found the same item before and after the change, expected a difference; give the old value with --old"
        raise CommandLineError(msg)
    return old, new


def _others(entity: Entity, given: dict[str, Any]) -> dict[str, Any]:
    """Other values than the given ones, for the item before the change."""
    fields = fields_of(entity.model)
    found = {}
    for name in given.keys() & fields.keys():
        default = fields[name].default
        try:
            value = sample_value(fields[name].annotation, name, unlike=[given[name]])
        except NoSampleError:
            continue  # then --old has to give it
        field = entity.model.model_fields[fields[name].name]
        found[name] = value if field.is_required() or default == given[name] or default is None else default
    return found


def _record(wanted: _Wanted, number: int, old: MadeItem | None, new: MadeItem | None, view: View) -> dict[str, Any]:
    images = {name: made for name, made in (("NewImage", new), ("OldImage", old)) if made is not None}
    return stream_record(
        next(iter(images.values())).key,
        {name: made.image for name, made in images.items()},
        ttl=wanted.kind == "expire",
        view=view,
        number=str(FIRST_SEQUENCE_NUMBER + number - 1),
        seconds=_CREATED,
        stream_arn=STREAM_ARN,
    )
