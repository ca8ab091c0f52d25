"""``router.local.lint.rules.completed``: the table that remembers completed routes."""

import pytest

from router.completed import DynamoDBCompleted
from tests.local.lint.deployments import POLICY, Check, ids, line_of, shop

TABLE = """
  Done:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: expiration, Enabled: true}
"""
ALLOWED = (
    POLICY,
    "Statement: [{Effect: Allow, Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], Resource: !GetAtt Done.Arn}]",
)
CRUD = (POLICY, "DynamoDBCrudPolicy: {TableName: !Ref Done}")
APP = shop(completed=DynamoDBCompleted("Done"))


@pytest.mark.parametrize("policy", [ALLOWED, CRUD])
def test_a_right_table_is_accepted(check: Check, policy: tuple[str, str]) -> None:
    """It has the key, time to live on the expiry, and the role may use it."""
    assert check(policy, app=APP, more=TABLE) == []


def test_each_action_is_needed(check: Check) -> None:
    """A role that may read only knows nothing of what this container completes."""
    (found,) = check((POLICY, "DynamoDBReadPolicy: {TableName: !Ref Done}"), app=APP, more=TABLE)
    assert (found.rule, found.instead.splitlines()[-1]) == ("completed-not-allowed", "  Resource: !GetAtt Done.Arn")
    assert "does not allow dynamodb:UpdateItem there" in found.why


@pytest.mark.parametrize("table", ["Elsewhere", "arn:aws:dynamodb:eu-west-1:111122223333:table/Elsewhere"])
def test_a_table_of_another_template(check: Check, table: str) -> None:
    """Its permission is checked, and nothing else is known of it."""
    app = shop(completed=DynamoDBCompleted(table))
    assert ids(check(app=app)) == ["completed-not-allowed"]
    resource = "'arn:aws:dynamodb:*:*:table/Elsewhere'"
    policy = f"Statement: [{{Effect: Allow, Action: ['dynamodb:*Item'], Resource: {resource}}}]"
    assert "completed-not-allowed" not in ids(check((POLICY, policy), app=app))


@pytest.mark.parametrize(
    ("ttl", "found"),
    [
        ("", "no time to live enabled"),
        ("{AttributeName: expiration, Enabled: false}", "no time to live enabled"),
        ("{AttributeName: ttl, Enabled: true}", "its time to live on ttl"),
    ],
)
def test_time_to_live(check: Check, ttl: str, found: str) -> None:
    """Without it, or on another attribute, nothing is ever deleted."""
    right = "      TimeToLiveSpecification: {AttributeName: expiration, Enabled: true}\n"
    wrong = f"      TimeToLiveSpecification: {ttl}\n" if ttl else ""
    (finding,) = check(ALLOWED, app=APP, more=TABLE.replace(right, wrong))
    assert finding.rule == "completed-never-expires"
    assert found in finding.why


def test_another_attribute_of_the_store(check: Check) -> None:
    """The attribute is that which the app names."""
    app = shop(completed=DynamoDBCompleted("Done", expiry_attribute="ttl", key_attribute="pk"))
    more = (
        TABLE.replace("expiration", "ttl")
        .replace("name: id", "name: pk")
        .replace("AttributeName: id", "AttributeName: pk")
    )
    assert check(ALLOWED, app=app, more=more) == []
    assert ids(check(ALLOWED, app=app, more=TABLE)) == ["completed-key-differs", "completed-never-expires"]


def test_a_table_with_a_sort_key(check: Check) -> None:
    """The store has none, so each request is refused."""
    key = "[{AttributeName: id, KeyType: HASH}]"
    more = TABLE.replace(f"KeySchema: {key}", "KeySchema: [{AttributeName: id}, {AttributeName: sk}]")
    (found,) = check(ALLOWED, app=APP, more=more)
    assert (found.rule, line_of(found)[:10]) == ("completed-key-differs", "KeySchema:")
    assert "is id, sk, and" in found.why


def test_memory_needs_no_table(check: Check) -> None:
    """The default store has no permissions."""
    assert check(app=shop()) == []
