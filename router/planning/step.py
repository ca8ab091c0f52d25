"""One route for one kind of event, and the function that takes a record along it.

A step is compiled into a function that asks the condition, parses the images that the step needs, makes the change and
calls the handler. :mod:`router.planning.way` puts the functions of an entity and event together. No other code leads to
a handler.

The function returns what is kept of a record. For a record that went well that is the step, from which the outcome is
made when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from router.change import Change, Insert, Modify, Remove
from router.errors import DecodeError, any_error
from router.event import Event
from router.outcomes import Outcome, Stage
from router.parsing.parser import Parser, parser_for
from router.planning.shared_values import Found
from router.policies import OnError
from router.record import Record
from router.routes import Route
from router.stream_view import VIEWS, carried
from router.types import Call

if TYPE_CHECKING:
    import asyncio

__all__ = [
    "UNPARSED",
    "Attempt",
    "Image",
    "Mark",
    "Runner",
    "Slots",
    "Step",
    "Steps",
    "Waiting",
    "Way",
    "attempt_by_images",
]

Image = Any
"""An image as delivered, a dict of attribute values; ``None`` where the record does not have it."""


class Step:
    """One route, for one kind of event.

    Args:
        route: The route.
        event: The event.
        position: The route's place in the order of registration.
        key: The route's name, the same in every deployment.
        call: Calls the handler with all that it declares.
        levels: The policies for failures, the route's own first.
        entity: The registered name of the entity; ``None`` for the fallback.
    """

    __slots__ = ("call", "entity", "event", "key", "levels", "position", "route")

    def __init__(
        self,
        route: Route,
        event: Event,
        position: int,
        key: str,
        call: Call,
        levels: tuple[OnError | None, ...],
        entity: str | None,
    ) -> None:
        self.route = route
        self.event = event
        self.position = position
        self.key = key
        self.call = call
        self.levels = levels
        self.entity = entity


Steps = Mapping[str, Mapping[Event, tuple[Step, ...]]]
"""The steps of each entity and event."""

Mark = Step | Outcome | list[Any] | Literal["unrouted", "deferred"] | None
"""What is kept of a record: the step that is done; an outcome that is not simply done; of several steps a list of each
step or outcome and the time at which it ended; a status without a route; ``None`` where no condition was met."""


class Waiting:
    """Stands for the mark of a record whose handler has begun and has to be waited for.

    Args:
        task: The task that has to end.
        resume: Goes on with the record when it has ended; returns its mark, or what it waits for then.
    """

    __slots__ = ("resume", "task")

    def __init__(self, task: asyncio.Task[Any], resume: Callable[[], Mark | Waiting]) -> None:
        self.task = task
        self.resume = resume

    def then(self, go_on: Callable[[Mark | Waiting], Mark | Waiting]) -> Waiting:
        """What waits for the same task, and does something with the mark."""
        return Waiting(self.task, lambda: go_on(self.resume()))


Way = Callable[["Runner", Any, int, Image, Image], Mark | Waiting]
"""Takes a record along its steps, given the runner, the record as delivered, its position, its new and old image."""


class Runner(Protocol):
    """Runs the steps of an invocation, and is given what does not simply go well."""

    deadline: float
    known: Any
    stopped: bool
    watch: Found | None

    @property
    def counter(self) -> Callable[[], float]:
        """The counter that the deadline is on."""
        ...

    @property
    def find_record(self) -> Callable[[Any, int], Record]:
        """Finds the record of one as delivered, at its position."""
        ...

    @property
    def wait_for(self) -> Callable[[Any], asyncio.Task[Any] | None]:
        """Waits for the result of a handler, where it is asynchronous, or returns the task to wait for."""
        ...

    def has_completed(self, key: str, position: int) -> bool:
        """Whether an earlier delivery has completed a record at the route with this key."""
        ...

    def failed(self, step: Step, raw: Any, position: int, stage: Stage, error: BaseException) -> Outcome:
        """Settle a failure."""
        ...

    def park_waiting(self) -> None:
        """Park the records that wait for it."""
        ...

    def gathered(self, step: Step, raw: Any, position: int, change: Any) -> Outcome:
        """Keep a change for the one call of an ``on_batch`` handler."""
        ...


Slots = dict[tuple[Parser, str], int]
"""The place of each parser and image in the list of models that the steps of a record share."""

UNPARSED: Any = object()
NO_IMAGE: Mapping[str, Any] = {}
Failure = tuple[Stage, BaseException]
"""The stage and the error of a failure that is settled when its step's turn comes."""

Prepared = Change[Any, Any] | Outcome | Failure | None
"""What a step makes of a record before any handler runs: its change; an outcome, where an earlier delivery has
completed the step; a failure; ``None`` where the condition is not met."""

Attempt = Callable[..., Any]
"""Takes a record along one step, with the arguments of a way, and returns a mark.

Given the models that steps share, it returns :data:`Prepared` instead and calls no handler. Given the change that it
prepared, it calls the handler.
"""


def attempt_by_images(step: Step, slots: Slots) -> Attempt:
    """Compile a step. The event decides the class of its changes, and for a modification the images that there are."""
    route, event = step.route, step.event
    if route.model is None:
        return _attempt(step, slots, _CLASSES[event], None, None)
    new_parser, old_parser = parser_for(route.model), parser_for(route.old)
    if event is Event.INSERT:
        with_images = _attempt(step, slots, Insert, new_parser, None)
    elif event is Event.MODIFY:
        with_images = _modification(step, slots, new_parser, old_parser)
    else:
        with_images = _attempt(step, slots, Remove, None, old_parser)
    return _with_keys(step, slots, with_images) if route.fallback else with_images


