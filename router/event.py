"""Event: what happened to an item, as flags."""

from __future__ import annotations

import enum

__all__ = ["Event"]


class Event(enum.Flag):
    """What happened to an item; members combine with ``|``.

    DynamoDB's event REMOVE has two causes: a request deleted the item (``DELETE``), or its time to live expired
    (``EXPIRE``). ``REMOVE`` is both. Iterating the class or a combination yields single members.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html

    Example:
        >>> Event.INSERT | Event.MODIFY
        INSERT|MODIFY
        >>> Event.EXPIRE in Event.REMOVE
        True
        >>> list(Event.REMOVE)
        [DELETE, EXPIRE]
    """

    INSERT = 1
    MODIFY = 2
    DELETE = 4
    EXPIRE = 8
    REMOVE = DELETE | EXPIRE
    ANY = INSERT | MODIFY | REMOVE

    # Faster than enum's own hash, which is written in Python: every record is looked up by its event. Members are
    # singletons, so identity is equality.
    __hash__ = object.__hash__

    def __str__(self) -> str:
        if self is Event.ANY:
            return "ANY"
        names = "|".join(str(event.name) for event in self)
        return names.replace("DELETE|EXPIRE", "REMOVE") or "Event(0)"

    __repr__ = __str__
