"""Rules about the time that a batch takes."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.function_limits import LONGEST_TIMEOUT
from router.local.lint.deployment import Deployment
from router.local.lint.rule import Violation, rule

__all__ = ["batch_beyond_timeout", "timeout_below_reserve"]

_TIMEOUT = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"
_DEFAULT_BATCH_SIZE = 100


@rule("error", _TIMEOUT)
def timeout_below_reserve(deployment: Deployment) -> Iterator[Violation]:
    """The app never has the time to start a record."""
    reserve, timeout = deployment.app.reserve, deployment.timeout
    if timeout <= reserve:
        yield Violation(
            deployment.place_of_function("Timeout"),
            f"The time-out is {timeout:g} s, and the app starts no record with less than {reserve:g} s left, its "
            "reserve: every record is deferred every time, until Lambda discards it.",
            f"Timeout: {max(60, int(reserve * 4))} # and a Dispatcher's reserve far below it",
        )


@rule("warning", _TIMEOUT)
def batch_beyond_timeout(deployment: Deployment) -> Iterator[Violation]:
    """A full batch takes longer than the time-out."""
    app, timeout = deployment.app, deployment.timeout
    size = deployment.setting("BatchSize", _DEFAULT_BATCH_SIZE)
    left = timeout - app.reserve
    needed = size * deployment.per_record / app.concurrency
    if needed <= left or left <= 0:
        return
    fitting = max(1, int(left * app.concurrency / deployment.per_record))
    yield Violation(
        deployment.place("BatchSize"),
        f"{size} records at {deployment.per_record:g} s each (--per-record) take {needed:g} s, and the time-out of "
        f"{timeout:g} s leaves {left:g} s. {_consequence(deployment)}",
        f"Timeout: {min(LONGEST_TIMEOUT, int(needed * 2 + app.reserve) + 1)}\n# or\nBatchSize: {fitting}",
    )


def _consequence(deployment: Deployment) -> str:
    if any(route.batch for route in deployment.app.routes):
        return (
            "on_batch handlers run last: if the time ends before they run, Lambda delivers their records again, which "
            "counts as a failed attempt. After the last allowed attempt the records are lost."
        )
    return "The rest is deferred: no record is lost, but records wait, and are delivered more than once."
