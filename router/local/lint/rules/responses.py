"""Rules about what Lambda makes of the function's answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from router.local.lint.deployment import Deployment
from router.local.lint.rule import Trouble, rule

__all__ = ["no_bisect", "no_partial_failures", "tumbling_window"]

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"


@rule("error", f"{_GUIDE}/services-ddb-batchfailurereporting.html")
def no_partial_failures(deployment: Deployment) -> Iterator[Trouble]:
    """Lambda does not read which records failed."""
    types: list[Any] = deployment.setting("FunctionResponseTypes", [])
    if "ReportBatchItemFailures" not in types:
        yield Trouble(
            deployment.place("FunctionResponseTypes"),
            f"{deployment.name} has no ReportBatchItemFailures, so Lambda does not read the app's answer: "
            "a record that the answer reports as failed counts as done and is lost.",
            "FunctionResponseTypes: [ReportBatchItemFailures]",
        )


@rule("warning", f"{_GUIDE}/services-dynamodb-errors.html")
def no_bisect(deployment: Deployment) -> Iterator[Trouble]:
    """A batch that ends without an answer is not split."""
    if not deployment.setting("BisectBatchOnFunctionError", default=False):
        yield Trouble(
            deployment.place("BisectBatchOnFunctionError"),
            f"{deployment.name} does not split batches: when one record ends the function without an answer, by a "
            "time-out or for want of memory, the whole batch runs again, and at last is given up with it.",
            "BisectBatchOnFunctionError: true",
        )


@rule("error", f"{_GUIDE}/services-ddb-windows.html")
def tumbling_window(deployment: Deployment) -> Iterator[Trouble]:
    """A tumbling window takes an answer without a state for a failure."""
    if deployment.setting("TumblingWindowInSeconds", 0):
        yield Trouble(
            deployment.place("TumblingWindowInSeconds"),
            f"{deployment.name} has a tumbling window, for which every answer has to hold a state. A Dispatcher's does "
            "not, so every batch counts as failed and runs again, until it is given up.",
            "TumblingWindowInSeconds: 0",
        )
