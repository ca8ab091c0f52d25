"""``router.local.lint``: each rule finds its mistake, and nothing once that is mended."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from router import (
    Change,
    Dispatcher,
    Insert,
    JsonLinesParking,
    MemoryParking,
    Modify,
    Remove,
    Routes,
    any_of,
    changed,
    discriminators,
    not_,
    where,
)
from router.local.cloudformation.resources import Stack, TemplateError
from router.local.lint import RULES, Deployment, Finding, find_handler, lint, mapped_streams
from router.local.lint.handler_lookup import Handler
from router.parking import S3Parking, SqsParking

GOOD = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: shop.app
      Timeout: 60
      Environment: {Variables: {ORDERS: !Ref Orders}}
      Policies:
        - DynamoDBReadPolicy: {TableName: !Ref Orders}
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: TRIM_HORIZON
            FunctionResponseTypes: [ReportBatchItemFailures]
            BisectBatchOnFunctionError: true
            MaximumRecordAgeInSeconds: 3600
            MaximumRetryAttempts: 1000
            DestinationConfig: {OnFailure: {Type: S3, Destination: !GetAtt Failed.Arn}}
  Failed: {Type: AWS::S3::Bucket}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
"""
ROLE = """
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]
      Policies:
        - PolicyName: all
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: ["sqs:SendMessage"], Resource: !GetAtt Queue.Arn}
"""


class Order(BaseModel):
    pk: str
    status: str = "NEW"


class Customer(BaseModel):
    pk: str


