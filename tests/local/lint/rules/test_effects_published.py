"""``router.local.lint.rules.effects``: the buses, queues, topics and streams of publishers."""

import os
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from router import Change, Depends, Dispatcher, Routes
from router.effects import EventBridge, FirehoseStream, KinesisStream, MemoryEvents, SnsTopic, SqsQueue, View
from router.effects.publisher import Publisher
from tests.local.lint.deployments import POLICY, ROLE, Check, Order, ids, line_of

ACCOUNT = "123456789012"
MORE = """
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: shop}}
  Placed: {Type: AWS::SQS::Queue}
  News: {Type: AWS::SNS::Topic}
  Log: {Type: AWS::Kinesis::Stream, Properties: {Name: log}}
  Lake: {Type: AWS::KinesisFirehose::DeliveryStream}
"""
QUEUE = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/Placed"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:News"


def using(publisher: Publisher) -> Dispatcher:
    """An app whose handler names a publisher that is there."""
    routes = Routes()

    @routes.on(Order)
    def announce(change: Change[Order]) -> None:
        publisher.publish(change, "Changed", {})

    return Dispatcher(routes)


def injected(factory: Callable[..., Any]) -> Dispatcher:
    """An app whose handler is given what a factory makes."""
    routes = Routes()

    @routes.on(Order)
    def announce(change: Change[Order], bus: Annotated[Any, Depends(factory, scope="cold_start")]) -> None: ...

    return Dispatcher(routes)


def allowed(action: str, resource: str) -> tuple[str, str]:
    return POLICY, f"Statement: [{{Effect: Allow, Action: '{action}', Resource: {resource}}}]"


