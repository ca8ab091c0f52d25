"""``router.local.function_limits``: the limits of a Lambda function."""

from typing import Any

import pytest

from router.local.function_limits import LONGEST_TIMEOUT, LONGEST_TIMEOUT_ON_MANAGED_INSTANCES, MEMORY

pytest.importorskip("botocore", reason="has the model of Lambda's API")


@pytest.fixture(scope="module")
def shapes() -> dict[str, Any]:
    """The shapes of Lambda's API in the installed botocore."""
    from botocore.loaders import Loader

    found: dict[str, Any] = Loader().load_service_model("lambda", "service-2")["shapes"]
    return found


def test_the_memory_is_that_of_the_model(shapes: dict[str, Any]) -> None:
    """In MB."""
    assert (shapes["MemorySize"]["min"], shapes["MemorySize"]["max"]) == MEMORY


def test_the_longest_time_out_is_that_of_the_model(shapes: dict[str, Any]) -> None:
    """The model has one limit, for functions on Managed Instances and for others."""
    assert shapes["Timeout"]["max"] in (LONGEST_TIMEOUT, LONGEST_TIMEOUT_ON_MANAGED_INSTANCES)
