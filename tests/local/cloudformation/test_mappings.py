"""``router.local.cloudformation.mappings``: the mappings of a template."""

from pathlib import Path

import pytest

from router.local.cloudformation.mapping_source import source_of
from router.local.cloudformation.mappings import function_mappings, keys_of, source_text, stream_mappings
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


OTHERS = """
Resources:
  Changes: {Type: AWS::Kinesis::Stream}
  Queue: {Type: AWS::SQS::Queue}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: shop.app
      Events:
        Kinesis: {Type: Kinesis, Properties: {Stream: !GetAtt Changes.Arn, StartingPosition: LATEST}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
        Api: {Type: Api, Properties: {Path: /, Method: get}}
  ByArn:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Fn, EventSourceArn: "arn:aws:kinesis:eu-west-1:1:stream/x", StartingPosition: LATEST}
  ByQueue: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Fn, EventSourceArn: !GetAtt Queue.Arn}}
  ByStream:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Fn, EventSourceArn: !GetAtt Changes.Arn, StartingPosition: LATEST}
"""


def test_mappings_of_kinesis_and_queues_are_found(tmp_path: Path) -> None:
    """As SAM's events and as resources; a function that only they invoke is the only one."""
    path = tmp_path / "template.yaml"
    path.write_text(OTHERS, encoding="utf-8")
    template = TemplateFile(path)
    found = {each.name: source_of(each, template) for each in function_mappings(template, None)}
    assert found == {
        "Fn.Kinesis": "kinesis",
        "Fn.Queue": "sqs",
        "ByArn": "kinesis",
        "ByQueue": "sqs",
        "ByStream": "kinesis",
    }
    with pytest.raises(TemplateError, match="found no function under a table's stream"):
        stream_mappings(template, None)


def test_a_function_under_a_tables_stream_comes_first(tmp_path: Path) -> None:
    """A consumer of a queue beside it has to be named."""
    path = tmp_path / "template.yaml"
    other = (
        "  Other:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: other.handler\n"
        "      Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}\n"
    )
    path.write_text(f"{GOOD}{other}", encoding="utf-8")
    template = TemplateFile(path)
    assert [each.name for each in function_mappings(template, None)] == ["Fn.Changes"]
    assert [each.name for each in function_mappings(template, "Other")] == ["Other.Q"]


PLAIN = """
Parameters: {Alias: {Type: String, Default: live}}
Conditions: {Never: !Equals [a, b], Maybe: !Equals [!Ref AWS::AccountId, "1"]}
Resources:
  Orders:
    Type: AWS::DynamoDB::GlobalTable
    Properties: {TableName: orders, KeySchema: [{AttributeName: pk, KeyType: HASH}], Replicas: [{Region: eu-west-1}]}
  Fn: {Type: AWS::Lambda::Function, Properties: {FunctionName: worker, Handler: handlers.app}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !GetAtt Fn.Arn, Name: !Ref Alias}}
"""
MAPPING = """  Mapping%s:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: %s, EventSourceArn: %s, StartingPosition: LATEST}
"""


def plain(tmp_path: Path, *mappings: str) -> TemplateFile:
    """A template of plain CloudFormation with some mappings."""
    path = tmp_path / "template.yaml"
    path.write_text(PLAIN + "".join(mappings), encoding="utf-8")
    return TemplateFile(path)


@pytest.mark.parametrize(
    "function",
    [
        "worker",
        "!Ref Fn",
        "!Ref Live",
        "!Sub '${Fn}:${Alias}'",
        "!Sub '${Fn.Arn}:live'",
        "111122223333:function:worker",
    ],
)
def test_a_mapping_may_name_its_function_in_every_form(tmp_path: Path, function: str) -> None:
    """By name, ARN, version or alias."""
    template = plain(tmp_path, MAPPING % ("", function, "!GetAtt Orders.StreamArn"))
    assert [each.function for each in stream_mappings(template, None)] == ["Fn"]


@pytest.mark.parametrize(
    "stream",
    [
        "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000",
        "!Sub 'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Orders}/stream/x'",
        "!Join ['/', [!GetAtt Orders.Arn, stream, x]]",
        "!Select [0, [!GetAtt Orders.StreamArn]]",
    ],
)
def test_a_stream_belongs_to_the_table_that_its_arn_names(tmp_path: Path, stream: str) -> None:
    """Also if the table is global."""
    template = plain(tmp_path, MAPPING % ("", "worker", stream))
    (mapping,) = stream_mappings(template, None)
    table = template.table_of(mapping.stream)
    assert (table.name if table else None, keys_of(template, mapping)) == ("Orders", ("pk",))


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (
            "arn:aws:dynamodb:eu-west-1:1:table/others/stream/x",
            "the stream of table others, which is not in this template",
        ),
        ("!ImportValue stream", "!ImportValue"),
        ("!GetAtt Others.StreamArn", "!GetAtt Others.StreamArn"),
        ("a-placeholder", "no stream of a table"),
    ],
)
def test_a_stream_of_no_table_of_the_template_is_described(tmp_path: Path, stream: str, text: str) -> None:
    """It may be another stack's."""
    template = plain(tmp_path, MAPPING % ("", "worker", stream))
    (mapping,) = stream_mappings(template, None)
    assert (template.table_of(mapping.stream), source_text(mapping.stream)) == (None, text)


def test_a_mapping_under_a_condition_that_fails_is_left_out(tmp_path: Path) -> None:
    """Unless there is no other; a condition that is unknown may hold."""
    stream = "!GetAtt Orders.StreamArn"
    never = (MAPPING % ("Never", "worker", stream)) + "    Condition: Never\n"
    maybe = (MAPPING % ("Maybe", "worker", stream)) + "    Condition: Maybe\n"
    assert [each.name for each in stream_mappings(plain(tmp_path, never, maybe), None)] == ["MappingMaybe"]
    assert [each.name for each in stream_mappings(plain(tmp_path, never), None)] == ["MappingNever"]


def test_the_error_names_the_templates_of_nested_stacks(tmp_path: Path) -> None:
    """One of them may have the function."""
    (tmp_path / "orders.yaml").touch()
    nested = "  Nested: {Type: AWS::Serverless::Application, Properties: {Location: ./orders.yaml}}\n"
    with pytest.raises(TemplateError, match=r"its nested stacks are in .*orders.yaml: name one with --template"):
        stream_mappings(plain(tmp_path, nested), None)


def test_an_event_may_be_chosen_by_a_condition(tmp_path: Path) -> None:
    """It has the line of its function then."""
    path = tmp_path / "template.yaml"
    event = "{Type: DynamoDB, Properties: {Stream: !GetAtt T.StreamArn, StartingPosition: LATEST}}"
    path.write_text(
        "Conditions: {Dev: !Equals [a, a]}\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
        f"    Properties:\n      Events: !If [Dev, {{Changes: {event}}}, {{}}]\n",
        encoding="utf-8",
    )
    (mapping,) = stream_mappings(TemplateFile(path), None)
    assert (mapping.name, mapping.declaration.line) == ("Fn.Changes", 3)
