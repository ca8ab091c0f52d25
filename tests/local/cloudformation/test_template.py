"""``router.local.cloudformation.template``: the tables and functions of a template, and errors in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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

    def test_the_function_has_its_settings(self, shop: LocalResources) -> None:
        """They are those of the deployed mapping."""
        function = shop.function()
        settings = function.settings
        assert (function.name, function.handler, function.timeout) == ("Router", "handlers.app", 60)
        assert (settings.batch_size, settings.parallelization_factor, settings.reports) == (100, 2, True)
        assert settings.destination == "arn:aws:s3:::FailedRecords"

    def test_all_tables_are_read(self, shop: LocalResources) -> None:
        """The table without a stream too, because handlers write to it."""
        found = {table.name: (table.view, table.ttl) for table in shop.tables.values()}
        assert found == {"Shop": ("NEW_AND_OLD_IMAGES", "expires_at"), "Views": (None, "expires_at")}

    def test_the_environment_has_the_tables_names(self, shop: LocalResources) -> None:
        """A table has the same name locally; an event bus does not exist."""
        assert shop.function().environment == {"SHOP_TABLE": "Shop", "VIEWS_TABLE": "Views"}


class TestReading:
    def test_an_event_has_settings_filters_and_a_destination(self, read: Read) -> None:
        """Their names are AWS's."""
        settings = read(STREAMED + FUNCTION + SETTINGS).function().settings
        assert (settings.batch_size, len(settings.filters)) == (7, 1)
        assert settings.destination == "arn:aws:sqs:us-east-1:123456789012:Failed"

    def test_missing_settings_have_awss_defaults(self, read: Read) -> None:
        """Three seconds for a function, a hundred records for a batch."""
        function = read(STREAMED + FUNCTION).function()
        assert (function.timeout, function.settings.batch_size, function.settings.reports) == (3, 100, False)

    def test_globals_apply_to_functions(self, read: Read) -> None:
        """A function's own properties override them."""
        before = "Globals: {Function: {Timeout: 9, Handler: other.app, Environment: {Variables: {T: !Ref Orders}}}}\n"
        function = read(STREAMED + FUNCTION, before).function()
        assert (function.timeout, function.handler, function.environment) == (9, "handlers.app", {"T": "Orders"})

    def test_a_text_that_equals_a_logical_id_is_no_table(self, read: Read) -> None:
        """A text that equals a TableName is one."""
        variables = "      Environment: {Variables: {SERVICE: Orders, NAME: orders, REFERENCE: !Ref Orders}}\n"
        function = FUNCTION.replace("      Events:\n", f"{variables}      Events:\n")
        assert read(STREAMED + function).function().environment == {"REFERENCE": "Orders"}
        named = STREAMED.replace("Properties:", "Properties:\n      TableName: orders", 1)
        assert read(named + function).function().environment == {"NAME": "orders", "REFERENCE": "orders"}

    def test_booleans_and_numbers_may_be_texts(self, read: Read) -> None:
        """Parameters of type String give texts."""
        texts = "            Enabled: 'false'\n            BatchSize: '7'\n"
        settings = read(STREAMED + FUNCTION + texts).function().settings
        assert (settings.enabled, settings.batch_size) == (False, 7)

    def test_a_table_is_found_by_its_name(self, read: Read) -> None:
        """The error lists the names."""
        found = read(STREAMED)
        assert found.table("Orders").view == "NEW_AND_OLD_IMAGES"
        with pytest.raises(TemplateError, match=r"found no table 'Other' in template.yaml; there is Orders"):
            found.table("Other")

    def test_a_mapping_of_plain_cloudformation_is_a_resource(self, read: Read) -> None:
        """Its FunctionName may be an ARN."""
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

    def test_a_mapping_of_a_queue_is_left_out(self, read: Read) -> None:
        """Its source is no stream of a table."""
        queue = "\n  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: 'arn:aws:sqs:a:b:c'}}\n"
        assert list(read(STREAMED + FUNCTION + queue).functions) == ["Fn"]

    def test_a_template_may_be_json(self, tmp_path: Path) -> None:
        """CloudFormation accepts both."""
        path = tmp_path / "template.json"
        path.write_text('{"Resources": {"T": {"Type": "AWS::S3::Bucket"}}}', encoding="utf-8")
        assert read_template(path).tables == {}

    def test_parameters_have_their_defaults(self, read: Read) -> None:
        """A default of type Number may be written as a text."""
        before = "Parameters: {Size: {Type: Number, Default: '12'}, Name: {Type: String, Default: named}}\n"
        resources = STREAMED.replace("Properties:", "Properties:\n      TableName: !Sub '${Name}-orders'", 1)
        function = read(resources + FUNCTION + "            BatchSize: !Ref Size\n", before).function()
        assert function.settings.batch_size == 12

    def test_a_global_table_is_a_table(self, read: Read) -> None:
        """CreateTable takes its keys and indexes, without what only the global table has."""
        resources = (
            STREAMED.replace("::Table", "::GlobalTable")
            + """
      Replicas: [{Region: eu-west-1, GlobalSecondaryIndexes: [{IndexName: byDay}]}]
      WriteProvisionedThroughputSettings: {}
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
      GlobalSecondaryIndexes:
        - IndexName: byDay
          KeySchema: [{AttributeName: day, KeyType: HASH}]
          Projection: {ProjectionType: ALL}
          WriteProvisionedThroughputSettings: {}
          WarmThroughput: {}
"""
        )
        found = read(resources + FUNCTION)
        table = found.table(found.function().table)
        assert (table.name, table.view, table.ttl) == ("Orders", "NEW_AND_OLD_IMAGES", "expires_at")
        assert "Replicas" not in table.request
        assert [set(index) for index in table.request["GlobalSecondaryIndexes"]] == [
            {"IndexName", "KeySchema", "Projection"}
        ]

    def test_a_literal_stream_belongs_to_the_table_of_its_name(self, read: Read) -> None:
        """The table's name may be composed."""
        before = "Parameters: {Stage: {Type: String, Default: dev}}\n"
        table = STREAMED.replace("Properties:", "Properties:\n      TableName: !Sub '${Stage}-orders'", 1)
        stream = "arn:aws:dynamodb:eu-west-1:111122223333:table/dev-orders/stream/2026-01-01T00:00:00.000"
        assert (
            read(table + FUNCTION.replace("!GetAtt Orders.StreamArn", stream), before).function().table == "dev-orders"
        )

    def test_a_function_takes_the_mapping_whose_table_is_here(self, read: Read) -> None:
        """Another of its mappings may read a table of another stack."""
        other = """        Others:
          Type: DynamoDB
          Properties: {Stream: !ImportValue others, StartingPosition: LATEST}
"""
        function = FUNCTION.replace("      Events:\n", f"      Events:\n{other}")
        assert read(STREAMED + function).function().table == "Orders"

    def test_a_destination_of_another_stack_is_not_needed(self, read: Read) -> None:
        """Discarded records are only counted locally."""
        settings = "            DestinationConfig: {OnFailure: {Destination: !ImportValue failed}}\n"
        assert read(STREAMED + FUNCTION + settings).function().settings.destination is not None

    def test_one_of_several_functions_is_chosen_by_name(self, read: Read) -> None:
        """Without a name the error lists the functions."""
        both = read(STREAMED + FUNCTION + FUNCTION.replace("Fn:", "Other:"))
        assert both.function("Other").name == "Other"
        with pytest.raises(TemplateError, match="found the functions Fn, Other under a stream"):
            both.function()
        with pytest.raises(TemplateError, match=r"found no function 'Fun' under a stream.*; there is Fn, Other"):
            both.function("Fun")


