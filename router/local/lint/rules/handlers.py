"""Rules about the template's Handler."""

from __future__ import annotations

from collections.abc import Iterator

from router.app import Dispatcher
from router.local.lint.deployment import Deployment, NotKnownError
from router.local.lint.rule import Violation, rule

__all__ = ["handler_differs", "handler_not_found"]

_HANDLER = "https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html"


@rule("error", _HANDLER)
def handler_not_found(deployment: Deployment) -> Iterator[Violation]:
    """Lambda cannot import the handler."""
    handler = deployment.handler
    if handler.unknown is not None:
        raise NotKnownError(handler.place, handler.unknown)
    if handler.problem is not None:
        yield Violation(
            handler.place,
            f"Handler is {handler.written}, but {handler.problem}: every invocation fails, until Lambda discards the "
            "records.",
            f"Handler: {handler.near or 'handlers.app # module.attribute, from CodeUri'}",
        )


@rule("error", _HANDLER)
def handler_differs(deployment: Deployment) -> Iterator[Violation]:
    """The template deploys another app."""
    handler, found = deployment.handler, deployment.handler.found
    if isinstance(found, Dispatcher) and found is not deployment.app:
        yield Violation(
            handler.place,
            f"Handler is {handler.written}, a Dispatcher other than the one of --app: the function in Lambda has other "
            "routes.",
            "Handler: the module.attribute of the app of --app",
        )
