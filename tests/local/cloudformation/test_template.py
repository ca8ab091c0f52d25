"""``router.local.cloudformation.template``: what a template says, in SAM and in CloudFormation, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from router.local.cloudformation.intrinsics import Unknown, resolve
from router.local.cloudformation.template import LocalResources, TemplateError, read_template

TABLE = """
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
STREAMED = TABLE + "      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}\n"
FUNCTION = """
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.app
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: TRIM_HORIZON
"""
SETTINGS = """            BatchSize: 7
            FilterCriteria: {Filters: [{Pattern: '{"eventName": ["INSERT"]}'}]}
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}
  Failed: {Type: AWS::SQS::Queue}
"""

Read = Callable[..., LocalResources]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read a template of resources, and of sections before them."""
    monkeypatch.chdir(tmp_path)

    def of(resources: str, before: str = "") -> LocalResources:
        Path("template.yaml").write_text(f"{before}Resources:{resources}", encoding="utf-8")
        return read_template(Path("template.yaml"))

    return of


def refused(read: Read, resources: str, before: str = "") -> str:
    with pytest.raises(TemplateError) as caught:
        read(resources, before).function()
    message = str(caught.value)
    assert "\n" not in message
    return message


class TestTheShop:
    """This project's own template."""

    @pytest.fixture
    def shop(self) -> LocalResources:
        return read_template(Path(__file__).parents[3] / "template.yaml")

    def test_the_function_and_its_settings(self, shop: LocalResources) -> None:
        """What deploys is what runs here."""
        function = shop.function()
        settings = function.settings
        assert (function.name, function.handler, function.timeout) == ("Router", "handlers.app", 60)
        assert (settings.batch_size, settings.parallelization_factor, settings.reports) == (100, 2, True)
        assert settings.destination == "arn:aws:s3:::FailedRecords"

    def test_the_tables(self, shop: LocalResources) -> None:
        """All of them, the one without a stream too, since handlers write to it."""
        told = {table.name: (table.view, table.ttl) for table in shop.tables.values()}
        assert told == {"Shop": ("NEW_AND_OLD_IMAGES", "expires_at"), "Views": (None, "expires_at")}

    def test_the_environment_is_what_means_something_here(self, shop: LocalResources) -> None:
        """A table is here under its name; a bus is not."""
        assert shop.function().environment == {"SHOP_TABLE": "Shop", "VIEWS_TABLE": "Views"}


