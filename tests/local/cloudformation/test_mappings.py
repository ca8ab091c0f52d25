"""``router.local.cloudformation.mappings``: the mappings of a template."""

from pathlib import Path

import pytest

from router.local.cloudformation.mappings import stream_mappings
from router.local.cloudformation.resources import TemplateError, TemplateFile
from tests.local.lint.deployments import (
    GOOD,
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "  T: {Type: AWS::S3::Bucket}",
            "found no function under a table's stream in .*, expected an event of type",
        ),
        ("  T: {Type: !Reff X}", "template.yaml:2: found !Reff, expected a function of CloudFormation"),
        ("  T: {Type: A, Properties: {X: !Subs [a, b]}}", "template.yaml:2: found !Subs, expected"),
    ],
)
def test_a_template_without_mappings_or_with_undefined_functions_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    """One line gives the reason."""
    path = tmp_path / "template.yaml"
    path.write_text(f"Resources:\n{text}\n", encoding="utf-8")
    with pytest.raises(TemplateError, match=message):
        stream_mappings(TemplateFile(path), None)


def test_one_of_several_functions_is_chosen_by_name(tmp_path: Path) -> None:
    """The error lists the names."""
    path = tmp_path / "template.yaml"
    body = GOOD.partition("  Fn:")[2].partition("  Failed:")[0]
    path.write_text(f"{GOOD}  Other:{body}", encoding="utf-8")
    template = TemplateFile(path)
    assert [each.function for each in stream_mappings(template, "Other")] == ["Other"]
    with pytest.raises(TemplateError, match="found the functions Fn, Other under a stream"):
        stream_mappings(template, None)
    with pytest.raises(TemplateError, match=r"found no function 'Fun' under a stream in .*; there is Fn, Other"):
        stream_mappings(template, "Fun")


@pytest.mark.parametrize(
    ("source", "position", "taken"),
    [
        ("!ImportValue stream", "LATEST", True),
        ("!ImportValue queue", None, False),
        ("!GetAtt Kinesis.Arn", "LATEST", False),
        ("arn:aws:kinesis:us-east-1:123456789012:stream/x", "LATEST", False),
    ],
)
def test_an_unknown_source_with_a_starting_position_may_be_a_stream(
    tmp_path: Path, source: str, position: str | None, taken: bool
) -> None:
    """Mappings of queues have no StartingPosition."""
    path = tmp_path / "template.yaml"
    properties = f"{{FunctionName: f, EventSourceArn: {source}{f', StartingPosition: {position}' if position else ''}}}"
    path.write_text(
        f"Resources:\n  M: {{Type: AWS::Lambda::EventSourceMapping, Properties: {properties}}}\n"
        "  Kinesis: {Type: AWS::Kinesis::Stream}\n",
        encoding="utf-8",
    )
    if taken:
        assert len(stream_mappings(TemplateFile(path), None)) == 1
    else:
        with pytest.raises(TemplateError):
            stream_mappings(TemplateFile(path), None)
