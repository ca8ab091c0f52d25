"""Which adapters the environment chooses."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import handlers
from handlers.aws import DynamoViews, DynamoWarehouse, EventBridgeBus
from handlers.memory import MemoryBus, MemoryViews, MemoryWarehouse
from handlers.wiring import get_bus, get_views, get_warehouse
from tests.handlers.shop import recorded

SETTINGS = {"SHOP_TABLE": "Shop", "VIEWS_TABLE": "Views", "EVENT_BUS": "shop"}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SETTINGS, "SHOP_IN_MEMORY", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def test_memory_stands_in_outside_of_lambda() -> None:
    """So the shop runs anywhere."""
    kinds = [type(make()) for make in (get_views, get_warehouse, get_bus)]
    assert kinds == [MemoryViews, MemoryWarehouse, MemoryBus]


@pytest.mark.parametrize("function", [None, "shop"])
def test_what_is_named_is_used(monkeypatch: pytest.MonkeyPatch, function: str | None) -> None:
    """In Lambda and elsewhere."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    if function:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function)
    kinds = [type(make()) for make in (get_views, get_warehouse, get_bus)]
    assert kinds == [DynamoViews, DynamoWarehouse, EventBridgeBus]


@pytest.mark.parametrize("make", [get_views, get_warehouse, get_bus])
def test_lambda_never_gets_memory_by_mistake(monkeypatch: pytest.MonkeyPatch, make: object) -> None:
    """A forgotten setting would look like success and lose everything."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    assert callable(make)
    with pytest.raises(RuntimeError, match="is not set"):
        make()


def test_lambda_gets_memory_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """For trying the function out without any table."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    monkeypatch.setenv("SHOP_IN_MEMORY", "1")
    assert isinstance(get_views(), MemoryViews)


def test_the_app_as_it_is_deployed_answers() -> None:
    """With nothing overridden."""
    assert handlers.app({"Records": recorded("mixed-batch")}) == {"batchItemFailures": []}


def test_importing_the_handlers_imports_no_aws() -> None:
    """A cold start pays only for what it uses, and the adapters come later."""
    code = "import handlers, json, sys; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(subprocess.check_output([sys.executable, "-c", code], text=True))
    heavy = {"boto3", "botocore", "typer", "aws_lambda_powertools", "handlers.aws", "handlers.memory"}
    assert not heavy & set(modules)
