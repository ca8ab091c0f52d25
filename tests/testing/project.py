"""Small projects in which the tests of the pytest plugin run pytest."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

# By its module where the distribution that is installed does not name it: pytest would refuse it a second time.
PLUGIN = [] if entry_points(group="pytest11", name="router") else ["-p", "router.testing.plugin"]


APP = """
from typing import Annotated, Literal
from pydantic import BaseModel
from router import Depends, Dispatcher, Insert, JsonLinesParking, Modify, Routes, changed

class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    order_id: str
    total: int
    status: str = "PLACED"

class Ledger:
    made = 0

    def __init__(self):
        type(self).made += 1

    def book(self, total):
        if total < 0:
            raise TimeoutError("sec" + "ret")

def get_ledger():
    return Ledger()

routes = Routes()

@routes.on_insert(Order)
def place(change: Insert[Order]):
    pass

@routes.on_insert(Order)
def book(change: Insert[Order], ledger: Annotated[Ledger, Depends(get_ledger, scope="cold_start")]):
    ledger.book(change.new.total)

@routes.on_modify(Order, changed("status"))
def ship(change: Modify[Order]):
    pass

app = Dispatcher(routes)
parking = Dispatcher(routes, parking=JsonLinesParking("/nowhere/parked.jsonl"))
kinds = Dispatcher(routes, discriminator="kind")
"""


INI = """
[pytest]
router_app = shop:app
pythonpath = .
filterwarnings = error
addopts = --strict-markers
"""


BEGINNING = """
import pytest
import router
import shop
from shop import Order

"""


def run(project: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    project.makepyfile(test_shop=BEGINNING + tests)
    return project.runpytest_inprocess(*PLUGIN, *options)


def passes(project: pytest.Pytester, tests: str, *options: str, count: int = 1) -> None:
    run(project, tests, *options).assert_outcomes(passed=count)