class TestReading:
    def test_settings_filters_and_destination(self, read: Read) -> None:
        """By SAM's names, which are AWS's."""
        settings = read(STREAMED + FUNCTION + SETTINGS).function().settings
        assert (settings.batch_size, len(settings.filters)) == (7, 1)
        assert settings.destination == "arn:aws:sqs:us-east-1:123456789012:Failed"

    def test_what_is_not_said_is_awss_default(self, read: Read) -> None:
        """A function has three seconds, a batch a hundred records."""
        function = read(STREAMED + FUNCTION).function()
        assert (function.timeout, function.settings.batch_size, function.settings.reports) == (3, 100, False)

    def test_globals_hold_for_functions(self, read: Read) -> None:
        """As in SAM, a function's own properties come first."""
        before = "Globals: {Function: {Timeout: 9, Handler: other.app, Environment: {Variables: {T: !Ref Orders}}}}\n"
        function = read(STREAMED + FUNCTION, before).function()
        assert (function.timeout, function.handler, function.environment) == (9, "handlers.app", {"T": "Orders"})

    def test_a_text_is_no_table_by_chance(self, read: Read) -> None:
        """A logical ID is nobody's name, while TableName is."""
        variables = "      Environment: {Variables: {SERVICE: Orders, NAME: orders, REFERENCE: !Ref Orders}}\n"
        function = FUNCTION.replace("      Events:\n", f"{variables}      Events:\n")
        assert read(STREAMED + function).function().environment == {"REFERENCE": "Orders"}
        named = STREAMED.replace("Properties:", "Properties:\n      TableName: orders", 1)
        assert read(named + function).function().environment == {"NAME": "orders", "REFERENCE": "orders"}

    def test_switches_and_numbers_may_be_texts(self, read: Read) -> None:
        """As parameters of type String give them."""
        texts = "            Enabled: 'false'\n            BatchSize: '7'\n"
        settings = read(STREAMED + FUNCTION + texts).function().settings
        assert (settings.enabled, settings.batch_size) == (False, 7)

    def test_a_table_by_its_name(self, read: Read) -> None:
        """Or which there are."""
        found = read(STREAMED)
        assert found.table("Orders").view == "NEW_AND_OLD_IMAGES"
        with pytest.raises(TemplateError, match=r"found no table 'Other' in template.yaml; there is Orders"):
            found.table("Other")

    def test_plain_cloudformation(self, read: Read) -> None:
        """A mapping is a resource of its own there."""
        function = read(
            STREAMED
            + """
  Fn: {Type: AWS::Lambda::Function, Properties: {FunctionName: worker, Handler: handlers.app, Timeout: 5}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !GetAtt Fn.Arn
      EventSourceArn: {"Fn::GetAtt": [Orders, StreamArn]}
      StartingPosition: LATEST
      BatchSize: 3
"""
        ).function()
        assert (function.name, function.handler, function.timeout) == ("Fn", "handlers.app", 5)
        assert (function.settings.batch_size, function.settings.starting_position) == (3, "LATEST")

    def test_a_mapping_of_a_queue_is_passed_over(self, read: Read) -> None:
        """It is no stream."""
        queue = "\n  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: 'arn:aws:sqs:a:b:c'}}\n"
        assert list(read(STREAMED + FUNCTION + queue).functions) == ["Fn"]

    def test_a_template_may_be_json(self, tmp_path: Path) -> None:
        """CloudFormation takes both."""
        path = tmp_path / "template.json"
        path.write_text('{"Resources": {"T": {"Type": "AWS::S3::Bucket"}}}', encoding="utf-8")
        assert read_template(path).tables == {}

    def test_parameters_have_their_defaults(self, read: Read) -> None:
        """Numbers as numbers, whichever way they are written."""
        before = "Parameters: {Size: {Type: Number, Default: '12'}, Name: {Type: String, Default: named}}\n"
        resources = STREAMED.replace("Properties:", "Properties:\n      TableName: !Sub '${Name}-orders'", 1)
        function = read(resources + FUNCTION + "            BatchSize: !Ref Size\n", before).function()
        assert function.settings.batch_size == 12

    def test_several_functions_are_told_apart_by_name(self, read: Read) -> None:
        """And asked for where no name is given."""
        both = read(STREAMED + FUNCTION + FUNCTION.replace("Fn:", "Other:"))
        assert both.function("Other").name == "Other"
        with pytest.raises(TemplateError, match="found the functions Fn, Other under a stream"):
            both.function()
        with pytest.raises(TemplateError, match=r"found no function 'Fun' under a stream.*; there is Fn, Other"):
            both.function("Fun")


