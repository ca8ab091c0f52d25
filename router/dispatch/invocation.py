"""One invocation: from the records of an event to the response."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from decimal import getcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from router.completed import Pair
from router.context import Deadline
from router.dispatch.delivery import Delivery
from router.dispatch.ended import close_outboxes, send_of_handler, send_outboxes
from router.dispatch.failure import Failures
from router.dispatch.parker import log_outcome
from router.dispatch.redelivery import Known, forget_over, keep_completed, recall
from router.dispatch.tally import figures_of
from router.errors import any_error
from router.inject.call import uses_invocation_scope
from router.inject.outboxes import Outboxes
from router.inject.scopes import Container, Invocation, current_invocation
from router.observability.logs import InvocationLogs, log_out_of_time, log_unrouted, write_line
from router.observability.safe_errors import safe_error, without_inputs
from router.outcomes import Outcome
from router.planning.lookup import what_it_found
from router.planning.options import Options
from router.planning.plan import Plan
from router.record import Batch, Records
from router.sources import Received

if TYPE_CHECKING:
    import structlog

    from router.dispatch.windows import Windows

__all__ = ["invoke"]


def invoke(
    plan: Plan, options: Options, container: Container, received: Received, context: Any
) -> tuple[Callable[[], list[Outcome]], dict[str, Any]]:
    """Handle the records of an event.

    Args:
        plan: The Dispatcher's plan.
        options: Its options.
        container: What lives longer than the invocation.
        received: The records of the event, and their sources.
        context: Lambda's context, or what a caller gave in its place.

    Returns:
        A function that makes the outcomes, and the response.

    Raises:
        MalformedRecordError: A record failed that has no identifier.
        RouterError: The final invocation of a window failed, or its state is too large.
    """
    records = received.records
    deadline = _deadline(context, options.reserve)
    invocation = Invocation(container, context, Batch(records), InvocationLogs(context).bound, deadline)
    log = invocation.log(None, None)
    write_line(log, "info", "batch received", source=received.source, batch_size=len(records))
    known = recall(options.completed, records, log)
    if container.over:
        forget_over(options.completed, container.over, log)
        container.over = ()
    if records.only_routes or records.backfilled:
        known = _restricted(records, plan, known)
    windows = _windows(plan, received, invocation)
    if windows is not None and (counted := windows.positions_counted(records)):
        known = Known((), records) if known is None else known
        for key, positions in counted.items():
            known.add(key, positions)
    failures = Failures(options, received.lanes)
    stale = _stale(options, records, log)
    passed_over = stale.union(known.parked() if known else ())
    delivery = Delivery(plan, failures, invocation, received, known, windows, passed_over)
    token = current_invocation.set(invocation)
    try:
        _trace(lambda: _run(delivery, received, plan, options), delivery, received.source, options)
    finally:
        invocation.trouble.write_counted()
        current_invocation.reset(token)
        # They hold the invocation. In a circle, the batch would stay in memory until Python collects garbage.
        invocation.variables = Context()
        close_outboxes(invocation)
    outcomes = delivery.results.outcomes
    _emit_metrics(delivery, plan, options, log)
    if options.skip_stale:
        options.skip_stale.keep(records, outcomes(), stale)
    undone = delivery.undone()
    again = received.coming_again(undone) if undone else ()
    over: Sequence[Pair] = ()
    if undone or known:
        over = keep_completed(options.completed, known, outcomes(), records, again, plan.table.keys, log)
    if count := delivery.results.unrouted():
        found = _what_was_found(delivery, options) if count == len(records) else None
        keyed = records if _reads_keys(plan, records) else ()
        log_unrouted(log, count, delivery.unrouted_entities, keyed, found)
    if undone:
        log_out_of_time(log, outcomes())
    response = received.respond(undone, outcomes)
    if windows is not None and windows.keeps_state:
        response["state"] = windows.state(outcomes(), records, again, plan.table.keys)
    container.over = over
    return outcomes, response


def _restricted(records: Records, plan: Plan, known: Known | None) -> Known | None:
    """What is known of the records, with the routes at which one must not run because of where it comes from."""
    from router.dispatch.backfilled import leave_out  # not for most events
    from router.dispatch.redriven import restrict

    return leave_out(records, plan.table, restrict(records, plan.table, known))


def _windows(plan: Plan, received: Received, invocation: Invocation) -> Windows | None:
    if not plan.windows:
        return None
    from router.dispatch.windows import Windows  # few apps have any

    return Windows(received.event, invocation.finish, partial(send_of_handler, invocation))


def _stale(options: Options, records: Records, log: structlog.typing.FilteringBoundLogger) -> frozenset[int] | set[int]:
    """The positions of the records that the Dispatcher is asked to skip as stale."""
    if not options.skip_stale or not (stale := options.skip_stale.stale(records)):
        return frozenset()
    write_line(log, "info", "stale records skipped", count=len(stale))
    return stale


def _reads_keys(plan: Plan, records: Records) -> bool:
    """Whether the discriminator may read a key of the items, which is data."""
    attribute = plan.index.attribute
    return not attribute or any(attribute in (record.wire_keys or ()) for record in records[:1])


def _run(delivery: Delivery, received: Received, plan: Plan, options: Options) -> None:
    invocation = delivery.invocation
    container = invocation.container
    getcontext()  # else Decimal would set it in every record's context variables
    invocation.variables = copy_context()
    invocation.outboxes = Outboxes(delivery.find_record, delivery.results.ended_well)
    try:
        if options.concurrency == 1:
            delivery.run(delivery.positions)
        else:
            from router.dispatch.lanes import run_lanes  # most apps have one lane

            run_lanes(
                delivery,
                received.lanes(),
                options.concurrency,
                container.loop,
                lambda: container.threads(options.concurrency).submit,
                as_tasks=plan.lanes_are_tasks,
            )
        delivery.park_waiting()
        if delivery.for_batches or plan.windows:
            from router.dispatch.batching import run_batches  # not for the handlers of single records

            run_batches(delivery, plan.windows)
        send_outboxes(delivery)
    except BaseException as error:
        invocation.values.close(error)
        raise
    _clean_up(delivery, plan)


def _clean_up(delivery: Delivery, plan: Plan) -> None:
    """Close the values of the invocation; where that fails, the records whose handlers used them have failed."""
    invocation = delivery.invocation
    try:
        invocation.values.close()
    except Exception as error:  # noqa: BLE001 - the clean-up of a factory may raise anything
        write_line(invocation.log(None, None), "error", "clean-up failed", **safe_error(error))
        delivery.stopped = True
        for outcome in delivery.results.outcomes():
            route = outcome.route
            if outcome.status == "done" and route and uses_invocation_scope(route.signature.parameters):
                outcome.status, outcome.stage, outcome.error = "failed", "handler", without_inputs(error)
                log_outcome(outcome)
        if delivery.windows is not None and delivery.windows.is_final:
            for step in plan.windows:
                if uses_invocation_scope(step.route.signature.parameters):
                    delivery.windows.fail(step, error)


def _trace(run: Callable[[], None], delivery: Delivery, source: str, options: Options) -> None:
    """Run the delivery, inside the tracer where there is one."""
    if options.tracing is None:
        run()
        return

    def traced() -> list[Outcome]:
        run()
        return delivery.results.outcomes()

    options.tracing.invocation(traced, source, len(delivery.records))


def _emit_metrics(delivery: Delivery, plan: Plan, options: Options, log: structlog.typing.FilteringBoundLogger) -> None:
    """Emit metrics before any step that can raise, so that the figures of a bad batch are not missing."""
    if options.metrics is None:
        return
    try:
        options.metrics.emit(figures_of(delivery.results, plan))
    except any_error() as error:  # of the meter
        write_line(log, "warning", "metrics failed", **safe_error(error))


def _what_was_found(delivery: Delivery, options: Options) -> str:
    """What stands where the discriminator looked: in a record of which it reads no entity, if there is one."""
    record = next((record for record in delivery.records if record.entity is None), None)
    if record is None or delivery.unrouted_entities:
        return f"{options.discriminator!r} reads entities that have no route"
    return what_it_found(options.discriminator, record)


def _deadline(context: Any, reserve: float) -> Deadline:
    """The remaining time minus the reserve; no deadline where the remaining time is unknown."""
    try:
        milliseconds = context.get_remaining_time_in_millis()
    except any_error():  # a stand-in for Lambda's context may lack it, or raise anything
        return Deadline()
    known = type(milliseconds) in (int, float) and not math.isnan(milliseconds)
    return Deadline(milliseconds / 1000 - reserve) if known else Deadline()
