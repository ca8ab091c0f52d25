"""In Lambda garbage collection is set for events; elsewhere it stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from router import Dispatcher, RegistrationError

STATE = """
import gc, sys
before = gc.get_threshold()
import router
app = router.Dispatcher()
frozen, late = gc.get_freeze_count(), [[]]
with open("/dev/null", "w") as sys.stdout:
    app({"Records": []})
sys.stdout = sys.__stdout__
print(gc.get_threshold() == before, frozen > 20_000, gc.get_freeze_count() > frozen)
"""


def state(**environment: str) -> str:
    """Whether the thresholds are Python's, what a Dispatcher is made of is frozen, and so is what follows it."""
    done = subprocess.run(
        [sys.executable, "-c", STATE],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_in_lambda_the_initialisation_is_frozen() -> None:
    """What exists when a Dispatcher is made is frozen, and what follows at the first event; searches are fewer."""
    assert state(AWS_LAMBDA_RUNTIME_API="none") == "False True True"


def test_elsewhere_nothing_changes() -> None:
    """Tests and tools have Python's own garbage collection."""
    assert state() == "True False False"


def test_it_can_be_switched_off() -> None:
    """``ROUTER_GC_TUNING=off`` leaves garbage collection as Python has it."""
    assert state(AWS_LAMBDA_RUNTIME_API="none", ROUTER_GC_TUNING="off") == "True False False"


def test_an_unknown_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is neither on nor off is an error when a Dispatcher is made, outside Lambda too."""
    monkeypatch.setenv("ROUTER_GC_TUNING", "maybe")
    expected = r"^found ROUTER_GC_TUNING='maybe' in the environment, expected on or off$"
    with pytest.raises(RegistrationError, match=expected):
        Dispatcher()


@pytest.mark.parametrize(
    ("megabytes", "threshold"), [("128", 76_800), ("512", 307_200), ("10240", 400_000), ("64", 50_000), ("", 307_200)]
)
def test_the_threshold_follows_the_memory(megabytes: str, threshold: int) -> None:
    """A function with more memory collects more garbage before a search."""
    code = "import gc, router; print(gc.get_threshold()[0])"
    environment = {**os.environ, "AWS_LAMBDA_RUNTIME_API": "none", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": megabytes}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) == threshold


LARGE_EVENT = """
import gc, json, sys
from pydantic import BaseModel
import router
class Order(BaseModel):
    order_id: str
    total: int
    lines: list[dict[str, str]]
routes = router.Routes()
seen = []
@routes.on(Order)
def handle(change: router.Change[Order]) -> None:
    seen.append(change.new.order_id)
app = router.Dispatcher(routes)
def record(number):
    lines = [{"M": {"sku": {"S": f"sku-{number}-{line}"}, "title": {"S": "x" * 50}}} for line in range(8)]
    image = {"EntityType": {"S": "Order"}, "order_id": {"S": f"{number}"}, "total": {"N": "5"}, "lines": {"L": lines}}
    change = {"Keys": {"order_id": {"S": f"{number}"}}, "NewImage": image, "SequenceNumber": f"{number}"}
    return {"eventID": f"{number}", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
text = json.dumps({"Records": [record(number) for number in range(5_600)]})
assert 5_900_000 < len(text) < 6_291_456, len(text)
searches = []
gc.collect()
gc.callbacks.append(lambda phase, info: searches.append(info["generation"]))
with open("/dev/null", "w") as sys.stdout:
    for _ in range(3):
        event = json.loads(text)
        assert app(event) == {"batchItemFailures": []}
        del event
sys.stdout = sys.__stdout__
assert len(seen) == 3 * 5_600
print(len(searches))
"""


def searches(**environment: str) -> int:
    """The number of searches in three events of 6 MB."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE_EVENT],
        env={**os.environ, "LOG_LEVEL": "ERROR", "AWS_LAMBDA_RUNTIME_API": "none", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(done.stdout)


def test_an_event_of_six_megabytes_is_handled_without_a_search() -> None:
    """No search stops the largest event that Lambda delivers; with Python's own settings many do."""
    assert searches() == 0
    assert searches(ROUTER_GC_TUNING="off") > 0
