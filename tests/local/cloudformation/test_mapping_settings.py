"""``router.local.cloudformation.mapping_settings``: what a template says of a mapping that runs on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from router.local.cloudformation.mapping_settings import TemplateSettings, template_settings
from router.local.cloudformation.resources import TemplateError

TABLE = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      StreamSpecification: {StreamViewType: NEW_IMAGE}
"""
FUNCTION = """
  NAME:
    Type: AWS::Serverless::Function
    Properties:
      Handler: HANDLER
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: LATEST
            Enabled: false
"""
SETTINGS = """
            BatchSize: 7
            MaximumRetryAttempts: 3
            BisectBatchOnFunctionError: true
            FilterCriteria: {Filters: [{Pattern: '{"eventName": ["INSERT"]}'}]}
"""

Read = Callable[..., TemplateSettings | None]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read the settings of a template of this text."""
    monkeypatch.chdir(tmp_path)

    def read_text(text: str, function: str | None = None, app: str | None = None) -> TemplateSettings | None:
        Path("template.yaml").write_text(text, encoding="utf-8")
        return template_settings(Path("template.yaml"), function, app)

    return read_text


def function(name: str = "Fn", handler: str = "handlers.app") -> str:
    return FUNCTION.replace("NAME", name).replace("HANDLER", handler).rstrip("\n")


def test_the_mappings_settings_and_the_tables_view(read: Read) -> None:
    """By AWS's names in snake case; a run is neither disabled nor at the end of the stream."""
    assert read(TABLE + function() + SETTINGS) == TemplateSettings(
        "template.yaml, function Fn",
        {
            "batch_size": 7,
            "maximum_retry_attempts": 3,
            "bisect_batch_on_function_error": True,
            "filter_criteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
        },
        "NEW_IMAGE",
    )


def test_a_value_unknown_before_deployment_is_named_and_left_out(read: Read) -> None:
    """The others are kept."""
    unknown = "\n            BatchSize: !ImportValue sizes\n            MaximumRetryAttempts: 2\n"
    found = read(TABLE + function() + unknown)
    assert found is not None
    assert found.parameters == {"maximum_retry_attempts": 2}
    assert found.unknown == (
        "template.yaml:19: found !ImportValue as BatchSize of Fn.Changes, which is not known here; the setting has AWS's "
        "default",
    )


def test_a_table_of_another_stack_has_no_known_view(read: Read) -> None:
    """The mapping's settings count all the same."""
    found = read("Resources:" + function().replace("!GetAtt Orders.StreamArn", "!ImportValue stream") + SETTINGS)
    assert found is not None
    assert (found.view, found.parameters["batch_size"]) == (None, 7)


def test_the_app_chooses_among_several_functions(read: Read) -> None:
    """By the functions' handlers."""
    text = TABLE + function() + function("Other", "others.app") + "\n            BatchSize: 9\n"
    found = read(text, app="others:app")
    assert found is not None
    assert found.parameters == {"batch_size": 9}


def test_the_name_chooses_before_the_app(read: Read) -> None:
    """The user named the function."""
    text = TABLE + function() + function("Other", "others.app") + "\n            BatchSize: 9\n"
    found = read(text, "Fn", "others:app")
    assert found is not None
    assert found.parameters == {}


def test_several_functions_without_a_choice_are_an_error(read: Read) -> None:
    """No settings are guessed."""
    with pytest.raises(
        TemplateError, match=r"found the functions Fn, Other under a stream in template\.yaml; say which"
    ):
        read(TABLE + function() + function("Other", "others.app"), app="shop:app")


def test_a_template_without_a_mapping_has_no_settings(read: Read) -> None:
    """Such as one of another part of the system."""
    assert read(TABLE) is None
    with pytest.raises(TemplateError, match="found no function under a table's stream"):
        read(TABLE, "Fn")


def test_settings_that_lambda_refuses_are_an_error_with_their_place(read: Read) -> None:
    """In AWS's words."""
    with pytest.raises(TemplateError) as caught:
        read(TABLE + function() + "\n            BatchSize: 10001\n")
    assert str(caught.value) == (
        "template.yaml:13: found settings of Fn.Changes that Lambda refuses: 1 validation error detected: Value '10001' "
        "at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000"
    )