class TestRefusing:
    def test_json_with_tabs_is_read(self, tmp_path: Path) -> None:
        """YAML has none, and broken JSON has its line."""
        path = tmp_path / "template.json"
        path.write_text('{\n\t"Resources": {\n\t\t"T": {"Type": "AWS::S3::Bucket"}\n\t}\n}', encoding="utf-8")
        assert read_template(path).tables == {}
        path.write_text('{\n\t"Resources": {,}\n}', encoding="utf-8")
        with pytest.raises(TemplateError, match=r"template.json:2: found no JSON: "):
            read_template(path)

    def test_a_missing_file_is_refused(self, tmp_path: Path) -> None:
        """The error has the option that names another."""
        with pytest.raises(TemplateError, match=r"found no template .*nowhere.yaml, .*--template"):
            read_template(tmp_path / "nowhere.yaml")

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        """The error has the system's reason."""
        with pytest.raises(TemplateError, match="but cannot read it: Is a directory"):
            read_template(tmp_path)

    def test_a_file_that_is_no_yaml_is_refused(self, read: Read) -> None:
        """The error has the line."""
        assert refused(read, " {\n  a: [}\n").startswith("template.yaml:2: found no YAML: ")

    def test_a_file_without_resources_is_refused(self, tmp_path: Path) -> None:
        """It is YAML, but no template."""
        path = tmp_path / "template.yaml"
        path.write_text("a: 1", encoding="utf-8")
        with pytest.raises(TemplateError, match="found no Resources in"):
            read_template(path)

    def test_a_template_without_a_function_under_a_stream_is_refused(self, read: Read) -> None:
        """No function can run."""
        assert refused(read, STREAMED) == (
            "found no function under a table's stream in template.yaml, expected an event of type DynamoDB"
        )

    def test_a_table_without_a_stream_is_refused(self, read: Read) -> None:
        """The error is at the line of the table."""
        assert refused(read, TABLE + FUNCTION) == (
            "template.yaml:2: found table Orders without a stream, expected one: StreamSpecification"
        )

    def test_a_stream_of_another_table_is_refused(self, read: Read) -> None:
        """Its ARN has the table's name."""
        resources = FUNCTION.replace("!GetAtt Orders.StreamArn", "arn:aws:dynamodb:a:1:table/others/stream/x")
        assert "to be the stream of table others, which is not in this template" in refused(read, resources)

    def test_an_imported_stream_is_refused(self, read: Read) -> None:
        """Its table cannot be created locally."""
        resources = FUNCTION.replace("!GetAtt Orders.StreamArn", "!ImportValue orders-stream")
        assert refused(read, resources) == (
            "template.yaml:2: found Fn.Changes.Stream to be !ImportValue, "
            "expected !GetAtt TABLE.StreamArn of a table in this template"
        )

    def test_a_stream_of_an_undeclared_table_is_refused(self, read: Read) -> None:
        """No resource has its logical ID."""
        assert "found Fn.Changes.Stream to be !GetAtt Orders.StreamArn" in refused(read, FUNCTION)

    def test_a_setting_that_is_unknown_before_deployment_is_refused(self, read: Read) -> None:
        """A parameter with a default makes it known."""
        before = "Parameters: {Size: {Type: Number}}\n"
        assert "found !Ref Size in Fn, which is not known here" in refused(
            read, STREAMED + FUNCTION + "            BatchSize: !Ref Size\n", before
        )

    def test_a_setting_that_lambda_refuses_gives_awss_message(self, read: Read) -> None:
        """The error is at the line of the function."""
        message = refused(read, STREAMED + FUNCTION + "            BatchSize: 20000\n")
        assert message.startswith("template.yaml:9: found settings of Fn that Lambda refuses: 1 validation error")

    def test_a_misspelled_setting_gets_the_nearest_name(self, read: Read) -> None:
        """The error asks for it."""
        assert "did you mean 'batch_size'?" in refused(read, STREAMED + FUNCTION + "            BatchSizes: 2\n")

    def test_a_filter_that_lambda_refuses_is_refused(self, read: Read) -> None:
        """The pattern is no JSON."""
        pattern = "            FilterCriteria: {Filters: [{Pattern: '{'}]}\n"
        assert "found settings of Fn that Lambda refuses" in refused(read, STREAMED + FUNCTION + pattern)

    def test_a_table_without_a_key_is_refused(self, read: Read) -> None:
        """DynamoDB refuses it too; the other tables can be read."""
        found = read(STREAMED + "\n  T: {Type: AWS::DynamoDB::Table}\n")
        assert found.table("Orders").view == "NEW_AND_OLD_IMAGES"
        with pytest.raises(TemplateError, match="found no KeySchema and AttributeDefinitions in table T"):
            found.table("T")


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        ("Globals: {Function: !ImportValue x}\n", "", ""),
        ("Globals: [a]\n", "", ""),
        ("Parameters: [a]\nConditions: [b]\nMappings: c\n", "", ""),
        ("", "    Type: AWS::Serverless::Function", "    Type: AWS::Serverless::Function\n    Condition: {a: b}"),
        ("", "    Type: AWS::Serverless::Function", "    Type: AWS::Serverless::Function\n    Metadata: [a]"),
        ("", "      Handler: handlers.app", "      Handler: handlers.app\n      Layers: x\n      Environment: []"),
    ],
)
def test_a_section_of_another_form_is_no_crash(read: Read, before: str, old: str, new: str) -> None:
    """CloudFormation refuses it; the function has the rest."""
    assert read(STREAMED + FUNCTION.replace(old, new), before).function().handler == "handlers.app"
