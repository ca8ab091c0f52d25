"""All rules, each in the module of its family; a new one is a function there and a line here."""

from router.local.lint.rule import Rule
from router.local.lint.rules.completed import completed_key_differs, completed_never_expires, completed_not_allowed
from router.local.lint.rules.copies import (
    copies_deleted,
    copies_denied,
    copies_expire,
    copies_public,
    copies_unencrypted,
)
from router.local.lint.rules.effects import effect_never_expires, effect_not_allowed
from router.local.lint.rules.filters import filter_drops_route, filter_drops_unrouted, filter_undocumented
from router.local.lint.rules.function import (
    error_texts_logged,
    logs_never_expire,
    role_too_wide,
    tenant_isolation,
    wrong_runtime,
)
from router.local.lint.rules.handlers import handler_differs, handler_not_found
from router.local.lint.rules.images import (
    entity_unreadable,
    image_missing,
    no_stream,
    ttl_attribute_missing,
    ttl_off,
    view_differs,
)
from router.local.lint.rules.keys import key_not_allowed
from router.local.lint.rules.loops import guard_without_images, writes_own_table
from router.local.lint.rules.mapping import (
    concurrency_below_lanes,
    function_stopped,
    mapping_disabled,
    mapping_refused,
    starts_at_latest,
)
from router.local.lint.rules.notifications import objects_not_readable
from router.local.lint.rules.parking import parking_in_function, parking_not_allowed
from router.local.lint.rules.responses import no_bisect, no_partial_failures, tumbling_window, unused_window
from router.local.lint.rules.retries import (
    age_beyond_stream,
    age_too_short,
    destination_not_allowed,
    destination_without_records,
    endless_retries,
    no_destination,
    no_retries,
)
from router.local.lint.rules.timeouts import batch_beyond_timeout, timeout_below_reserve

__all__ = ["OF_EVERY_SOURCE", "RULES"]

RULES: tuple[Rule, ...] = (
    handler_not_found,
    handler_differs,
    wrong_runtime,
    tenant_isolation,
    mapping_refused,
    mapping_disabled,
    function_stopped,
    concurrency_below_lanes,
    starts_at_latest,
    no_stream,
    image_missing,
    view_differs,
    entity_unreadable,
    ttl_off,
    ttl_attribute_missing,
    filter_drops_route,
    filter_drops_unrouted,
    filter_undocumented,
    no_partial_failures,
    tumbling_window,
    unused_window,
    no_bisect,
    endless_retries,
    age_beyond_stream,
    age_too_short,
    no_retries,
    no_destination,
    destination_without_records,
    destination_not_allowed,
    timeout_below_reserve,
    batch_beyond_timeout,
    parking_in_function,
    parking_not_allowed,
    objects_not_readable,
    completed_not_allowed,
    completed_key_differs,
    completed_never_expires,
    effect_not_allowed,
    effect_never_expires,
    copies_denied,
    key_not_allowed,
    copies_expire,
    copies_deleted,
    copies_public,
    copies_unencrypted,
    guard_without_images,
    writes_own_table,
    role_too_wide,
    error_texts_logged,
    logs_never_expire,
)
"""In the order in which a record meets what they are about."""

OF_EVERY_SOURCE: tuple[Rule, ...] = (
    handler_not_found,
    handler_differs,
    wrong_runtime,
    tenant_isolation,
    no_partial_failures,
    timeout_below_reserve,
    parking_in_function,
    parking_not_allowed,
    objects_not_readable,
    completed_not_allowed,
    completed_key_differs,
    completed_never_expires,
    effect_not_allowed,
    effect_never_expires,
    error_texts_logged,
    logs_never_expire,
)
"""The rules for mappings of Kinesis and of queues too; the others are about the streams of tables."""
