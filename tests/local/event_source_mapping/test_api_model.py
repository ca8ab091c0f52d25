"""``router.local.event_source_mapping.api_model``: the settings that boto3 and Lambda's API model refuse."""

import re
import subprocess
import sys
from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from botocore.stub import Stubber
from hypothesis import given, settings
from hypothesis import strategies as st

from router.local import FilterPatternError
from router.local.event_source_mapping import MappingSettings, MappingSettingsError
from router.local.event_source_mapping.api_model import member_name
from router.local.event_source_mapping.settings import LONGEST_PATTERN
from tests.examples import examples

PATTERN = '{"eventName": ["INSERT"]}'
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed"

anything: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, 1, -2, 301, 1.5, "", "text", [], (), ["EventCount"], {}, {"Filters": []}, QUEUE]
)


def misspelt(*names: str) -> st.SearchStrategy[str]:
    """A name, most often a right one."""
    return st.sampled_from([*names * 3, *(name.lower() for name in names), *(f"{name}s" for name in names)])


def members(value: st.SearchStrategy[Any], *names: str) -> st.SearchStrategy[Any]:
    """A structure whose members may be misspelt or of other types."""
    return st.dictionaries(misspelt(*names), value | value | anything, max_size=2)


def listed(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A list whose members may be of other types."""
    return st.lists(value | value | anything, max_size=3)


destination = members(st.sampled_from([QUEUE, "arn:aws:sns:us-east-1:123456789012:failed"]), "Destination")
parameters = st.fixed_dictionaries(
    {},
    optional={
        "batch_size": st.integers(0, 100) | anything,
        "maximum_retry_attempts": st.integers(-2, 100) | anything,
        "parallelization_factor": st.integers(0, 10) | anything,
        "bisect_batch_on_function_error": st.booleans() | anything,
        "function_response_types": listed(st.just("ReportBatchItemFailures")) | anything,
        "filter_criteria": members(listed(members(st.just(PATTERN), "Pattern")), "Filters") | anything,
        "destination_config": members(destination, "OnFailure", "OnSuccess") | anything,
        "metrics_config": members(listed(st.just("EventCount")), "Metrics") | anything,
        "kms_key_arn": st.just("arn:aws:kms:us-east-1:123456789012:key/k") | anything,
        "scaling_config": members(st.integers(1, 3), "MaximumConcurrency"),
        "logging_config": members(st.just("INFO"), "SystemLogLevel"),
    },
).map(lambda given: {name: value for name, value in given.items() if value is not None})


@pytest.fixture(scope="module")
def client() -> Any:
    """boto3's client of Lambda, which no test lets send a request."""
    return boto3.client("lambda", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def boto3_report(client: Any, request: dict[str, Any]) -> str | None:
    """The text of boto3's refusal of a request, if it refuses it."""
    with Stubber(client) as stub:
        stub.add_response("create_event_source_mapping", {})
        try:
            client.create_event_source_mapping(FunctionName="f", **request)
        except ParamValidationError as error:
            return str(error)
    return None


def our_report(parameters: dict[str, Any]) -> str | None:
    """The text of our refusal for boto3's reasons, if there is one."""
    try:
        MappingSettings.of(parameters)
    except MappingSettingsError as error:
        return str(error) if error.code == "ParamValidationError" else None
    except FilterPatternError:
        return None
    return None


@settings(max_examples=examples(1_000))
@given(parameters=parameters)
def test_boto3_refuses_the_same(client: Any, parameters: dict[str, Any]) -> None:
    """Settings are refused as invalid parameters if boto3 refuses them, with boto3's words, and only then."""
    expected = boto3_report(client, {str(member_name(name)): value for name, value in parameters.items()})
    found = our_report(parameters)
    assert (found is None) == (expected is None)
    assert sorted((found or "").splitlines()) == sorted((expected or "").splitlines())


def test_default_settings_load_no_model() -> None:
    """Settings that are AWS's defaults need no botocore."""
    code = "import sys; sys.modules['botocore'] = None; from router.testing import Stream; Stream(print, enabled=True)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_missing_botocore() -> None:
    """Without botocore other settings are an error that says what to install."""
    code = "import sys; sys.modules['botocore'] = None; from router.testing import Stream; Stream(print, batch_size=2)"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.stderr.rstrip().endswith("pip install 'entity-router[testing]'")


def test_longest_pattern() -> None:
    """The length to which `router filters` splits patterns is the model's."""
    with pytest.raises(MappingSettingsError) as caught:
        MappingSettings(filter_criteria={"Filters": [{"Pattern": "x" * 10_000}]})
    assert re.findall(r"length less than or equal to (\d+)", str(caught.value)) == [str(LONGEST_PATTERN)]
