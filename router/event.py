"""What happened to an item, as flags that combine."""

from __future__ import annotations

import enum

__all__ = ["Event"]


class Event(enum.Flag):
    """What a stream record says happened to an item; members combine with ``|``.

    DynamoDB names three events. The third hides two causes, so ``REMOVE`` stands for both: ``DELETE``, somebody
    deleted the item, and ``EXPIRE``, its time to live ran out.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html

    Example:
        >>> Event.INSERT | Event.MODIFY
        INSERT|MODIFY
        >>> Event.EXPIRE in Event.REMOVE
        True
    """

    INSERT = 1
    MODIFY = 2
    DELETE = 4
    EXPIRE = 8
    REMOVE = DELETE | EXPIRE
    ANY = INSERT | MODIFY | REMOVE

    # Members are singletons. enum's own hash is written in Python, and every record is looked up by its event.
    __hash__ = object.__hash__

    def __str__(self) -> str:
        if self is Event.ANY:
            return "ANY"
        removals = (Event.REMOVE,) if Event.REMOVE in self else (Event.DELETE, Event.EXPIRE)
        parts = (Event.INSERT, Event.MODIFY, *removals)
        return "|".join(str(part.name) for part in parts if part in self) or "Event(0)"

    __repr__ = __str__
