"""Lambda's initialisation, whose CPU is not throttled: what the first event would import is imported there.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module

from router.garbage_collection import check_setting, freeze
from router.inject.scopes import Containers
from router.lambda_process import in_lambda
from router.naming import is_async
from router.observability.logs import make_logger
from router.planning.options import Options
from router.registration.dependencies import Parameter
from router.routes import Route

__all__ = ["prepare"]


def prepare(routes: Iterable[Route], options: Options, containers: Containers) -> None:
    """Do, at the end of a Dispatcher's making, what its first event needs.

    Args:
        routes: The routes of the Dispatcher.
        options: Its options.
        containers: Its containers.

    Raises:
        RegistrationError: An environment variable has an unknown value.
    """
    check_setting()
    if not in_lambda():
        return
    make_logger()
    if options.concurrency > 1:
        import_module("router.dispatch.lanes")
        import_module("concurrent.futures.thread")
    elif any(is_async(route.handler) or _needs_async(route.signature.parameters) for route in routes):
        import_module("router.inject.event_loop")
    if any(route.batch for route in routes):
        import_module("router.dispatch.batching")
    if any(route.state is not None for route in routes):
        import_module("router.dispatch.windows")
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        from router.dispatch.snapshot import register_hooks

        register_hooks(routes, containers)
    freeze()


def _needs_async(parameters: Iterable[Parameter]) -> bool:
    needed = [parameter.dependency for parameter in parameters if parameter.dependency is not None]
    return any(is_async(each.factory) or _needs_async(each.parameters) for each in needed)
