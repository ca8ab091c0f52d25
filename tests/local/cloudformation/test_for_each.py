"""``router.local.cloudformation.for_each``: loops of AWS::LanguageExtensions."""

from __future__ import annotations

from pathlib import Path

from router.local.cloudformation.mappings import stream_mappings
from router.local.cloudformation.resources import TemplateFile

LOOPS = """
Parameters: {Names: {Type: CommaDelimitedList, Default: "Orders,Returns"}, Others: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Tables:
    - Name
    - !Ref Names
    - ${Name}Table:
        Type: AWS::DynamoDB::Table
        Properties:
          TableName: !Sub shop-${Name}
          KeySchema: [{AttributeName: !Ref Name, KeyType: HASH}]
          StreamSpecification: {StreamViewType: NEW_IMAGE}
  Fn::ForEach::Unknown: [Name, !Ref Others, {"Other${Name}": {Type: AWS::S3::Bucket}}]
  Fn::ForEach::Wrong: [Name]
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.app
      Events:
        Fn::ForEach::Events:
          - Name
          - [Orders, Returns]
          - From&{Name}:
              Type: DynamoDB
              Properties: {Stream: !GetAtt ["OrdersTable", StreamArn], StartingPosition: LATEST, BatchSize: 5}
"""


def test_loops_are_resources_and_events(tmp_path: Path) -> None:
    """They have the line of the loop; a loop over unknown values is left out."""
    path = tmp_path / "template.yaml"
    path.write_text(LOOPS, encoding="utf-8")
    template = TemplateFile(path)
    assert list(template.resources) == ["Fn", "OrdersTable", "ReturnsTable"]
    assert template.resources["ReturnsTable"].line == 4
    assert template.resources["ReturnsTable"].values["TableName"] == "shop-Returns"
    assert template.resources["ReturnsTable"].values["KeySchema"][0]["AttributeName"] == "Returns"
    assert [each.name for each in stream_mappings(template, None)] == ["Fn.FromOrders", "Fn.FromReturns"]