def shop(**options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on_insert(Order)
    def place(change: Insert[Order]) -> None: ...

    @routes.on_modify(Order, changed("status", to="SHIPPED"))
    def ship(change: Modify[Order]) -> None: ...

    @routes.on_remove(Order, cause="ttl")
    def expire(change: Remove[Order]) -> None: ...

    return Dispatcher(routes, **options)


Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judge a template, the good one unless pairs of texts change it, with an app."""

    def of(
        *changes: tuple[str, str],
        app: Dispatcher | None = None,
        per_record: float = 0.05,
        ignored: Sequence[str] = (),
        handler: Handler | None = None,
        more: str = "",
    ) -> list[Finding]:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "template.yaml"
        path.write_text(text + more, encoding="utf-8")
        stack = Stack(path)
        (mapped,) = mapped_streams(stack, None)
        app = shop() if app is None else app
        there = handler or Handler("shop.app", f"{path}:13", found=app)
        return list(lint(Deployment(stack, mapped, there, app, per_record), ignored).findings)

    return of


def ids(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def line_of(finding: Finding) -> str:
    """The text of the line that a finding names."""
    path, _, line = finding.place.rpartition(":")
    return Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip()


SETTINGS = "            StartingPosition: TRIM_HORIZON\n"
BISECT = "            BisectBatchOnFunctionError: true\n"
REPORTS = "            FunctionResponseTypes: [ReportBatchItemFailures]\n"
AGE = "            MaximumRecordAgeInSeconds: 3600\n"
ATTEMPTS = "            MaximumRetryAttempts: 1000\n"
DESTINATION = "            DestinationConfig: {OnFailure: {Type: S3, Destination: !GetAtt Failed.Arn}}\n"
VIEW = "StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}"
TTL = "      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}\n"
POLICY = "DynamoDBReadPolicy: {TableName: !Ref Orders}"
OWN_POLICY = "      Policies:\n        - DynamoDBReadPolicy: {TableName: !Ref Orders}\n"


def test_a_right_deployment_has_no_findings(judge: Judge) -> None:
    """What every other test here breaks is whole, so each rule is silent once its mistake is mended."""
    assert judge() == []


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        (REPORTS, "", "no-partial-failures", "Changes:"),
        ("[ReportBatchItemFailures]", "[]", "no-partial-failures", "FunctionResponseTypes: []"),
        (BISECT, "", "no-bisect", "Changes:"),
        (AGE + ATTEMPTS, "", "endless-retries", "Changes:"),
        (AGE + ATTEMPTS, "            MaximumRecordAgeInSeconds: 86401\n", "endless-retries", "Changes:"),
        ("Seconds: 3600", "Seconds: 604800", "age-beyond-stream", "MaximumRecordAgeInSeconds: 604800"),
        (DESTINATION, "", "no-destination", "Changes:"),
        (DESTINATION, "            DestinationConfig: {}\n", "no-destination", "DestinationConfig: {}"),
        (
            "{Type: S3, Destination: !GetAtt Failed.Arn}",
            "{Type: SQS, Destination: !GetAtt Queue.Arn}",
            "destination-without-records",
            "DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Queue.Arn}}",
        ),
        (
            "{Type: S3, Destination: !GetAtt Failed.Arn}",
            "{Type: SNS, Destination: !Ref Topic}",
            "destination-without-records",
            "DestinationConfig: {OnFailure: {Type: SNS, Destination: !Ref Topic}}",
        ),
        (
            "{Type: S3, Destination",
            "{Destination",
            "destination-not-allowed",
            "DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}",
        ),
        ("TRIM_HORIZON", "LATEST", "starts-at-latest", "StartingPosition: LATEST"),
        (ATTEMPTS, f"{ATTEMPTS}            Enabled: 'false'\n", "mapping-disabled", "Enabled: 'false'"),
        (
            ATTEMPTS,
            f"{ATTEMPTS}            ParallelizationFactor: 11\n",
            "mapping-refused",
            "ParallelizationFactor: 11",
        ),
        (
            ATTEMPTS,
            f"{ATTEMPTS}            FilterCriteria: {{Filters: [{{Pattern: '{{'}}]}}\n",
            "mapping-refused",
            "FilterCriteria:",
        ),
        (SETTINGS, "", "mapping-refused", "Changes:"),
        (
            ATTEMPTS,
            f"{ATTEMPTS}            TumblingWindowInSeconds: 60\n",
            "tumbling-window",
            "TumblingWindowInSeconds: 60",
        ),
        (
            "Timeout: 60",
            "Timeout: 60\n      ReservedConcurrentExecutions: 0",
            "function-stopped",
            "ReservedConcurrentExecutions: 0",
        ),
        (VIEW, "BillingMode: PAY_PER_REQUEST", "no-stream", "Orders:"),
        (VIEW, VIEW.replace("NEW_AND_OLD_IMAGES", "NEW_IMAGE"), "image-missing", "StreamSpecification: {"),
        (TTL, "", "ttl-off", "Orders:"),
        (TTL, TTL.replace("true", "false"), "ttl-off", "TimeToLiveSpecification: {"),
        ("Timeout: 60", "Timeout: 3", "batch-beyond-timeout", "Changes:"),
    ],
)
def test_settings(judge: Judge, old: str, new: str, rule: str, line: str) -> None:
    """Each alone, at the line that is wrong, or where it is missing."""
    findings = judge((old, new))
    assert ids(findings) == [rule]
    assert line_of(findings[0]).startswith(line)


class TestDestinations:
    def test_a_function_with_a_dead_letter_queue_is_told_what_that_is_for(self, judge: Judge) -> None:
        """Tutorials mix them up."""
        (found,) = judge((DESTINATION, ""), ("Timeout: 60", "Timeout: 60\n      DeadLetterQueue: {Type: SQS}"))
        assert found.why.endswith("The function's DeadLetterQueue takes part in asynchronous invocations only.")

    def test_endless_retries_ask_for_a_destination_too(self, judge: Judge) -> None:
        """Both are to be mended, so both are told at once."""
        assert ids(judge((AGE + ATTEMPTS + DESTINATION, ""))) == ["endless-retries", "no-destination"]

    @pytest.mark.parametrize(
        "policy",
        [
            "S3WritePolicy: {BucketName: !Ref Failed}",
            "S3CrudPolicy: {BucketName: !Ref Failed}",
            "Statement: [{Effect: Allow, Action: s3:Put*, Resource: '*'}]",
            "Statement: {Effect: Allow, Action: S3:PUTOBJECT, Resource: !Sub '${Failed.Arn}/aws/lambda/*'}",
        ],
    )
    def test_a_policy_that_allows_it(self, judge: Judge, policy: str) -> None:
        """Without the Type from which SAM would make one."""
        assert judge(("{Type: S3, Destination", "{Destination"), (POLICY, policy)) == []

    @pytest.mark.parametrize(
        "policy",
        [
            "Statement: [{Effect: Allow, Action: s3:PutObject, Resource: !GetAtt Failed.Arn}]",
            "Statement: [{Effect: Allow, Action: s3:GetObject, Resource: '*'}]",
            "SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}",
            "Statement: [{Effect: Allow, Action: '*', Resource: '*'}, {Effect: Deny, Action: s3:*, Resource: '*'}]",
        ],
    )
    def test_a_policy_that_does_not(self, judge: Judge, policy: str) -> None:
        """For a bucket's objects have other ARNs than the bucket, and a denial comes first."""
        changes = (("{Type: S3, Destination", "{Destination"), (POLICY, policy))
        assert ids(judge(*changes)) == ["destination-not-allowed"]

    @pytest.mark.parametrize(
        "policy",
        [
            "SomeNewPolicy: {Name: x}",
            "Statement: [{Effect: Allow, NotAction: x, Resource: '*'}]",
            "Statement: [{Effect: Allow, Action: s3:PutObject, Resource: !ImportValue bucket}]",
            "Statement: [{Effect: Deny, Action: s3:PutObject, Resource: '*', Condition: {A: {b: c}}}, !If [A, B, C]]",
            "Version: x",
        ],
    )
    def test_a_policy_that_cannot_be_read(self, judge: Judge, policy: str) -> None:
        """May allow it, so it is not judged."""
        (note,) = judge(("{Type: S3, Destination", "{Destination"), (POLICY, policy))
        assert (line_of(note), note.why) == (
            "Policies:",
            "Not judged, because the policies of the role are not all in this template: "
            "destination-not-allowed, writes-own-table.",
        )

    def test_a_role_of_the_template(self, judge: Judge) -> None:
        """Its policies count, and those of SAM do not."""
        role = ("Timeout: 60", "Timeout: 60\n      Role: !GetAtt Role.Arn")
        (found,) = judge(role, more=ROLE)
        assert found.rule == "destination-not-allowed"
        assert found.instead.endswith('Resource: !Sub "${Failed.Arn}/aws/lambda/*"')
        queue = (DESTINATION, DESTINATION.replace("S3", "SQS").replace("Failed", "Queue"))
        assert ids(judge(role, queue, more=ROLE)) == ["destination-without-records"]

    def test_a_policy_beside_the_role(self, judge: Judge) -> None:
        """Is attached by the role's name."""
        policy = """
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref Role]
      PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
"""
        assert judge(("Timeout: 60", "Timeout: 60\n      Role: !GetAtt Role.Arn"), more=ROLE + policy) == []

    @pytest.mark.parametrize("role", ["arn:aws:iam::123456789012:role/elsewhere", "!ImportValue role"])
    def test_a_role_from_elsewhere(self, judge: Judge, role: str) -> None:
        """Nobody knows here what it allows."""
        (note,) = judge(("Timeout: 60", f"Timeout: 60\n      Role: {role}"))
        assert (note.rule, line_of(note)) == ("not-judged", f"Role: {role}")

    def test_connectors_allow_what_no_policy_says(self, judge: Judge) -> None:
        """So the policies are not all."""
        more = "  Link: {Type: AWS::Serverless::Connector}\n"
        assert ids(judge(("{Type: S3, Destination", "{Destination"), more=more)) == ["not-judged"]


class TestImages:
    def test_another_view_that_does_is_a_note(self, judge: Judge) -> None:
        """Nothing is wrong yet, but the app checks handlers for another stream."""
        routes = Routes()

        @routes.on_insert(Order)
        def place(change: Insert[Order]) -> None: ...

        narrow = (VIEW, VIEW.replace("NEW_AND_OLD_IMAGES", "NEW_IMAGE"))
        (found,) = judge(narrow, app=Dispatcher(routes))
        assert (found.rule, found.severity, found.instead) == (
            "view-differs",
            "note",
            "Dispatcher(..., view='NEW_IMAGE')",
        )
        assert judge(narrow, app=Dispatcher(routes, view="NEW_IMAGE")) == []

    def test_records_that_nothing_can_tell_the_entity_of(self, judge: Judge) -> None:
        """Keys only, and the discriminator is none of them."""
        routes = Routes()

        @routes.on_remove(None, entity="Order")
        def gone(change: Remove[None]) -> None: ...

        narrow = (VIEW, VIEW.replace("NEW_AND_OLD_IMAGES", "NEW_IMAGE"))
        (found,) = judge(narrow, app=Dispatcher(routes, view="NEW_IMAGE"))
        assert found.rule == "entity-unreadable"
        assert "records of REMOVE hold keys only" in found.why
        by_key = Dispatcher(routes, view="NEW_IMAGE", discriminator=discriminators.prefix("pk"))
        assert judge(narrow, app=by_key) == []

    def test_removals_by_both_causes_need_no_expiry(self, judge: Judge) -> None:
        """Only a handler that waits for nothing else never runs."""
        routes = Routes()

        @routes.on_remove(Order)
        def gone(change: Remove[Order]) -> None: ...

        assert judge((TTL, ""), app=Dispatcher(routes)) == []


class TestTimes:
    def test_a_reserve_that_is_all_the_time(self, judge: Judge) -> None:
        """Nothing ever starts."""
        (found,) = judge(app=shop(reserve=60))
        assert (found.rule, line_of(found)) == ("timeout-below-reserve", "Timeout: 60")

    def test_the_time_of_a_record_is_the_users_to_say(self, judge: Judge) -> None:
        """A hundred records in 59.5 seconds."""
        assert judge(per_record=0.59) == []
        (found,) = judge(per_record=0.6)
        assert (found.rule, found.severity) == ("batch-beyond-timeout", "warning")
        assert "100 records at 0.6 s each (--per-record) take 60 s" in found.why
        assert found.instead == "Timeout: 121\n# or\nBatchSize: 99"

    def test_a_time_out_may_be_a_text(self, judge: Judge) -> None:
        """CloudFormation takes it; and what is none is not judged."""
        assert judge(("Timeout: 60", "Timeout: '60'")) == []
        (note,) = judge(("Timeout: 60", "Timeout: long"))
        assert note.why.startswith("Not judged, because Timeout is of another type than it has to be: ")

    def test_lanes_share_the_time(self, judge: Judge) -> None:
        """Ten at a time take a tenth."""
        assert judge(per_record=5, app=shop(concurrency=10)) == []

    def test_batch_handlers_that_never_get_their_turn(self, judge: Judge) -> None:
        """They lose records, where deferred records otherwise only wait."""
        routes = Routes()

        @routes.on_batch(Order)
        def index(changes: Sequence[Change[Order]]) -> None: ...

        (found,) = judge(per_record=1, app=Dispatcher(routes))
        assert "counts as a failed attempt" in found.why


class TestHandlers:
    def test_a_handler_that_is_not_there(self, judge: Judge) -> None:
        """With the one that is."""
        there = Handler("shop.ap", "template.yaml:13", problem="module shop has no ap", near="shop.app")
        (found,) = judge(handler=there)
        assert (found.rule, found.place, found.instead) == (
            "handler-not-found",
            "template.yaml:13",
            "Handler: shop.app",
        )

    def test_another_dispatcher(self, judge: Judge) -> None:
        """Than the one that was given."""
        assert ids(judge(handler=Handler("shop.other", "template.yaml:13", found=shop()))) == ["handler-differs"]

    def test_a_function_around_it_may_be_right(self, judge: Judge) -> None:
        """What it does nobody knows."""
        assert judge(handler=Handler("shop.handle", "template.yaml:13", found=print)) == []

    @pytest.mark.parametrize(
        ("written", "problem"),
        [
            ("app", "it names no module: module.attribute is what Lambda imports"),
            ("nowhere_at_all.app", "there is no module nowhere_at_all"),
            ("nowhere_at_all/inside.app", "there is no module nowhere_at_all.inside"),
            ("json.app", "module json has no app"),
        ],
    )
    def test_looking_for_one(self, written: str, problem: str) -> None:
        """As Lambda does."""
        found = find_handler(written, "template.yaml:1")
        assert (found.problem, found.near) == (problem, None)

    def test_one_that_is_there(self) -> None:
        """By the name that --app takes."""
        found = find_handler("os/path.join", "template.yaml:1")
        assert (found.problem, found.app) == (None, "os.path:join")

    def test_an_image_has_none(self) -> None:
        """It says so itself."""
        found = find_handler(None, "template.yaml:1")
        assert (found.problem, found.app) == (None, None)

    def test_a_module_that_raises(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As it would in Lambda."""
        (tmp_path / "broken_for_lint.py").write_text("1 / 0", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        found = find_handler("broken_for_lint.app", "template.yaml:1")
        assert found.problem == "importing broken_for_lint raises ZeroDivisionError"


class TestParking:
    @pytest.mark.parametrize("place", [MemoryParking(), JsonLinesParking("parked.jsonl")])
    def test_what_goes_with_the_function(self, judge: Judge, place: Any) -> None:
        """Lambda takes the records for done."""
        assert ids(judge(app=shop(parking=place, unrouted="park"))) == ["parking-in-function"]

    def test_a_mounted_file_system_stays(self, judge: Judge) -> None:
        """Where Lambda lets it be mounted."""
        assert judge(app=shop(parking=JsonLinesParking("/mnt/parked.jsonl"))) == []

    def test_a_queue(self, judge: Judge) -> None:
        """To which the role has to let the app send."""
        app = shop(parking=SqsParking("https://sqs.us-east-1.amazonaws.com/123456789012/Queue"))
        (found,) = judge(app=app)
        assert (found.rule, found.instead.splitlines()[-1]) == ("parking-not-allowed", "  Resource: !GetAtt Queue.Arn")
        assert judge((POLICY, "SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}"), app=app) == []

    def test_a_bucket(self, judge: Judge) -> None:
        """As far as the prefix."""
        app = shop(parking=S3Parking("Failed"))
        allowed = (
            POLICY,
            "Statement: [{Effect: Allow, Action: s3:PutObject, Resource: !Sub '${Failed.Arn}/parked/*'}]",
        )
        (found,) = judge(app=app)
        assert found.instead.endswith('Resource: !Sub "${Failed.Arn}/parked/*"')
        assert judge(allowed, app=app) == []


OWN_TABLE = "ORDERS"


class OwnTable:
    def save(self) -> str:
        return OWN_TABLE


def get_own_table() -> OwnTable:
    return OwnTable()


TABLE = "Orders"


class Counter:
    def __init__(self, table: str) -> None:
        self._table = table

    def count(self, change: Modify[Order]) -> None: ...


class Counting:
    table = "Orders"

    @staticmethod
    def count() -> None: ...


def writing(**options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on_modify(Order, **options)
    def count(change: Modify[Order]) -> None:
        get_own_table()

    @routes.on(Order)
    def show(change: Change[Order]) -> None: ...

    return Dispatcher(routes)


class TestLoops:
    @pytest.mark.parametrize("policy", ["DynamoDBCrudPolicy", "DynamoDBWritePolicy"])
    def test_a_handler_that_names_its_own_table(self, judge: Judge, policy: str) -> None:
        """By the variable that holds the name, at the handler's line; others are not suspected then."""
        (found,) = judge((POLICY, policy + ": {TableName: !Ref Orders}"), app=writing())
        assert found.rule == "writes-own-table"
        assert found.place.startswith(__file__)
        assert found.instead == 'on_modify(Order, changed("what_it_does_not_write"))'

    @pytest.mark.parametrize("kind", ["method", "closure", "class", "variable"])
    def test_ways_to_name_a_table(self, judge: Judge, kind: str) -> None:
        """What an object holds, what a function closes over, what a class has, what a module has."""
        routes = Routes()
        counter = Counter("Orders")

        def counting(change: Modify[Order]) -> None:
            counter.count(change)

        def of_class(change: Modify[Order]) -> None:
            Counting.count()

        def of_module(change: Modify[Order]) -> None:
            TABLE.lower()

        handlers = {"method": counter.count, "closure": counting, "class": of_class, "variable": of_module}
        routes.on_modify(Order)(handlers[kind])
        allowed = (POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}")
        (found,) = judge(allowed, app=Dispatcher(routes))
        assert "names table Orders" in found.why

    def test_a_condition_ends_the_loop(self, judge: Judge) -> None:
        """As in the example of this project."""
        routes = Routes()

        @routes.on_modify(Order, changed("status"))
        def count(change: Modify[Order]) -> None:
            get_own_table()

        @routes.on(Order)
        def show(change: Change[Order]) -> None: ...

        assert judge((POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}"), app=Dispatcher(routes)) == []

    def test_without_the_permission_there_is_no_loop(self, judge: Judge) -> None:
        """It may only read."""
        assert judge(app=writing()) == []

    def test_nobody_names_the_table(self, judge: Judge) -> None:
        """Then any could, and the role's line is named."""
        routes = Routes()

        @routes.on(Order)
        def show(change: Change[Order]) -> None: ...

        @routes.fallback
        def other(change: Change[dict[str, Any]]) -> None: ...

        (found,) = judge((POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}"), app=Dispatcher(routes))
        assert line_of(found) == "Policies:"
        assert "on(Order) of" in found.why
        assert "fallback of" in found.why

    def test_inserts_do_not_come_back_as_inserts(self, judge: Judge) -> None:
        """What a handler of inserts changes is a modification."""
        assert judge((POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Orders}")) == []


def filtered(*patterns: str) -> tuple[str, str]:
    listed = "".join(f"                - Pattern: '{pattern}'\n" for pattern in patterns)
    return ATTEMPTS, f"{ATTEMPTS}            FilterCriteria:\n              Filters:\n{listed}"


def taking(image: str = "NewImage", entity: str = "Order", events: Sequence[str] = (), **attributes: Any) -> str:
    """A pattern of an entity, of events where they are named, and of other attributes."""
    of_image = {"EntityType": {"S": [entity]}, **attributes}
    return json.dumps({**({"eventName": list(events)} if events else {}), "dynamodb": {image: of_image}})


REMOVALS = '{"eventName": ["REMOVE"]}'


class TestFilters:
    @pytest.mark.parametrize(
        "patterns",
        [
            [taking(events=["INSERT", "MODIFY"]), taking("OldImage", events=["REMOVE"])],
            [taking(), taking("OldImage")],
            ['{"eventName": [{"exists": true}]}'],
            ['{"eventName": ["INSERT", "MODIFY"]}', '{"userIdentity": {"principalId": ["dynamodb.amazonaws.com"]}}'],
            ['{"eventName": ["INSERT"]}', taking(status={"S": ["SHIPPED"]}), '{"userIdentity": {"type": ["Service"]}}'],
            ['{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "ORDER#"}]}}}}'],
            ['{"dynamodb": {"Keys": {"pk": {"S": [{"suffix": "#1"}, {"wildcard": "a*b"}]}}}}'],
            [taking(tenant={"S": [{"anything-but": "test"}]}), REMOVALS],
            [taking(gone={"S": [{"exists": False}]}), REMOVALS],
            [taking(tags={"SS": ["a"]}, lines={"L": {"M": {"sku": {"S": ["x"]}}}}), REMOVALS],
            [taking(total={"N": ["5", {"numeric": [">", 10]}]}, paid={"BOOL": [True]}), REMOVALS],
            ['{"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 0]}]}}'],
            ['{"dynamodb": {"SizeBytes": [{"numeric": [">", 1000, "<", 1002]}]}}'],
            ['{"dynamodb": {"NewImage": {"EntityType": {"S": [{"equals-ignore-case": "ORDER"}]}}}}', REMOVALS],
        ],
    )
    def test_filters_that_let_some_of_each_pass(self, judge: Judge, patterns: list[str]) -> None:
        """A filter may narrow what a route is given: the user may mean it."""
        assert ids(judge(filtered(*patterns))) == []

    @pytest.mark.parametrize(
        ("patterns", "told"),
        [
            (['{"eventName": ["INSERT", "MODIFY"]}'], ["on_remove(Order, cause='ttl')"]),
            (['{"eventName": ["INSERT"]}', REMOVALS], ["on_modify"]),
            ([taking()], ["on_remove"]),
            ([taking(entity="Customer"), REMOVALS], ["on_insert", "on_modify"]),
            ([taking(status={"S": ["PAID"]}), REMOVALS], ["on_modify"]),
            ([taking(status={"N": ["1"]}), REMOVALS], ["on_modify"]),
            ([taking(total={"N": [{"numeric": [">", 10]}]}), REMOVALS], ["on_insert", "on_modify"]),
            (['{"userIdentity": {"type": ["Service"]}}'], ["on_insert", "on_modify"]),
            (['{"dynamodb": {"NewImage": {"EntityType": {"SS": ["Order"]}}}}', REMOVALS], ["on_insert", "on_modify"]),
        ],
    )
    def test_filters_that_let_none_pass(self, judge: Judge, patterns: list[str], told: list[str]) -> None:
        """The routes are named, at the filters' line."""
        findings = judge(filtered(*patterns))
        assert [finding.rule for finding in findings] == ["filter-drops-route"] * len(told)
        for finding, route in zip(findings, told, strict=True):
            assert finding.why.startswith(route)
            assert line_of(finding) == "FilterCriteria:"

    def test_the_pattern_that_is_proposed_mends_it(self, judge: Judge) -> None:
        """It can be copied."""
        patterns = ['{"eventName": ["NONE"]}']
        findings = judge(filtered(*patterns))
        assert len(findings) == 3
        proposed = [found for finding in findings for found in re.findall("Pattern: '(.*)'", finding.instead)]
        assert judge(filtered(*patterns, *proposed)) == []

    @pytest.mark.parametrize(
        ("discriminator", "good", "bad"),
        [
            (discriminators.prefix("pk"), '{"prefix": "Order#"}', '{"prefix": "Customer#"}'),
            (
                discriminators.template("pk", "shop#{entity}#{id}*"),
                '{"prefix": "shop#Order#"}',
                '{"prefix": "shop#User#"}',
            ),
            (discriminators.folded(discriminators.prefix("pk")), '{"prefix": "ORDER#"}', '{"prefix": "USER#"}'),
            (discriminators.chain("type", discriminators.prefix("pk")), '{"prefix": "Order#"}', None),
        ],
    )
    def test_entities_that_keys_tell(self, judge: Judge, discriminator: Any, good: str, bad: str | None) -> None:
        """A filter may hold for the key, and for another entity's it drops everything."""
        app = shop(discriminator=discriminator)
        assert judge(filtered(f'{{"dynamodb": {{"Keys": {{"pk": {{"S": [{good}]}}}}}}}}'), app=app) == []
        if bad is not None:
            dropped = judge(filtered(f'{{"dynamodb": {{"Keys": {{"pk": {{"S": [{bad}]}}}}}}}}'), app=app)
            assert ids(dropped) == ["filter-drops-route"] * 3
            assert dropped[0].instead == "no FilterCriteria, or one that holds for these records too"

    def test_an_entity_that_a_function_tells_is_not_judged(self, judge: Judge) -> None:
        """Nobody can turn it round."""
        (note,) = judge(filtered('{"eventName": ["NONE"]}'), app=shop(discriminator=lambda image: "Order"))
        assert (note.rule, line_of(note)) == ("not-judged", "FilterCriteria:")
        assert "nobody can tell which items function(" in note.why

    def test_conditions_choose_the_record(self, judge: Judge) -> None:
        """A filter has to hold for one way of meeting them, in nested attributes too."""
        routes = Routes()

        @routes.on_modify(Order, any_of(changed("address.lines[1]", to="x"), changed("status", from_="A")), where(bool))
        def moved(change: Modify[Order]) -> None: ...

        @routes.on_modify(Order, not_(changed("status")))
        def other(change: Modify[Order]) -> None: ...

        app = Dispatcher(routes)
        assert judge(filtered('{"dynamodb": {"OldImage": {"status": {"S": ["A"]}}}}'), app=app) == []
        assert judge(filtered('{"dynamodb": {"NewImage": {"address": {"M": {"zip": {"S": ["1"]}}}}}}'), app=app) == []

    @pytest.mark.parametrize("options", [{"unrouted": "fail"}, {"fallback": True}])
    def test_an_app_that_takes_everything(self, judge: Judge, options: dict[str, Any]) -> None:
        """Filters of known entities drop the unknown ones, which is a warning: they may be meant to."""
        routes = Routes()

        @routes.on(Order)
        def show(change: Change[Order]) -> None: ...

        if options.pop("fallback", False):

            @routes.fallback
            def other(change: Change[dict[str, Any]]) -> None: ...

        app = Dispatcher(routes, **options)
        known = filtered(taking(), taking("OldImage"))
        (found,) = judge(known, app=app)
        assert (found.rule, found.severity) == ("filter-drops-unrouted", "warning")
        assert "those of INSERT|MODIFY|REMOVE through" in found.why
        assert judge(filtered('{"dynamodb": {"Keys": {"pk": {"S": [{"exists": true}]}}}}'), app=app) == []

    def test_a_filter_of_what_is_not_documented(self, judge: Judge) -> None:
        """It may match nothing."""
        assert "filter-undocumented" in ids(judge(filtered('{"eventSource": ["aws:dynamodb"]}')))

    def test_a_pattern_that_only_a_deployment_knows(self, judge: Judge) -> None:
        """Is not judged, and said to be so."""
        (found,) = judge(
            (ATTEMPTS, f"{ATTEMPTS}            FilterCriteria: {{Filters: [{{Pattern: !ImportValue p}}]}}\n")
        )
        assert found.why == (
            "Not judged, because a filter's Pattern is known only to a deployment: "
            "filter-drops-route, filter-drops-unrouted, filter-undocumented."
        )


class TestNotJudged:
    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            (
                BISECT,
                BISECT.replace("true", "!ImportValue b"),
                "BisectBatchOnFunctionError is !ImportValue: no-bisect.",
            ),
            ("Timeout: 60", "Timeout: !Ref T", "Timeout is !Ref T: timeout-below-reserve, batch-beyond-timeout."),
            (
                "Destination: !GetAtt Failed.Arn",
                "Destination: !ImportValue arn",
                "Destination is !ImportValue: no-destination, destination-without-records, destination-not-allowed.",
            ),
            (
                "!GetAtt Orders.StreamArn",
                "!ImportValue stream",
                "Stream is !ImportValue: no-stream, image-missing, view-differs, entity-unreadable, ttl-off, writes-own-table.",
            ),
        ],
    )
    def test_what_only_a_deployment_knows(self, judge: Judge, old: str, new: str, told: str) -> None:
        """One note for each, with the rules that say nothing because of it."""
        (found,) = judge((old, new))
        assert (found.rule, found.severity, found.why) == ("not-judged", "note", f"Not judged, because {told}")

    def test_without_an_app(self, judge: Judge, tmp_path: Path) -> None:
        """The template is judged alone."""
        judge()
        stack = Stack(tmp_path / "template.yaml")
        (mapped,) = mapped_streams(stack, None)
        missing = Handler("shop.nope", "template.yaml:13", problem="there is no module shop")
        findings = lint(Deployment(stack, mapped, missing, None, 0.05)).findings
        assert ids(list(findings)) == ["handler-not-found", "not-judged"]

    def test_a_function_of_another_template(self, tmp_path: Path) -> None:
        """Its mapping can be judged all the same."""
        path = tmp_path / "template.yaml"
        mapping = """
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: elsewhere
      EventSourceArn: arn:aws:dynamodb:us-east-1:123456789012:table/T/stream/2026
      StartingPosition: LATEST
"""
        path.write_text(f"Resources:{mapping}", encoding="utf-8")
        stack = Stack(path)
        (mapped,) = mapped_streams(stack, None)
        report = lint(Deployment(stack, mapped, Handler(None, "template.yaml:2"), shop(), 0.05))
        assert {"starts-at-latest", "no-partial-failures", "not-judged"} <= set(ids(list(report.findings)))


class TestIgnoring:
    def test_what_is_ignored_is_counted(self, judge: Judge, tmp_path: Path) -> None:
        """Not shown, and not forgotten."""
        assert judge((BISECT, ""), ignored=["no-bisect"]) == []
        stack = Stack(tmp_path / "template.yaml")
        (mapped,) = mapped_streams(stack, None)
        deployment = Deployment(stack, mapped, Handler("shop.app", "x:1"), shop(), 0.05)
        assert lint(deployment, ["no-bisect"]).ignored == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("MaximumRetryAttempts: 1000", "MaximumRetryAttempts: many"),
        ("[ReportBatchItemFailures]", "ReportBatchItemFailures"),
        ("{OnFailure: {Type: S3, Destination: !GetAtt Failed.Arn}}", "{OnFailure: here}"),
        ("{OnFailure: {Type: S3, Destination: !GetAtt Failed.Arn}}", "{OnFailure: {Destination: [here]}}"),
        ("MaximumRetryAttempts: 1000", "MetricsConfig: {Metrics: EventCount}"),
        ("MaximumRetryAttempts: 1000", "FilterCriteria: {Filters: 1}"),
    ],
)
def test_a_value_of_another_type_is_what_lambda_refuses(judge: Judge, old: str, new: str) -> None:
    """Whatever the rules about it would say, they do not stumble over it."""
    assert ids(judge((old, new)))[0] == "mapping-refused"


@pytest.mark.parametrize("view", ["text", "[1]", "!Sub []", "!Ref [1]", "!GetAtt 5"])
def test_a_table_that_is_written_wrongly(judge: Judge, view: str) -> None:
    """Is for other linters to say."""
    assert set(ids(judge((VIEW, f"StreamSpecification: {view}"), (TTL, "")))) <= {"not-judged", "no-stream", "ttl-off"}


class TestMappedStreams:
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
    def test_what_cannot_be_judged(self, tmp_path: Path, text: str, message: str) -> None:
        """One line says why."""
        path = tmp_path / "template.yaml"
        path.write_text(f"Resources:\n{text}\n", encoding="utf-8")
        with pytest.raises(TemplateError, match=message):
            mapped_streams(Stack(path), None)

    def test_several_functions(self, tmp_path: Path) -> None:
        """One has to be chosen, and there has to be such a one."""
        path = tmp_path / "template.yaml"
        body = GOOD.partition("  Fn:")[2].partition("  Failed:")[0]
        path.write_text(f"{GOOD}  Other:{body}", encoding="utf-8")
        stack = Stack(path)
        assert [each.function for each in mapped_streams(stack, "Other")] == ["Other"]
        with pytest.raises(TemplateError, match="found the functions Fn, Other under a stream"):
            mapped_streams(stack, None)
        with pytest.raises(TemplateError, match=r"found no function 'Fun' under a stream in .*; there is Fn, Other"):
            mapped_streams(stack, "Fun")

    @pytest.mark.parametrize(
        ("source", "position", "taken"),
        [
            ("!ImportValue stream", "LATEST", True),
            ("!ImportValue queue", None, False),
            ("!GetAtt Kinesis.Arn", "LATEST", False),
            ("arn:aws:kinesis:us-east-1:123456789012:stream/x", "LATEST", False),
        ],
    )
    def test_sources_from_elsewhere(self, tmp_path: Path, source: str, position: str | None, taken: bool) -> None:
        """A starting position tells streams from queues."""
        path = tmp_path / "template.yaml"
        properties = (
            f"{{FunctionName: f, EventSourceArn: {source}{f', StartingPosition: {position}' if position else ''}}}"
        )
        path.write_text(
            f"Resources:\n  M: {{Type: AWS::Lambda::EventSourceMapping, Properties: {properties}}}\n"
            "  Kinesis: {Type: AWS::Kinesis::Stream}\n",
            encoding="utf-8",
        )
        if taken:
            assert len(mapped_streams(Stack(path), None)) == 1
        else:
            with pytest.raises(TemplateError):
                mapped_streams(Stack(path), None)


def test_each_rule_says_what_it_is_for() -> None:
    """A summary on one line, and a page of AWS; and no ID twice."""
    for rule in RULES:
        assert "\n" not in rule.summary
        assert rule.page.startswith("https://docs.aws.amazon.com/")
    assert len({rule.id for rule in RULES}) == len(RULES)
