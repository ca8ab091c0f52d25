"""One invocation: from the records of an event to the response."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Sequence
from contextvars import copy_context
from decimal import getcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from router.completed import Pair
from router.context import Deadline
from router.dispatch.delivery import Delivery
from router.dispatch.ended import send_of_handler, send_outboxes
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
from router.record import Records
from router.sources import Received

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger as Log

    from router.dispatch.windows import Windows
    from router.latest_changes import LatestChanges
    from router.observability.metrics import Meter

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
    invocation = Invocation(
        container, context, records, InvocationLogs(context).bound, _deadline(context, options.reserve)
    )
    log = invocation.log(None, None)
    write_line(log, "info", "batch received", source=received.source, batch_size=len(records.wires))
    windows = _windows(received, invocation) if plan.windows else None
    known = _known(plan, options, container, records, windows, log)
    stale = _stale(options.skip_stale, records, log) if options.skip_stale else frozenset()
    delivery = Delivery(plan, Failures(options, received.lanes), invocation, received, known, windows)
    if passed_over := {*stale, *(known.parked() if known else ())}:
        delivery.pass_over(passed_over)
    _run(delivery, received, plan, options)
    results = delivery.results
    outcomes = results.outcomes
    if options.metrics is not None:
        _emit_metrics(options.metrics, delivery, plan, log)
    if options.skip_stale:
        options.skip_stale.keep(records, outcomes(), stale)
    undone = delivery.undone()
    again = received.coming_again(undone) if undone else ()
    over: Sequence[Pair] = ()
    if undone or known:
        over = keep_completed(options.completed, known, outcomes(), records, again, plan.table.keys, log)
    if count := results.unrouted():
        _log_unrouted(delivery, plan, options, count, log)
    if undone:
        log_out_of_time(log, outcomes())
    response = received.respond(undone, outcomes)
    if windows is not None and windows.keeps_state:
        response["state"] = windows.state(outcomes(), records, again, plan.table.keys)
    container.over = over
    return outcomes, response


# ------------------------------------------------------------------------------------------------ before records run


def _deadline(context: Any, reserve: float) -> Deadline:
    """The remaining time minus the reserve; no deadline where the remaining time is unknown."""
    try:
        milliseconds = context.get_remaining_time_in_millis()
    except any_error():  # a stand-in for Lambda's context may lack it, or raise anything
        return Deadline()
    known = type(milliseconds) in (int, float) and not math.isnan(milliseconds)
    return Deadline(milliseconds / 1000 - reserve) if known else Deadline()


def _windows(received: Received, invocation: Invocation) -> Windows:
    from router.dispatch.windows import Windows  # few apps have any

    return Windows(received.event, invocation.finish, partial(send_of_handler, invocation))


def _known(
    plan: Plan, options: Options, container: Container, records: Records, windows: Windows | None, log: Log
) -> Known | None:
    """The routes at which records do not run: those completed, counted in a window, or not meant for the record."""
    known = recall(options.completed, records, log)
    if container.over:
        forget_over(options.completed, container.over, log)
        container.over = ()
    if records.only_routes or records.backfilled:
        from router.dispatch.backfilled import leave_out  # not for most events
        from router.dispatch.redriven import restrict

        known = leave_out(records, plan.table, restrict(records, plan.table, known))
    if windows is not None and (counted := windows.positions_counted(records)):
        known = Known((), records) if known is None else known
        for key, positions in counted.items():
            known.add(key, positions)
    return known


def _stale(latest: LatestChanges, records: Records, log: Log) -> Collection[int]:
    """The positions of the records that the Dispatcher is asked to skip as stale."""
    stale = latest.stale(records)
    if stale:
        write_line(log, "info", "stale records skipped", count=len(stale))
    return stale


# --------------------------------------------------------------------------------------------------------- the records


def _run(delivery: Delivery, received: Received, plan: Plan, options: Options) -> None:
    """Run the records as a part of their invocation, inside the tracer where there is one."""
    invocation = delivery.invocation
    token = current_invocation.set(invocation)
    try:
        if options.tracing is None:
            _run_records(delivery, received, plan, options)
        else:

            def traced() -> list[Outcome]:
                _run_records(delivery, received, plan, options)
                return delivery.results.outcomes()

            options.tracing.invocation(traced, received.source, len(delivery.records))
    finally:
        try:
            invocation.end()
        finally:
            current_invocation.reset(token)


def _run_records(delivery: Delivery, received: Received, plan: Plan, options: Options) -> None:
    """Run the records, then the handlers of batches and windows; send what handlers have left; clean up."""
    invocation = delivery.invocation
    getcontext()  # else Decimal would set it in every record's context variables
    invocation.variables = copy_context()
    outboxes = invocation.outboxes = Outboxes(delivery.find_record, delivery.results.ended_well)
    try:
        if options.concurrency == 1:
            delivery.run(delivery.positions)
        else:
            _run_lanes(delivery, received.lanes(), plan, options.concurrency)
        if delivery.failures.parker.waiting:
            delivery.park_waiting()
        if delivery.for_batches or plan.windows:
            from router.dispatch.batching import run_batches  # not for the handlers of single records

            run_batches(delivery, plan.windows)
        if outboxes.made:
            send_outboxes(delivery, [*outboxes.made.values()])
    except BaseException as error:
        invocation.values.close(error)
        raise
    try:
        invocation.values.close()
    except Exception as error:  # noqa: BLE001 - the clean-up of a factory may raise anything
        _fail_with(error, delivery, plan)


def _run_lanes(delivery: Delivery, lanes: Sequence[Hashable], plan: Plan, concurrency: int) -> None:
    from router.dispatch.lanes import run_lanes  # most apps have one lane

    container = delivery.invocation.container
    run_lanes(
        delivery,
        lanes,
        concurrency,
        container.loop,
        lambda: container.threads(concurrency).submit,
        as_tasks=plan.lanes_are_tasks,
    )


def _fail_with(error: Exception, delivery: Delivery, plan: Plan) -> None:
    """After a clean-up that failed, the records have failed whose handlers used the values of the invocation."""
    write_line(delivery.invocation.log(None, None), "error", "clean-up failed", **safe_error(error))
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


# ----------------------------------------------------------------------------------------------- after records have run


def _emit_metrics(meter: Meter, delivery: Delivery, plan: Plan, log: Log) -> None:
    """Emit metrics before any step that can raise, so that the figures of a bad batch are not missing."""
    try:
        meter.emit(figures_of(delivery.results, plan))
    except any_error() as error:  # of the meter
        write_line(log, "warning", "metrics failed", **safe_error(error))


def _log_unrouted(delivery: Delivery, plan: Plan, options: Options, count: int, log: Log) -> None:
    records = delivery.records
    found = _what_was_found(delivery, options) if count == len(records) else None
    log_unrouted(log, count, delivery.unrouted_entities, records if _reads_keys(plan, records) else (), found)


def _reads_keys(plan: Plan, records: Records) -> bool:
    """Whether the discriminator may read a key of the items, which is data."""
    attribute = plan.index.attribute
    return not attribute or any(attribute in (record.wire_keys or ()) for record in records[:1])


def _what_was_found(delivery: Delivery, options: Options) -> str:
    """What stands where the discriminator looked: in a record of which it reads no entity, if there is one."""
    record = next((record for record in delivery.records if record.entity is None), None)
    if record is None or delivery.unrouted_entities:
        return f"{options.discriminator!r} reads entities that have no route"
    return what_it_found(options.discriminator, record)