_CLASSES: dict[Event, type[Change[Any, Any]]] = {
    Event.INSERT: Insert,
    Event.MODIFY: Modify,
    Event.DELETE: Remove,
    Event.EXPIRE: Remove,
}


def _modification(step: Step, slots: Slots, new_parser: Parser, old_parser: Parser) -> Attempt:
    """Compile a modification: a handler of ``Change`` is called with one image, too."""
    with_both = _attempt(step, slots, Modify, new_parser, old_parser)
    if Change not in step.route.signature.change.types:
        return with_both
    with_new = _attempt(step, slots, Change, new_parser, None)
    with_old = _attempt(step, slots, Change, None, old_parser)

    def with_either(
        runner: Runner, raw: Any, position: int, new: Image, old: Image, models: Any = None, change: Any = None
    ) -> Any:
        attempt = with_new if old is None else with_old if new is None else with_both
        return attempt(runner, raw, position, new, old, models, change)

    return with_either


def _with_keys(step: Step, slots: Slots, with_images: Attempt) -> Attempt:
    """Compile a fallback: of a record whose stream carries no image for the event, the keys are the image."""
    parser, event = parser_for(dict[str, Any]), step.event
    if event in Event.REMOVE:
        with_keys = _attempt(step, slots, Remove, None, parser, "Keys")
    else:
        with_keys = _attempt(step, slots, Insert if event is Event.INSERT else Change, parser, None, "Keys")

    def with_any(
        runner: Runner, raw: Any, position: int, new: Image, old: Image, models: Any = None, change: Any = None
    ) -> Any:
        body = raw["dynamodb"]
        view = body.get("StreamViewType")
        if new is None and old is None and not (view in VIEWS and carried(view, event)):
            keys = body.get("Keys", {})
            return with_keys(runner, raw, position, keys, keys, models, change)
        return with_images(runner, raw, position, new, old, models, change)

    return with_any


def _attempt(  # noqa: C901 - for the reason below
    step: Step,
    slots: Slots,
    kind: type[Change[Any, Any]],
    new_parser: Parser | None,
    old_parser: Parser | None,
    only_name: str | None = None,
) -> Attempt:
    """Compile a step for changes of one class.

    Every record runs through this function, and a call costs as much as most of its lines: it is long, and calls
    nothing that it can do itself.

    Args:
        step: The step.
        slots: The place of each parser and image in the list of models that the steps of a record share.
        kind: The class.
        new_parser: Parses the new image; ``None`` leaves it out.
        old_parser: Parses the old image; ``None`` leaves it out.
        only_name: The name in errors of the one image that is parsed, where it is another than usual.
    """
    route, key, call, batch = step.route, step.key, step.call, step.route.batch
    condition: Any = route.condition
    wire: Any = None if condition is None else condition.wire
    typed: Any = None if condition is None else condition.typed
    new_name, old_name = only_name or "NewImage", only_name or "OldImage"
    new_slot = -1 if new_parser is None else slots.setdefault((new_parser, new_name), len(slots))
    old_slot = -1 if old_parser is None else slots.setdefault((old_parser, old_name), len(slots))

    def attempt(  # noqa: C901 - as said above
        runner: Runner,
        raw: Any,
        position: int,
        new: Image,
        old: Image,
        models: list[Any] | None = None,
        change: Any = None,
    ) -> Any:
        stage: Stage = "handler"
        try:
            if change is None:
                if runner.known is not None and runner.has_completed(key, position):
                    return Outcome("skipped", runner.find_record(raw, position), route)
                met: bool | None = True
                if wire is not None:
                    met = wire(old or NO_IMAGE, new or NO_IMAGE)
                    if met is False:
                        return None
                stage = "validate"
                change = _create(kind)
                if new_parser is None:
                    change._new = None
                elif models is None or models[new_slot] is UNPARSED:
                    change._new = new_parser.parse(new, new_name)
                    if models is not None:
                        models[new_slot] = change._new
                else:
                    change._new = new_parser.copy(models[new_slot])
                if old_parser is None:
                    change._old = None
                elif models is None or models[old_slot] is UNPARSED:
                    change._old = old_parser.parse(old, old_name)
                    if models is not None:
                        models[old_slot] = change._old
                else:
                    change._old = old_parser.copy(models[old_slot])
                change._record = (runner.find_record, raw, position, step)
                stage = "handler"
                if met is None and not typed(change, old or NO_IMAGE, new or NO_IMAGE):
                    return None
                if models is not None:
                    return change
            if batch:
                return runner.gathered(step, raw, position, change)
            result = call(change)
            if result is not None:
                task = runner.wait_for(result)
                if task is not None:
                    return Waiting(task, partial(_end, runner, step, raw, position, task))
        except any_error() as error:  # of a handler, a condition or a model
            if stage == "validate" and isinstance(error, DecodeError):
                stage, error = "decode", _absence(error, new, old) or error
            return runner.failed(step, raw, position, stage, error) if models is None else (stage, error)
        return step

    return attempt


def _end(runner: Runner, step: Step, raw: Any, position: int, ended: asyncio.Task[Any]) -> Mark | Waiting:
    """Settle a step whose handler has ended; what it results in may be asynchronous, too."""
    try:
        result = ended.result()
        task = None if result is None else runner.wait_for(result)
    except any_error() as error:  # of the handler
        return runner.failed(step, raw, position, "handler", error)
    return step if task is None else Waiting(task, partial(_end, runner, step, raw, position, task))


_create: Any = object.__new__


def _absence(error: DecodeError, new: Image, old: Image) -> DecodeError | None:
    """The error for an image that the step needs and the record does not have; ``None`` for any other error."""
    images: dict[str | None, Image] = {"NewImage": new, "OldImage": old}
    if images.get(error.image, NO_IMAGE) is not None:
        return None
    return DecodeError("", "no such image", "one in a record of this event", error.image)
