"""The checks of ``router doctor``, a module for each subject."""

from __future__ import annotations

from router.local.doctor.check import Check
from router.local.doctor.checks.alarms import (
    alarm_differs,
    alarm_missing,
    alarm_raised,
    alarm_silent,
    alarm_without_data,
)
from router.local.doctor.checks.function import (
    function_differs,
    function_missing,
    function_state,
    function_stopped,
    variables_differ,
)
from router.local.doctor.checks.mapping import mapping_missing, mapping_result, mapping_state
from router.local.doctor.checks.metrics import (
    function_errors,
    function_throttled,
    handlers_fail,
    iterator_age,
    records_discarded,
    records_dropped,
    records_lost,
)
from router.local.doctor.checks.places import dead_letters, failed_records, parked_records, place_missing
from router.local.doctor.checks.settings import mapping_differs, not_compared
from router.local.doctor.checks.stack import stack_state
from router.local.doctor.checks.stream import stream_differs, stream_replaced, stream_stopped

__all__ = ["CHECKS"]

CHECKS: tuple[Check, ...] = (
    function_missing,
    function_stopped,
    function_state,
    mapping_missing,
    mapping_state,
    stream_stopped,
    stream_replaced,
    mapping_result,
    iterator_age,
    records_lost,
    dead_letters,
    place_missing,
    alarm_raised,
    function_errors,
    function_throttled,
    records_discarded,
    handlers_fail,
    records_dropped,
    parked_records,
    failed_records,
    stack_state,
    function_differs,
    variables_differ,
    mapping_differs,
    stream_differs,
    alarm_missing,
    alarm_silent,
    alarm_differs,
    alarm_without_data,
    not_compared,
)
"""All checks: first what stops records, then what loses them, then what differs from the template."""
