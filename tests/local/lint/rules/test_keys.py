"""``router.local.lint.rules.keys``: customer managed keys."""

import pytest

from router.parking import SqsParking
from tests.local.lint.deployments import ATTEMPTS, POLICY, VIEW, Check, ids, shop

TABLE = (VIEW, f"{VIEW}\n      SSESpecification: {{SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !Ref Key}}")
QUEUE = (
    "  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}",
    "  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain, Properties: {KmsMasterKeyId: !Ref Key}}",
)
BUCKET = (
    "  Failed: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}",
    """
  Failed:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key.Arn}""",
)
MAPPING = (ATTEMPTS, f"{ATTEMPTS}            KmsKeyArn: !GetAtt Key.Arn\n")
TO_ACCOUNT = (
    "{Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: 'kms:*', Resource: '*'}"
)


def key(*statements: str) -> str:
    return f"""
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy: {{Statement: [{", ".join(statements)}]}}
"""


def role(*actions: str) -> tuple[str, str]:
    listed = ", ".join(actions)
    return POLICY, (
        f"Statement: [{{Effect: Allow, Action: [{listed}], Resource: !GetAtt Key.Arn}}, "
        "{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}]"
    )


@pytest.mark.parametrize("encrypted", [TABLE, BUCKET, MAPPING])
def test_a_key_that_leaves_it_to_a_role_without_permission(check: Check, encrypted: tuple[str, str]) -> None:
    """The key's policy delegates to the account, and the role's policies allow nothing."""
    assert ids(check(encrypted, more=key(TO_ACCOUNT))) == ["key-not-allowed"]


@pytest.mark.parametrize(
    ("encrypted", "actions"),
    [(TABLE, ["kms:Decrypt"]), (BUCKET, ["kms:GenerateDataKey*"]), (MAPPING, ["kms:Decrypt"])],
)
def test_a_role_with_permission(check: Check, encrypted: tuple[str, str], actions: list[str]) -> None:
    """The policy of the role allows what the key's policy leaves to it."""
    assert check(encrypted, role(*actions), more=key(TO_ACCOUNT)) == []


@pytest.mark.parametrize(
    ("actions", "why"),
    [(["kms:Decrypt"], "kms:GenerateDataKey"), (["logs:*"], "kms:GenerateDataKey and kms:Decrypt")],
)
def test_a_parking_queue_needs_two_actions(check: Check, actions: list[str], why: str) -> None:
    """The finding names those that are missing."""
    app = shop(parking=SqsParking("https://sqs.us-east-1.amazonaws.com/123456789012/Queue"))
    (found,) = check(QUEUE, role(*actions), more=key(TO_ACCOUNT), app=app)
    assert found.why.startswith(f"The function's role is not allowed {why} with the key Key: ")
    assert check(QUEUE, role("kms:Decrypt", "kms:GenerateDataKey"), more=key(TO_ACCOUNT), app=app) == []


def test_a_key_without_a_policy_leaves_it_to_the_account(check: Check) -> None:
    """That is the default policy."""
    more = "  Key: {Type: AWS::KMS::Key}\n"
    assert ids(check(TABLE, more=more)) == ["key-not-allowed"]
    assert check(TABLE, role("kms:Decrypt"), more=more) == []


@pytest.mark.parametrize("principal", ["{AWS: !GetAtt FnRole.Arn}", "{AWS: ['*']}"])
def test_a_key_whose_policy_names_the_role(check: Check, principal: str) -> None:
    """The role needs no policy then."""
    direct = f"{{Effect: Allow, Principal: {principal}, Action: kms:Decrypt, Resource: '*'}}"
    assert check(TABLE, more=key(direct)) == []


def test_a_key_that_does_not_leave_it_to_the_account(check: Check) -> None:
    """The policy of the role has no effect."""
    other = "{Effect: Allow, Principal: {AWS: 'arn:aws:iam::123456789012:role/admin'}, Action: 'kms:*', Resource: '*'}"
    assert ids(check(TABLE, role("kms:Decrypt"), more=key(other))) == ["key-not-allowed"]


def test_a_key_that_denies_the_role(check: Check) -> None:
    """A Deny overrides every Allow."""
    deny = "{Effect: Deny, Principal: '*', Action: kms:Decrypt, Resource: '*'}"
    assert ids(check(TABLE, role("kms:Decrypt"), more=key(TO_ACCOUNT, deny))) == ["key-not-allowed"]


def test_filters_may_be_decrypted_by_lambda_itself(check: Check) -> None:
    """The key's policy names the service."""
    service = "{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: kms:Decrypt, Resource: '*'}"
    assert check(MAPPING, more=key(TO_ACCOUNT, service)) == []


def test_a_key_by_its_alias(check: Check) -> None:
    """The alias is a resource with a target."""
    more = "  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/shop, TargetKeyId: !Ref Key}}\n"
    for written in ("!Ref Alias", "alias/shop"):
        table = (TABLE[0], TABLE[1].replace("!Ref Key", written))
        assert ids(check(table, more=key(TO_ACCOUNT) + more)) == ["key-not-allowed"]
        assert check(table, role("kms:Decrypt"), more=key(TO_ACCOUNT) + more) == []


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("alias/aws/dynamodb", []),
        ("!ImportValue key", ["not-judged"]),
        ("arn:aws:kms:us-east-1:123456789012:key/elsewhere", ["not-judged"]),
    ],
)
def test_keys_of_others(check: Check, written: str, found: list[str]) -> None:
    """Roles may use AWS's own keys; the policy of a key of another stack may name the role."""
    assert ids(check((TABLE[0], TABLE[1].replace("!Ref Key", written)))) == found


def test_a_key_of_another_stack_that_the_role_allows(check: Check) -> None:
    """Its policy is expected to leave it to the account."""
    arn = "arn:aws:kms:us-east-1:123456789012:key/elsewhere"
    allowed = (role("kms:Decrypt")[0], role("kms:Decrypt")[1].replace("!GetAtt Key.Arn", arn))
    assert check((TABLE[0], TABLE[1].replace("!Ref Key", arn)), allowed) == []


def test_the_key_of_a_global_tables_replica(check: Check) -> None:
    """The replica of this region."""
    replica = "Replicas: [{Region: !Ref AWS::Region, SSESpecification: {KMSMasterKeyId: !Ref Key}}]"
    table = (("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"), (VIEW, f"{VIEW}\n      {replica}"))
    assert ids(check(*table, more=key(TO_ACCOUNT))) == ["key-not-allowed"]
    assert check(*table, role("kms:Decrypt"), more=key(TO_ACCOUNT)) == []