PUBLISHERS = [
    (EventBridge("shop", source="shop"), "events:PutEvents", "Bus", "EventBridgePutEventsPolicy: {EventBusName: %s}"),
    (SqsQueue(QUEUE), "sqs:SendMessage", "Placed", "SQSSendMessagePolicy: {QueueName: !GetAtt Placed.QueueName}"),
    (SnsTopic(TOPIC), "sns:Publish", "News", "SNSPublishMessagePolicy: {TopicName: !GetAtt News.TopicName}"),
    (KinesisStream("log"), "kinesis:PutRecords", "Log", "KinesisCrudPolicy: {StreamName: %s}"),
    (
        KinesisStream(f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/log"),
        "kinesis:PutRecords",
        "Log",
        "KinesisCrudPolicy: {StreamName: log}",
    ),
    (FirehoseStream("Lake"), "firehose:PutRecordBatch", "Lake", "FirehoseWritePolicy: {DeliveryStreamName: %s}"),
    (FirehoseStream("Lake"), "firehose:PutRecordBatch", "Lake", "FirehoseCrudPolicy: {DeliveryStreamName: %s}"),
]


@pytest.mark.parametrize(("publisher", "action", "name", "template"), PUBLISHERS)
def test_the_role_needs_the_action_on_the_resource(
    publisher: Publisher, action: str, name: str, template: str, check: Check
) -> None:
    """The action elsewhere and another action there do not suffice; a statement and SAM's policy template do."""
    service = action.partition(":")[0]
    for policy in (allowed(action, "!GetAtt Failed.Arn"), allowed(f"{service}:Describe*", f"!GetAtt {name}.Arn")):
        (found,) = check(policy, app=using(publisher), more=MORE)
        assert (found.rule, found.severity) == ("effect-not-allowed", "error")
        assert f"{publisher!r}, and the function's role does not allow {action} on {name}: " in found.why
        assert found.instead == f"- Effect: Allow\n  Action: {action}\n  Resource: !GetAtt {name}.Arn"
    for policy in (allowed(action, f"!GetAtt {name}.Arn"), (POLICY, template.replace("%s", f"!Ref {name}"))):
        assert check(policy, app=using(publisher), more=MORE) == []


@pytest.mark.parametrize(
    ("resource", "fits"),
    [
        ("!Sub 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${Bus}'", True),
        ("!Sub 'arn:aws:events:*:${AWS::AccountId}:event-bus/shop'", True),
        ("'arn:aws:events:eu-west-1:111122223333:event-bus/sh*'", True),
        ("'*'", True),
        ("!Sub 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default'", False),
        ("!Sub 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/shop'", False),
    ],
)
def test_resources_are_compared_by_their_arns(resource: str, fits: bool, check: Check) -> None:
    """However the template writes them; the region and the account of an ARN that is plain text are right."""
    found = check(allowed("events:PutEvents", resource), app=using(EventBridge("shop", source="shop")), more=MORE)
    assert ids(found) == ([] if fits else ["effect-not-allowed"])


def test_the_default_bus_is_in_no_template(check: Check) -> None:
    """Every account has it, and a role needs the permission there too."""
    app = using(EventBridge("default", source="shop"))
    (found,) = check(app=app)
    assert "does not allow events:PutEvents on the default bus: " in found.why
    arn = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"
    assert found.instead.endswith(f'Resource: !Sub "{arn}"')
    assert check(allowed("events:PutEvents", f"!Sub '{arn}'"), app=app) == []
    assert check((POLICY, "EventBridgePutEventsPolicy: {EventBusName: default}"), app=app) == []


def test_a_policy_outside_of_the_template_is_unknown(check: Check) -> None:
    """It may allow the action: a note says that the rule was not judged."""
    policy = (POLICY, f"{POLICY}\n        - !ImportValue policy")
    (found,) = check(policy, app=using(SqsQueue(QUEUE)), more=MORE)
    assert (found.rule, "effect-not-allowed" in found.why) == ("not-judged", True)


@pytest.mark.parametrize(
    "publisher",
    [
        EventBridge("elsewhere", source="shop"),
        SqsQueue(f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/Placed"),
        EventBridge("shop", source="shop", client=MemoryEvents()),
        SnsTopic(TOPIC, client=MemoryEvents()),
    ],
)
def test_nothing_is_said_of_other_resources_and_clients(publisher: Publisher, check: Check) -> None:
    """A resource of another template, and a client that may have other credentials, are not judged."""
    assert check(app=using(publisher), more=MORE) == []


IN_ROLE = ("Timeout: 60", "Timeout: 60\n      Role: !GetAtt Role.Arn")
POLICIES = [
    (SqsQueue(QUEUE), "sqs:SendMessage", "AWS::SQS::QueuePolicy", "Queues: [!Ref Placed]", "PolicyDocument: {%s}"),
    (SnsTopic(TOPIC), "sns:Publish", "AWS::SNS::TopicPolicy", "Topics: [!Ref News]", "PolicyDocument: {%s}"),
    (
        EventBridge("shop", source="s"),
        "events:PutEvents",
        "AWS::Events::EventBusPolicy",
        "EventBusName: !Ref Bus",
        "%s",
    ),
    (
        KinesisStream("log"),
        "kinesis:PutRecords",
        "AWS::Kinesis::ResourcePolicy",
        "ResourceArn: !GetAtt Log.Arn",
        "ResourcePolicy: {%s}",
    ),
]


def role(*actions: str) -> str:
    """The function's role, which may write to the bucket of discarded records."""
    return ROLE.replace('"sqs:SendMessage"', ", ".join(f"'{each}'" for each in ("s3:PutObject", *actions))).replace(
        "!GetAtt Queue.Arn", "'*'"
    )


def of_resource(effect: str, action: str, kind: str, of: str, document: str) -> str:
    """A policy of a resource with one statement about the role."""
    statement = f"{{Effect: {effect}, Principal: {{AWS: !GetAtt Role.Arn}}, Action: '{action}', Resource: '*'}}"
    written = document % f"Statement: {statement}"
    return f"  Policy:\n    Type: {kind}\n    Properties:\n      {of}\n      {written}\n"


@pytest.mark.parametrize(("publisher", "action", "kind", "of", "document"), POLICIES)
def test_the_policy_of_a_resource_allows_the_role_too(
    publisher: Publisher, action: str, kind: str, of: str, document: str, check: Check
) -> None:
    """Within an account one of the two policies suffices."""
    app = using(publisher)
    assert ids(check(IN_ROLE, app=app, more=role() + MORE)) == ["effect-not-allowed"]
    assert check(IN_ROLE, app=app, more=role() + MORE + of_resource("Allow", action, kind, of, document)) == []


@pytest.mark.parametrize(("publisher", "action", "kind", "of", "document"), POLICIES)
def test_the_policy_of_a_resource_denies_what_the_role_allows(
    publisher: Publisher, action: str, kind: str, of: str, document: str, check: Check
) -> None:
    """A Deny overrides every Allow, and the finding names its line."""
    denied = of_resource("Deny", action, kind, of, document)
    assert check(IN_ROLE, app=using(publisher), more=role(action) + MORE) == []
    (found,) = check(IN_ROLE, app=using(publisher), more=role(action) + MORE + denied)
    assert (found.rule, f" denies {action} to the function's role: " in found.why) == ("effect-not-allowed", True)
    assert line_of(found).startswith(document.partition(":")[0] if ":" in document else "Statement")


VARIABLES = (
    "{ORDERS: !Ref Orders}",
    "{ORDERS: !Ref Orders, BUS: !GetAtt Bus.Name, PLACED: !Ref Placed, MORE: !Ref Queue, ANY: default}",
)


def get_bus() -> EventBridge:
    return EventBridge(os.environ["BUS"], source=os.environ["SOURCE"])


def get_bus_by_name() -> EventBridge:
    return EventBridge(bus="shop", source="shop")


class Shop:
    """What has an effect on a table, and one on a bus."""

    def __init__(self, orders: View, bus: EventBridge) -> None:
        self.orders, self.bus = orders, bus


def get_shop() -> Shop:
    return Shop(View(os.environ["ORDERS"]), EventBridge(os.environ.get("BUS", "none"), source="shop"))


def get_bus_or_memory() -> EventBridge:
    bus = os.environ.get("BUS")
    return EventBridge(bus or "none", source="shop", client=None if bus else MemoryEvents())


@pytest.mark.parametrize("factory", [get_bus, get_bus_by_name, get_bus_or_memory])
def test_a_factory_is_read(factory: Callable[..., Any], check: Check) -> None:
    """The bus is in an environment variable of the function, or in the code by the name that the template gives it.

    A client of its own that it has only where the variable is missing is not that of the function.
    """
    (found,) = check(VARIABLES, app=injected(factory), more=MORE)
    assert (found.rule, "EventBridge('shop')" in found.why) == ("effect-not-allowed", True)
    assert check(VARIABLES, allowed("events:PutEvents", "!GetAtt Bus.Arn"), app=injected(factory), more=MORE) == []


def test_a_factory_of_two_effects(check: Check) -> None:
    """Each has a resource of its own type."""
    found = check(VARIABLES, app=injected(get_shop), more=MORE)
    assert [each.why.partition(",")[0] for each in found] == [
        "A handler has View('Orders')",
        "A handler has EventBridge('shop')",
    ]


def get_queues() -> tuple[SqsQueue, SqsQueue]:
    return SqsQueue(os.environ["PLACED"]), SqsQueue(url=os.environ["MORE"])


def test_each_call_of_a_factory_has_its_variable(check: Check) -> None:
    """Two queues of one factory are two findings."""
    found = check(VARIABLES, app=injected(get_queues), more=MORE)
    assert [each.instead.rpartition(" ")[2] for each in found] == ["Placed.Arn", "Queue.Arn"]


def get_any_bus() -> EventBridge:
    return EventBridge(os.environ["ANY"], source="shop")


def test_a_variable_may_have_the_default_bus(check: Check) -> None:
    """Its name is a plain text."""
    (found,) = check(VARIABLES, app=injected(get_any_bus), more=MORE)
    assert "EventBridge('default')" in found.why


def get_one_of_two() -> SqsQueue:
    return SqsQueue(os.environ["MORE" if os.environ.get("ANY") else "PLACED"])


def get_by_a_logical_id() -> FirehoseStream:
    return FirehoseStream("Lake")


def get_with_a_client() -> EventBridge:
    return EventBridge(os.environ["BUS"], source="shop", client=MemoryEvents())


@pytest.mark.parametrize("factory", [get_one_of_two, get_by_a_logical_id, get_with_a_client])
def test_what_is_not_certain_is_not_reported(factory: Callable[..., Any], check: Check) -> None:
    """Two queues, a name that no stream has, a client of its own."""
    assert check(VARIABLES, app=injected(factory), more=MORE) == []


KEY = "\n  Key: {Type: AWS::KMS::Key}\n"
ENCRYPTED = [
    (SqsQueue(QUEUE), "Placed: {Type: AWS::SQS::Queue", "KmsMasterKeyId: !Ref Key", ["GenerateDataKey", "Decrypt"]),
    (SnsTopic(TOPIC), "News: {Type: AWS::SNS::Topic", "KmsMasterKeyId: !Ref Key", ["GenerateDataKey", "Decrypt"]),
    (
        KinesisStream("Stream"),
        "Stream: {Type: AWS::Kinesis::Stream",
        "StreamEncryption: {EncryptionType: KMS, KeyId: !GetAtt Key.Arn}",
        ["GenerateDataKey"],
    ),
]


@pytest.mark.parametrize(("publisher", "declared", "encryption", "actions"), ENCRYPTED)
def test_a_key_of_the_resource_must_be_allowed(
    publisher: Publisher, declared: str, encryption: str, actions: list[str], check: Check
) -> None:
    """SQS and SNS need two actions: they decrypt a new data key to verify it."""
    more = f"{KEY}  {declared}, Properties: {{{encryption}}}}}\n"
    sending = "{Effect: Allow, Action: ['sqs:*', 'sns:*', 'kinesis:*'], Resource: '*', Condition: {}}"
    for lacking in actions:
        rest = ", ".join(f"'kms:{each}'" for each in ("Encrypt", *actions) if each != lacking)
        using_key = f"{{Effect: Allow, Action: [{rest}], Resource: !GetAtt Key.Arn}}"
        (found,) = check((POLICY, f"Statement: [{sending}, {using_key}]"), app=using(publisher), more=more)
        assert found.rule == "key-not-allowed"
        assert f"is not allowed kms:{lacking} with the key Key: {publisher!r}" in found.why
    using_key = "{Effect: Allow, Action: 'kms:*', Resource: !GetAtt Key.Arn}"
    assert check((POLICY, f"Statement: [{sending}, {using_key}]"), app=using(publisher), more=more) == []
