"""SnapStart: what a Dispatcher does before Lambda takes a snapshot of the function, and after it is restored.

All containers begin with the memory of the snapshot. Before it, models are built and their parsers generated, because
no event waits for that, and what may hold a connection is ended. After it connections, event loop and threads are made
where an event needs them, as in any new container.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextvars import copy_context
from importlib import import_module
from typing import Any

from router.context import Deadline
from router.garbage_collection import freeze_less_garbage
from router.inject.call import make_kept
from router.inject.scopes import Container, Containers, Invocation
from router.observability.logs import InvocationLogs
from router.parsing.parser import parser_for
from router.routes import Route

__all__ = ["register_hooks"]


def register_hooks(routes: Iterable[Route], containers: Containers) -> None:
    """Register a Dispatcher's hooks in a function that Lambda initialises for a snapshot.

    Args:
        routes: The routes of the Dispatcher.
        containers: Its containers.
    """
    try:
        snapshots: Any = import_module("snapshot_restore_py")  # a part of Lambda's runtime, without types
    except ModuleNotFoundError:  # runtimes without SnapStart
        return
    snapshots.register_before_snapshot(before_snapshot, tuple(routes), containers)
    snapshots.register_after_restore(after_restore)


def before_snapshot(routes: Iterable[Route], containers: Containers) -> None:
    """Build the models and generate their parsers, end connections, and make the values that the snapshot keeps.

    Args:
        routes: The routes of the Dispatcher.
        containers: Its containers.

    Raises:
        Exception: The error of a factory. Lambda then does not publish the version.
    """
    for route in routes:
        for model in (route.model, route.old):
            parser_for(model).prepare()
    containers.before_snapshot(lambda container: _make_kept(routes, container))
    freeze_less_garbage()


def after_restore() -> None:
    """Seed Python's random numbers, which would be the same in all containers of a snapshot."""
    random: Any = sys.modules.get("random")
    if random is not None:
        random.seed()


def _make_kept(routes: Iterable[Route], container: Container) -> None:
    invocation = Invocation(container, None, (), InvocationLogs(None).bound, Deadline())
    invocation.variables = copy_context()
    for route in routes:
        make_kept(route, invocation)
