"""The handler of a soak's function, as its processes import it: settings come from the environment."""

from __future__ import annotations

import os
from typing import Any

import router
from tests.soak.app import make_app
from tests.soak.contestant import make_contestant
from tests.soak.database import Database
from tests.soak.effects import make_effects
from tests.soak.faults import Faults, RealDeeds

__all__ = ["handler"]


class FlakyClient:
    """DynamoDB, as a client that is down for a while.

    Args:
        faults: Say when.
        name: What is down.
        share: About how many requests a change makes.
    """

    def __init__(self, faults: Faults, name: str, share: float) -> None:
        import boto3

        self._client = boto3.client("dynamodb", endpoint_url=os.environ["SOAK_ENDPOINT"])
        self._faults = faults
        self._outage = name, share

    def __getattr__(self, operation: str) -> Any:
        self._faults.outage(*self._outage)
        return getattr(self._client, operation)


def _durable(faults: Faults) -> Any:
    from router import DynamoDBCompleted

    return DynamoDBCompleted(os.environ["SOAK_COMPLETED"], client=FlakyClient(faults, "completed store", 0.03))


def _handler() -> Any:
    database = Database(os.environ["SOAK_DATABASE"])
    database.count(f"cold starts of {router.__file__}")
    seed, intensity, changes = (os.environ[f"SOAK_{name}"] for name in ("SEED", "INTENSITY", "CHANGES"))
    faults = Faults(database, RealDeeds(), int(seed), float(intensity), int(changes))
    match os.environ["SOAK_BY"]:
        case "powertools":
            return make_contestant(database, faults)
        case "durable":
            return make_app(database, faults, concurrency=4, completed=_durable(faults))
        case "effects":
            return make_effects(FlakyClient(faults, "tables", 5), database, faults, concurrency=4)
        case _:
            return make_app(database, faults, concurrency=4)


handler = _handler()
