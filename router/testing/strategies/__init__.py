"""Hypothesis strategies: items of a model, changes of them, and the records of these changes.

All items could be in a table: they are equal after encoding and decoding, so no test fails for a value that DynamoDB
does not keep. This module needs the package ``hypothesis``, which ``import router.testing`` does not load.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from pydantic import BaseModel, ValidationError

from router.change import Change, Insert, Modify, Remove
from router.errors import RegistrationError, RouterError
from router.event import Event
from router.record import Record
from router.sources import source_of
from router.stream_view import View
from router.testing.builders import event, record
from router.testing.items import Key, Wire, key_attributes, wire_image
from router.testing.strategies.models import models
from router.wire.compare import same
from router.wire.decode import decode_image

__all__ = ["changes", "items", "records"]

M = TypeVar("M", bound=BaseModel)


def items(
    model: type[M], *, key: Key = None, discriminator: str | None = "EntityType", **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[M]:
    """Items of a model that a table could hold: valid, with a key, and equal after encoding and decoding.

    Args:
        model: The model.
        key: The table's key, as :func:`router.testing.record` takes it.
        discriminator: The attribute with the entity's name, for models that take any text there.
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
    made: st.SearchStrategy[M] = models(model, fields, discriminator)
    return made.filter(lambda item: _survives(item, discriminator) and _can_be_kept(item, key, discriminator))


def changes(
    model: type[M],
    events: Event = Event.ANY,
    *,
    key: Key = None,
    discriminator: str | None = "EntityType",
    **fields: st.SearchStrategy[Any],
) -> st.SearchStrategy[Change[M]]:
    """Changes for handlers: `Insert`, `Modify` and `Remove`, each with its record.

    A modified item keeps its key and differs in another attribute.

    Args:
        model: The model.
        events: The events.
        key: The table's key, as :func:`router.testing.record` takes it.
        discriminator: The attribute with the entity's name.
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

    @st.composite
    def made(draw: st.DrawFn) -> Change[M]:
        kind, old, new = draw(_moves(model, events, key, discriminator, fields))
        found = _record(record(old, new, ttl=kind is Event.EXPIRE, key=key, discriminator=discriminator), discriminator)
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
    discriminator: str | None = "EntityType",
    **fields: st.SearchStrategy[Any],
) -> st.SearchStrategy[dict[str, Any]]:
    """Records as Lambda delivers them; each has a higher sequence number than the one before.

    Args:
        model: The model.
        events: The events.
        view: The stream view type.
        key: The table's key, as :func:`router.testing.record` takes it.
        discriminator: The attribute with the entity's name.
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
    return _moves(model, events, key, discriminator, fields).map(
        lambda move: record(
            move[1], move[2], ttl=move[0] is Event.EXPIRE, view=view, key=key, discriminator=discriminator
        )
    )


@st.composite
def _moves(
    draw: st.DrawFn,
    model: type[M],
    events: Event,
    key: Key,
    discriminator: str | None,
    fields: dict[str, st.SearchStrategy[Any]],
) -> tuple[Event, M | None, M | None]:
    """An event with the item before and after it."""
    drawn = items(model, key=key, discriminator=discriminator, **fields)
    kind = draw(st.sampled_from(list(events)))
    item = draw(drawn)
    if kind is Event.MODIFY:
        return kind, item, _modified(item, draw(drawn), key, discriminator)
    return (kind, None, item) if kind is Event.INSERT else (kind, item, None)


def _modified(old: M, other: M, key: Key, discriminator: str | None) -> M:
    """The old item with all fields of another one that do not change its key."""
    keys = _keys(old, key, discriminator)
    new = old
    for name in type(old).model_fields:
        tried = new.model_copy(update={name: getattr(other, name)})
        new = tried if _keys(tried, key, discriminator) == keys else new
    # A validator may refuse the mixture; and DynamoDB writes no record if nothing changes.
    assume(_survives(new, discriminator))
    assume(not same({"M": wire_image(old, discriminator)}, {"M": wire_image(new, discriminator)}))
    return new


def _survives(item: BaseModel, discriminator: str | None) -> bool:
    try:
        image = wire_image(item, discriminator)
        return type(item).model_validate(decode_image(image, "NewImage")) == item
    except (RouterError, ValidationError):
        return False


def _can_be_kept(item: BaseModel, key: Key, discriminator: str | None) -> bool:
    """Whether its key is not empty, which DynamoDB refuses. A model may have no key: then a test adds it."""
    try:
        keys = _keys(item, key, discriminator)
    except RegistrationError:
        return True
    return all(content for value in keys.values() for content in value.values())


def _keys(item: BaseModel, key: Key, discriminator: str | None) -> Wire:
    made = key(item) if callable(key) else {}
    return key_attributes(item, wire_image(item, discriminator, **made), key, discriminator)


def _record(raw: dict[str, Any], discriminator: str | None) -> Record:
    given = event(raw)
    (found,) = source_of(given).records(given)
    for image in (found.old_image, found.new_image):
        if image and discriminator:
            found.entity = image.get(discriminator, {}).get("S")
    return found
