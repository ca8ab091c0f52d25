"""Rules about what the template names as the handler."""

from __future__ import annotations

from collections.abc import Iterator

from router.app import Dispatcher
from router.local.lint.deployment import Deployment
from router.local.lint.rule import Trouble, rule

__all__ = ["handler_differs", "handler_not_found"]

_HANDLER = "https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html"


@rule("error", _HANDLER)
def handler_not_found(deployment: Deployment) -> Iterator[Trouble]:
    """Lambda cannot import the handler."""
    handler = deployment.handler
    if handler.problem is not None:
        yield Trouble(
            handler.place,
            f"Handler is {handler.written}, but {handler.problem}: every invocation fails, until Lambda gives the "
            "records up.",
            f"Handler: {handler.near or 'handlers.app # module.attribute, from CodeUri'}",
        )


@rule("error", _HANDLER)
def handler_differs(deployment: Deployment) -> Iterator[Trouble]:
    """The template deploys another app."""
    handler, found = deployment.handler, deployment.handler.found
    if isinstance(found, Dispatcher) and found is not deployment.app:
        yield Trouble(
            handler.place,
            f"Handler is {handler.written}, a Dispatcher other than the one that was given with --app: what runs in "
            "Lambda has other routes.",
            "Handler: the module.attribute of the app that was given",
        )
