"""Windows: the first argument of an ``on_window`` handler."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Generic

from typing_extensions import TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from router.change import Change

__all__ = ["LARGEST_STATE", "State", "Window", "state_size"]

LARGEST_STATE: Final = 1024 * 1024
"""The largest state that Lambda keeps for a shard's window, in bytes of JSON; a larger one ends the window early."""

M = TypeVar("M")
State = TypeVar("State")


class Window(Generic[M, State]):
    """The changes of one invocation that belong to a tumbling window, and the state of the window.

    Lambda keeps a window for each shard, and hands the state from one invocation of the window to the next.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html

    Args:
        changes: The changes, in the order of the stream; none in the final invocation.
        state: What the invocations before have left. Change it, or assign another: it is kept when the handler returns.
        start: The start of the window, in UTC.
        end: Its end, which is exclusive.
        is_final: Whether this is the last invocation of the window. What the state holds then is not kept.
        is_early: Whether Lambda ended the window before its time, because the state was too large.
        shard_id: The shard. Each shard has windows of its own.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> from pydantic import BaseModel
        >>> from router import Insert
        >>> class Totals(BaseModel):
        ...     count: int = 0
        >>> def total(window: Window[dict[str, str], Totals]) -> None:
        ...     window.state.count += len(window.changes)
        >>> start = datetime(2026, 9, 17, 14, 14, tzinfo=UTC)
        >>> window = Window([Insert({"pk": "1"})], Totals(), start, start + timedelta(minutes=1))
        >>> total(window)
        >>> window.state
        Totals(count=1)
    """

    __slots__ = ("changes", "end", "is_early", "is_final", "shard_id", "start", "state")

    def __init__(
        self,
        changes: Sequence[Change[M]],
        state: State,
        start: datetime,
        end: datetime,
        is_final: bool = False,
        is_early: bool = False,
        shard_id: str | None = None,
    ) -> None:
        self.changes = changes
        self.state = state
        self.start = start
        self.end = end
        self.is_final = is_final
        self.is_early = is_early
        self.shard_id = shard_id

    def __repr__(self) -> str:
        ends = " early" * self.is_early + " final" * self.is_final
        return f"<Window {self.start:%Y-%m-%dT%H:%M:%SZ} of {len(self.changes)} changes{ends}>"


def state_size(state: Any) -> int:
    """The size of a window's state as Lambda counts it: the bytes of its JSON without spaces.

    Raises:
        TypeError: The state holds a value that is no JSON.
        ValueError: It holds a number that is no JSON, such as NaN.
    """
    text = json.dumps(state, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return len(text.encode("utf-8", "surrogatepass"))
