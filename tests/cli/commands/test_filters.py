"""``router filters``: the filters of an app, to paste or to give to AWS's client."""

import base64
import json
from pathlib import Path

import pytest

from router.local import FilterPattern
from router.testing import inserted, kinesis_event
from tests.cli.conftest import Run

APP = """\
from router import Change, Dispatcher, Event, Routes, discriminators
routes = Routes()
@routes.on(None, Event.INSERT, entity="Order")
def handle(change: Change[None]) -> None: ...
app = Dispatcher(routes)
keyed = Dispatcher(routes, discriminator=discriminators.prefix("pk"))
loose = Dispatcher(routes, discriminator=discriminators.template("pk", "{entity}_{id}"))
strict = Dispatcher(routes, unrouted="fail")
"""
TEMPLATE = """\
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: filtered.app
      Events: {E: {Type: DynamoDB, Properties: {Stream: !GetAtt T.StreamArn, StartingPosition: LATEST}}}
"""


@pytest.fixture(autouse=True)
def filtered(folder: Path) -> Path:
    (folder / "filtered.py").write_text(APP, encoding="utf-8")
    return folder


def test_yaml_with_what_the_template_tells(run: Run, filtered: Path) -> None:
    """The criteria are those of router template --write."""
    (filtered / "template.yaml").write_text(TEMPLATE)
    ended = run("filters", app="filtered:keyed")
    pattern = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"Order#"}]}}}}'
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"FilterCriteria:\n  Filters:\n    - Pattern: '{pattern}'\n"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ("{Type: Kinesis, Properties: {Stream: !GetAtt K.Arn, StartingPosition: LATEST}}", "data"),
        ("{Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}", "body"),
    ],
)
def test_the_source_of_the_template_says_where_the_change_is(run: Run, filtered: Path, event: str, field: str) -> None:
    """Filters of Kinesis look at the data, those of a queue at the body; the option says it without a template."""
    written = TEMPLATE.replace(
        "{Type: DynamoDB, Properties: {Stream: !GetAtt T.StreamArn, StartingPosition: LATEST}}", event
    )
    (filtered / "template.yaml").write_text(written)
    ended = run("filters", "--json", app="filtered:app")
    (pattern,) = [each["Pattern"] for each in json.loads(ended.out)["filter_criteria"]["Filters"]]
    names = {"EntityType": {"S": ["Order"]}}
    inside = {"eventName": ["INSERT"], "dynamodb": {"$or": [{"NewImage": names}, {"Keys": names}]}}
    assert json.loads(pattern) == {field: inside}
    (filtered / "template.yaml").unlink()
    named = run("filters", "--json", "--source", {"data": "kinesis", "body": "sqs"}[field], app="filtered:app")
    assert json.loads(named.out)["filter_criteria"] == {"Filters": [{"Pattern": pattern}]}


def test_a_filter_of_kinesis_passes_what_has_a_route(run: Run) -> None:
    """The pattern is applied to the entry with its data decoded."""
    ended = run("filters", "--json", "--source", "kinesis", app="filtered:app")
    (filters,) = json.loads(ended.out)["filter_criteria"]["Filters"]
    pattern = FilterPattern(filters["Pattern"])
    for entity, passes in (("Order", True), ("Customer", False)):
        change = inserted({"id": "1", "EntityType": entity})
        (entry,) = kinesis_event(change)["Records"]
        data = json.loads(base64.b64decode(entry["kinesis"]["data"]))
        assert pattern.matches({"data": data, "partitionKey": "p"}) is passes


def test_without_a_template_the_keys_are_not_known(run: Run) -> None:
    """A comment says so, and the filter tests every image."""
    out = run("filters", app="filtered:keyed").out
    assert out.startswith("# The keys of the table are unknown; name a template that declares them with --template.\n")
    assert "NewImage" in out


def test_what_was_widened_is_a_comment(run: Run) -> None:
    """The output stays YAML."""
    out = run("filters", app="filtered:loose").out
    assert "\n# Only the beginning of template('pk', '{entity}_{id}') is tested.\n" in out


def test_json(run: Run, filtered: Path) -> None:
    """The criteria as AWS's client takes them, and how good they are."""
    (filtered / "template.yaml").write_text(TEMPLATE)
    document = json.loads(run("filters", "--json", app="filtered:app").out)
    (each,) = document.pop("filter_criteria")["Filters"]
    assert json.loads(each["Pattern"])["eventName"] == ["INSERT"]
    assert document == {"exact": True, "widened": [], "absent": None}


def test_no_filter_says_why(run: Run, filtered: Path) -> None:
    """Nothing to paste, in YAML and in JSON."""
    (filtered / "template.yaml").write_text(TEMPLATE)
    why = "with unrouted='fail' records without a route must pass too"
    assert run("filters", app="filtered:strict").out == f"# There must be no filter: {why}.\n"
    document = json.loads(run("filters", "--json", app="filtered:strict").out)
    assert document == {"filter_criteria": None, "exact": False, "widened": [], "absent": why}


def test_a_template_that_was_named_has_to_tell(run: Run) -> None:
    """One that was not may be of something else."""
    ended = run("filters", "--template", "nowhere.yaml", app="filtered:app")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("router: found no template nowhere.yaml")
    assert ended.err.count("\n") == 1


def test_several_tables_tell_no_keys(run: Run, filtered: Path) -> None:
    """The tables may have different keys."""
    second = TEMPLATE.replace("  T:", "  U:").replace("pk", "id")
    events = "Events: {G: {Type: DynamoDB, Properties: {Stream: !GetAtt U.StreamArn, StartingPosition: LATEST}}, "
    text = TEMPLATE.replace("Events: {", events) + second[second.index("  U:") : second.index("  F:")]
    (filtered / "template.yaml").write_text(text)
    assert run("filters", app="filtered:keyed").out.startswith("# The keys of the table are unknown")


def test_a_limit_beyond_lambdas_is_refused(run: Run) -> None:
    """AWS raises it to ten at most."""
    ended = run("filters", "--limit", "11", app="filtered:app")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
