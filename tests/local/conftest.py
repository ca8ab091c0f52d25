"""The real engine, for every test beside this file.

With ``ROUTER_REAL_ENGINES=1`` it is fetched if need be, and a test that cannot have it fails. Without, such a test is
skipped, and says how to get the engine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.engines.install import EngineMissingError, Installation, install, locate


@pytest.fixture(scope="session")
def installation() -> Installation:
    """A runnable engine that has not been started."""
    if os.environ.get("ROUTER_REAL_ENGINES") == "1":
        install()
        return locate()
    try:
        return locate()
    except EngineMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def dynamodb_local(installation: Installation) -> Iterator[DynamoDBLocal]:
    """An engine that all tests share: each makes tables of its own."""
    with DynamoDBLocal() as engine:
        yield engine
