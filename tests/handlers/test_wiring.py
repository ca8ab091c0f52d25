"""The adapters that environment variables choose."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import handlers
from handlers.wiring import get_bus, get_metrics, get_pages, get_parking, get_stock
from tests.handlers.shop import recorded

SETTINGS = {"SHOP_TABLE": "shop-items", "VIEWS_TABLE": "shop-views", "EVENT_BUS": "shop-events"}
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/parked"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    others = ("SHOP_IN_MEMORY", "AWS_LAMBDA_FUNCTION_NAME", "PARKING_QUEUE", "POWERTOOLS_METRICS_NAMESPACE")
    for name in (*SETTINGS, *others, "POWERTOOLS_METRICS_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


IN_MEMORY = ("View('Views')", "Shop", "EventBridge('shop')")


def chosen() -> tuple[str, str, str]:
    """The tables and the bus, which in memory have names of their own."""
    return repr(get_pages()), get_stock()._table, repr(get_bus())


def test_memory_stands_in_outside_of_lambda() -> None:
    """Outside of Lambda, adapters without a variable are in memory."""
    assert chosen() == IN_MEMORY


@pytest.mark.parametrize("function", [None, "shop"])
def test_a_variable_selects_the_adapter_on_aws(monkeypatch: pytest.MonkeyPatch, function: str | None) -> None:
    """A variable selects the adapter on AWS, in Lambda and elsewhere."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    if function:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function)
    assert chosen() == ("View('shop-views')", "shop-items", "EventBridge('shop-events')")


@pytest.mark.parametrize("make", [get_pages, get_stock, get_bus])
def test_lambda_never_gets_memory_by_mistake(monkeypatch: pytest.MonkeyPatch, make: object) -> None:
    """In Lambda a missing variable is an error, because memory would lose data."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    assert callable(make)
    with pytest.raises(RuntimeError, match="is not set"):
        make()


def test_lambda_gets_memory_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Lambda SHOP_IN_MEMORY=1 selects the adapters in memory."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    monkeypatch.setenv("SHOP_IN_MEMORY", "1")
    assert chosen() == IN_MEMORY


def test_the_app_as_it_is_deployed_answers() -> None:
    """The app answers without overrides."""
    assert handlers.app({"Records": recorded("mixed-batch")}) == {"batchItemFailures": []}


def test_records_are_parked_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """PARKING_QUEUE names the parking queue; without it there is no parking place."""
    assert get_parking() is None
    monkeypatch.setenv("PARKING_QUEUE", QUEUE)
    assert repr(get_parking()) == f"SqsParking({QUEUE!r})"


def test_metrics_go_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """POWERTOOLS_METRICS_NAMESPACE names the namespace; without it there are no metrics."""
    assert get_metrics() is None
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Shop")
    assert repr(get_metrics()) == "Metrics('Shop')"


def test_the_deployed_shop_writes_metrics() -> None:
    """The function with the template's variables writes metrics of a recorded event."""
    code = "import handlers, json, sys; handlers.app(json.load(sys.stdin))"
    environment = {"POWERTOOLS_METRICS_NAMESPACE": "Shop", "PARKING_QUEUE": QUEUE, "LOG_LEVEL": "ERROR"}
    event = json.dumps({"Records": recorded("customer")})
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, input=event, env=environment)
    assert [json.loads(line).get("entity") for line in printed.splitlines()] == [None, "Customer"]


def test_importing_the_handlers_imports_no_aws() -> None:
    """Importing the handlers imports no AWS library."""
    code = "import handlers, json, sys; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(subprocess.check_output([sys.executable, "-c", code], text=True))
    heavy = {"boto3", "botocore", "typer", "aws_lambda_powertools", "moto"}
    assert not heavy & set(modules)
