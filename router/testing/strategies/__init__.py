"""Hypothesis strategies: items of a model, changes of them, and the records of these changes.

All items could be in a table: they are equal after encoding and decoding, so no test fails for a value that DynamoDB
does not keep. This module needs the package ``hypothesis``, which ``import router.testing`` does not load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from router.change import Change, Insert, Modify, Remove
from router.discriminators import discriminator_of
from router.errors import RegistrationError, RouterError
from router.event import Event
from router.extras import needed_by
from router.planning.lookup import entity_reader
from router.record import Record
from router.sources import receive
from router.stream_view import View
from router.testing.builders import event, record
from router.testing.items import Key, Rule, Wire, key_attributes, wire_image
from router.wire.compare import same
from router.wire.decode import decode_image

with needed_by("router.testing.strategies"):
    from hypothesis import assume
    from hypothesis import strategies as st
    from hypothesis.errors import InvalidArgument

    from router.testing.strategies.models import models

__all__ = ["changes", "items", "records"]

M = TypeVar("M", bound=BaseModel)


def items(
    model: type[M],
    *,
    key: Key = None,
    entity: str | None = None,
    discriminator: Rule = "EntityType",
    **fields: st.SearchStrategy[Any],
) -> st.SearchStrategy[M]:
    """Items of a model that a table could hold: valid, with a key, and equal after encoding and decoding.

    Args:
        model: The model.
        key: The table's key, as :func:`router.testing.record` takes it.
        entity: The entity's name, for a field of any text from which the discriminator reads it. Without it such a
            field has its default, else any text.
        discriminator: The app's discriminator.
        fields: Strategies for fields whose annotation is not enough.

    Raises:
        InvalidArgument: A field does not exist, or a required field has no known strategy.

    Example:
        >>> from pydantic import BaseModel
        >>> class Order(BaseModel):
        ...     order_id: str
        >>> items(Order, order_id=st.just("o-1")).example().order_id  # doctest: +SKIP
        'o-1'
    """
    if unknown := fields.keys() - model.model_fields.keys():
        known = ", ".join(model.model_fields)
        msg = f"found strategies for {', '.join(sorted(unknown))}, expected fields of {model.__name__}: {known}"
        raise InvalidArgument(msg)
    table = _Table(key, entity, discriminator)
    made: st.SearchStrategy[M] = models(model, fields, table.named)
    return made.filter(lambda item: _survives(item) and table.can_keep(item))


def changes(
    model: type[M],
    events: Event = Event.ANY,
    *,
    key: Key = None,
    entity: str | None = None,
    discriminator: Rule = "EntityType",
    **fields: st.SearchStrategy[Any],
) -> st.SearchStrategy[Change[M]]:
    """Changes for handlers: `Insert`, `Modify` and `Remove`, each with its record.

    A modified item keeps its key and differs in another attribute.

    Args:
        model: The model.
        events: The events.
        key: The table's key, as :func:`router.testing.record` takes it.
        entity: The entity's name, for items that do not name it, as :func:`router.testing.record` takes it.
        discriminator: The app's discriminator.
        fields: Strategies for fields, as in :func:`items`.

    Raises:
        RegistrationError: An item has no key.

    Example:
        >>> from pydantic import BaseModel
        >>> class Order(BaseModel):
        ...     order_id: str
        >>> changes(Order, Event.INSERT).example().new  # doctest: +SKIP
        Order(order_id='0')
    """

    table = _Table(key, entity, discriminator)

    @st.composite
    def made(draw: st.DrawFn) -> Change[M]:
        kind, old, new = draw(_moves(model, events, table, fields))
        found = table.read(table.record(old, new, ttl=kind is Event.EXPIRE))
        if old is not None and new is not None:
            return Modify(new, old, found)
        return Remove(old, found) if old is not None else Insert(cast("M", new), found)

    return made()


def records(
    model: type[M],
    events: Event = Event.ANY,
    *,
    view: View = "NEW_AND_OLD_IMAGES",
    key: Key = None,
    entity: str | None = None,
    discriminator: Rule = "EntityType",
    **fields: st.SearchStrategy[Any],
) -> st.SearchStrategy[dict[str, Any]]:
    """Records as Lambda delivers them; each has a higher sequence number than the one before.

    Args:
        model: The model.
        events: The events.
        view: The stream view type.
        key: The table's key, as :func:`router.testing.record` takes it.
        entity: The entity's name, for items that do not name it, as :func:`router.testing.record` takes it.
        discriminator: The app's discriminator.
        fields: Strategies for fields, as in :func:`items`.

    Raises:
        RegistrationError: An item has no key.

    Example:
        >>> from pydantic import BaseModel
        >>> class Order(BaseModel):
        ...     order_id: str
        >>> records(Order, Event.EXPIRE).example()["eventName"]  # doctest: +SKIP
        'REMOVE'
    """
    table = _Table(key, entity, discriminator)
    return _moves(model, events, table, fields).map(
        lambda move: table.record(move[1], move[2], ttl=move[0] is Event.EXPIRE, view=view)
    )


@dataclass(frozen=True)
class _Table:
    """How the items of a table are keyed and named."""

    key: Key
    entity: str | None
    discriminator: Rule

    @property
    def named(self) -> Mapping[str, str | None]:
        """The name of the entity, by the attributes from which it is read."""
        if self.discriminator is None:
            return {}
        return dict.fromkeys(discriminator_of(self.discriminator).attributes, self.entity)

    def record(self, old: Any, new: Any, **options: Any) -> dict[str, Any]:
        return record(old, new, key=self.key, entity=self.entity, discriminator=self.discriminator, **options)

    def read(self, raw: dict[str, Any]) -> Record:
        """The record as a handler receives it: its entity is known."""
        given = event(raw)
        (found,) = receive(given).records
        if self.discriminator is not None:
            found.entity = entity_reader(discriminator_of(self.discriminator))(found)
        return found

    def keys(self, item: BaseModel) -> Wire:
        made = self.key(item) if callable(self.key) else {}
        return key_attributes(item, wire_image(item, **made), self.key, self.discriminator)

    def can_keep(self, item: BaseModel) -> bool:
        """Whether its key is not empty, which DynamoDB refuses. A model may have no key: then a test adds it."""
        try:
            keys = self.keys(item)
        except RegistrationError:
            return True
        return all(content for value in keys.values() for content in value.values())


@st.composite
def _moves(
    draw: st.DrawFn,
    model: type[M],
    events: Event,
    table: _Table,
    fields: dict[str, st.SearchStrategy[Any]],
) -> tuple[Event, M | None, M | None]:
    """An event with the item before and after it."""
    drawn = items(model, key=table.key, entity=table.entity, discriminator=table.discriminator, **fields)
    kind = draw(st.sampled_from(list(events)))
    item = draw(drawn)
    if kind is Event.MODIFY:
        return kind, item, _modified(item, draw(drawn), table)
    return (kind, None, item) if kind is Event.INSERT else (kind, item, None)


def _modified(old: M, other: M, table: _Table) -> M:
    """The old item with all fields of another one that do not change its key."""
    keys = table.keys(old)
    new = old
    for name in type(old).model_fields:
        tried = new.model_copy(update={name: getattr(other, name)})
        new = tried if table.keys(tried) == keys else new
    # A validator may refuse the mixture; and DynamoDB writes no record if nothing changes.
    assume(_survives(new))
    assume(not same({"M": wire_image(old)}, {"M": wire_image(new)}))
    return new


def _survives(item: BaseModel) -> bool:
    try:
        return type(item).model_validate(decode_image(wire_image(item), "NewImage")) == item
    except (RouterError, ValidationError):
        return False