class TestRefusing:
    def test_no_file(self, tmp_path: Path) -> None:
        """It says how to name another."""
        with pytest.raises(TemplateError, match=r"found no template .*nowhere.yaml, .*--template"):
            read_template(tmp_path / "nowhere.yaml")

    def test_a_folder(self, tmp_path: Path) -> None:
        """It cannot be read."""
        with pytest.raises(TemplateError, match="but cannot read it: Is a directory"):
            read_template(tmp_path)

    def test_no_yaml(self, read: Read) -> None:
        """With the line."""
        assert refused(read, " {\n  a: [}\n").startswith("template.yaml:2: found no YAML: ")

    def test_no_resources(self, tmp_path: Path) -> None:
        """Some other YAML."""
        path = tmp_path / "template.yaml"
        path.write_text("a: 1", encoding="utf-8")
        with pytest.raises(TemplateError, match="found no Resources in"):
            read_template(path)

    def test_no_function_under_a_stream(self, read: Read) -> None:
        """There is nothing to run."""
        assert refused(read, STREAMED) == (
            "found no function under a table's stream in template.yaml, expected an event of type DynamoDB"
        )

    def test_a_table_without_a_stream(self, read: Read) -> None:
        """At the line of the table."""
        assert refused(read, TABLE + FUNCTION) == (
            "template.yaml:2: found table Orders without a stream, expected one: StreamSpecification"
        )

    def test_a_stream_from_elsewhere(self, read: Read) -> None:
        """Another stack's table cannot be made here."""
        resources = FUNCTION.replace("!GetAtt Orders.StreamArn", "!ImportValue orders-stream")
        assert refused(read, resources) == (
            "template.yaml:2: found Fn.Changes.Stream to be !ImportValue, "
            "expected !GetAtt TABLE.StreamArn of a table in this template"
        )

    def test_an_unknown_table(self, read: Read) -> None:
        """A name that no resource has."""
        assert "found Fn.Changes.Stream to be !GetAtt Orders.StreamArn" in refused(read, FUNCTION)

    def test_a_setting_that_only_a_deployment_knows(self, read: Read) -> None:
        """It has to be given a value to run here."""
        before = "Parameters: {Size: {Type: Number}}\n"
        assert "found !Ref Size in Fn, which is not known here" in refused(
            read, STREAMED + FUNCTION + "            BatchSize: !Ref Size\n", before
        )

    def test_a_setting_that_lambda_refuses(self, read: Read) -> None:
        """In AWS's words."""
        message = refused(read, STREAMED + FUNCTION + "            BatchSize: 20000\n")
        assert message.startswith("template.yaml:9: found settings of Fn that Lambda refuses: 1 validation error")

    def test_a_setting_that_does_not_exist(self, read: Read) -> None:
        """With the one that was meant."""
        assert "did you mean 'batch_size'?" in refused(read, STREAMED + FUNCTION + "            BatchSizes: 2\n")

    def test_a_filter_that_lambda_refuses(self, read: Read) -> None:
        """A pattern that is no JSON."""
        pattern = "            FilterCriteria: {Filters: [{Pattern: '{'}]}\n"
        assert "found settings of Fn that Lambda refuses" in refused(read, STREAMED + FUNCTION + pattern)

    def test_a_table_without_a_key(self, read: Read) -> None:
        """DynamoDB would refuse it."""
        assert "found no KeySchema and AttributeDefinitions in table T" in refused(
            read, "\n  T: {Type: AWS::DynamoDB::Table}\n"
        )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::Join": ["-", ["a", {"Ref": "P"}]]}, "a-p"),
        ({"Fn::Sub": ["${X}-${P}-${!Y}", {"X": "x"}]}, "x-p-${Y}"),
        ({"Fn::Sub": "${Unknown}"}, Unknown("!Sub ${Unknown}")),
        ({"Fn::Join": ["-", [{"Ref": "Unknown"}]]}, Unknown("!Join")),
        ({"Fn::If": ["A", 1, 2]}, Unknown("!If")),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ([{"Ref": "AWS::NoValue"}, {"Ref": "List"}], [["a", "b"]]),
        ({"Ref": "Topic"}, "arn:aws:sns:us-east-1:123456789012:news"),
        ({"Fn::GetAtt": "Topic.Other"}, Unknown("!GetAtt Topic.Other")),
        ({"Fn::GetAtt": ["Bus", "Arn"]}, Unknown("!GetAtt Bus.Arn")),
    ],
)
def test_intrinsic_functions(value: Any, expected: Any) -> None:
    """As far as one can know them without deploying."""
    template = {
        "Parameters": {
            "P": {"Type": "String", "Default": "p"},
            "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
        },
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
            "Bus": {"Type": "AWS::Events::EventBus"},
        },
    }
    assert resolve(value, template) == expected
