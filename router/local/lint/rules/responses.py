"""Rules about how Lambda reads the function's response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from router.local.lint.deployment import Deployment
from router.local.lint.rule import Violation, rule

__all__ = ["no_bisect", "no_partial_failures", "tumbling_window", "unused_window"]

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"


@rule("error", f"{_GUIDE}/services-ddb-batchfailurereporting.html")
def no_partial_failures(deployment: Deployment) -> Iterator[Violation]:
    """Lambda does not read which records failed."""
    types: list[Any] = deployment.setting("FunctionResponseTypes", [])
    if "ReportBatchItemFailures" not in types:
        yield Violation(
            deployment.place("FunctionResponseTypes"),
            f"{deployment.mapping.name} has no ReportBatchItemFailures, so Lambda does not read the app's response: "
            "a record that the response reports as failed counts as done and is lost.",
            "FunctionResponseTypes: [ReportBatchItemFailures]",
        )


@rule("warning", f"{_GUIDE}/services-dynamodb-errors.html")
def no_bisect(deployment: Deployment) -> Iterator[Violation]:
    """A batch whose invocation gives no response is not split."""
    if not deployment.setting("BisectBatchOnFunctionError", default=False):
        yield Violation(
            deployment.place("BisectBatchOnFunctionError"),
            f"{deployment.mapping.name} does not split batches: if one record ends the function without a response, by "
            "a time-out or for lack of memory, Lambda retries the whole batch, and at last discards it.",
            "BisectBatchOnFunctionError: true",
        )


@rule("error", f"{_GUIDE}/services-ddb-windows.html")
def tumbling_window(deployment: Deployment) -> Iterator[Violation]:
    """A handler of tumbling windows needs a mapping that has them."""
    route = next((route for route in deployment.app.routes if route.state is not None), None)
    if route is not None and not deployment.setting("TumblingWindowInSeconds", 0):
        yield Violation(
            deployment.place("TumblingWindowInSeconds"),
            f"{deployment.mapping.name} has no tumbling window, which {route.written} {route.name} needs: each of its "
            "records fails.",
            "TumblingWindowInSeconds: 60",
        )


@rule("warning", f"{_GUIDE}/services-ddb-windows.html")
def unused_window(deployment: Deployment) -> Iterator[Violation]:
    """A tumbling window that no handler uses rules out filters and parallel lanes for nothing."""
    if deployment.setting("TumblingWindowInSeconds", 0) and all(route.state is None for route in deployment.app.routes):
        yield Violation(
            deployment.place("TumblingWindowInSeconds"),
            f"{deployment.mapping.name} has a tumbling window, and the app has no on_window route: the state stays "
            "empty, and Lambda allows neither filters nor a ParallelizationFactor above one with it.",
            "TumblingWindowInSeconds: 0",
        )
