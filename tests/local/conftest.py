"""Fixtures of DynamoDB Local."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.engines.install import EngineMissingError, Installation, install, locate
from tests.real import REQUIRED, missing, one_worker


@pytest.fixture(scope="session")
def installation(real: None) -> Installation:
    """A runnable engine, not started."""
    if REQUIRED:
        with one_worker("engine"):
            install()
    try:
        return locate()
    except EngineMissingError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def dynamodb_local(installation: Installation) -> Iterator[DynamoDBLocal]:
    """A running engine for all tests, each with tables of its own."""
    with DynamoDBLocal() as engine:
        yield engine
