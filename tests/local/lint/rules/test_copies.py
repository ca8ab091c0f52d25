"""``router.local.lint.rules.copies``: the queues and buckets that keep discarded and parked records."""

import pytest

from router.parking import S3Parking, SqsParking
from tests.local.lint.deployments import POLICY, Check, ids, line_of, shop

BUCKET = "  Failed: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}\n"
QUEUE = "  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}\n"
ALLOWED = (POLICY, "SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}")


def bucket(properties: str) -> tuple[str, str]:
    return (
        BUCKET,
        f"  Failed:\n    Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n    Properties:\n      {properties}\n",
    )


def queue(properties: str) -> tuple[str, str]:
    return (
        QUEUE,
        f"  Queue:\n    Type: AWS::SQS::Queue\n    DeletionPolicy: Retain\n    Properties:\n      {properties}\n",
    )


def parked(check: Check, *changes: tuple[str, str], more: str = "") -> list[str]:
    """The rules that find something while the app parks its records in the queue."""
    app = shop(parking=SqsParking("https://sqs.us-east-1.amazonaws.com/123456789012/Queue"))
    return ids(check(ALLOWED, *changes, app=app, more=more))


def lifecycle(rule: str) -> tuple[str, str]:
    return bucket(f"LifecycleConfiguration: {{Rules: [{{{rule}}}]}}")


def policy(statement: str, kind: str = "SQS::QueuePolicy", holder: str = "Queues: [!Ref Queue]") -> str:
    return f"""
  Policy:
    Type: AWS::{kind}
    Properties:
      {holder}
      PolicyDocument:
        Statement:
          - {{{statement}}}
"""


class TestExpire:
    @pytest.mark.parametrize(
        "rule",
        [
            "Status: Enabled, ExpirationInDays: 1",
            "Status: Enabled, ExpirationInDays: '2'",
            "Status: Enabled, ExpirationInDays: 1, Prefix: aws/lambda/",
            "Status: Enabled, ExpirationDate: '2026-01-01T00:00:00Z'",
        ],
    )
    def test_a_bucket_that_expires_objects_within_days(self, check: Check, rule: str) -> None:
        """What fails on a Friday is gone on Monday."""
        (found,) = check(lifecycle(rule))
        assert found.rule == "copies-expire"
        assert line_of(found).startswith("LifecycleConfiguration:")

    @pytest.mark.parametrize(
        "rule",
        [
            "Status: Enabled, ExpirationInDays: 28",
            "Status: Enabled, ExpirationInDays: 3",
            "Status: Disabled, ExpirationInDays: 1",
            "Status: Enabled, ExpirationInDays: 1, Prefix: tmp/",
            "Status: Enabled, ExpirationInDays: 1, TagFilters: [{Key: a, Value: b}]",
            "Status: Enabled, AbortIncompleteMultipartUpload: {DaysAfterInitiation: 1}",
            "Status: Enabled, NoncurrentVersionExpiration: {NoncurrentDays: 1}",
        ],
    )
    def test_a_bucket_that_keeps_failure_documents(self, check: Check, rule: str) -> None:
        """For days, or for ever."""
        assert check(lifecycle(rule)) == []

    @pytest.mark.parametrize(
        ("removal", "found"),
        [
            ("NoncurrentVersionExpiration: {NoncurrentDays: 1}", ["copies-expire"]),
            ("NoncurrentVersionExpirationInDays: 1", ["copies-expire"]),
            ("NoncurrentVersionExpiration: {NoncurrentDays: 30}", []),
            ("Id: expire", []),
        ],
    )
    def test_a_bucket_with_versions_keeps_an_expired_object(self, check: Check, removal: str, found: list[str]) -> None:
        """Until the version is removed too."""
        rules = f"LifecycleConfiguration: {{Rules: [{{Status: Enabled, ExpirationInDays: 1, {removal}}}]}}"
        assert ids(check(bucket(f"VersioningConfiguration: {{Status: Enabled}}\n      {rules}"))) == found

    @pytest.mark.parametrize(("seconds", "why"), [(600, "10 minutes"), (60, "1 minute"), (86_400, "1 day")])
    def test_a_parking_queue_of_minutes(self, check: Check, seconds: int, why: str) -> None:
        """The finding says for how long it keeps messages."""
        app = shop(parking=SqsParking("https://sqs.us-east-1.amazonaws.com/123456789012/Queue"))
        (found,) = check(ALLOWED, queue(f"MessageRetentionPeriod: {seconds}"), app=app)
        assert found.why.startswith(f"The parking queue Queue keeps what it gets for {why}: ")

    @pytest.mark.parametrize("seconds", [345_600, 1_209_600])
    def test_a_parking_queue_of_days(self, check: Check, seconds: int) -> None:
        """SQS's default is four days."""
        assert parked(check, queue(f"MessageRetentionPeriod: {seconds}")) == []

    def test_a_queue_that_nothing_uses(self, check: Check) -> None:
        """It keeps no failed records."""
        assert check(queue("MessageRetentionPeriod: 60")) == []

    def test_a_dead_letter_queue_of_minutes(self, check: Check) -> None:
        """It has the parked records that could not be redriven."""
        more = "  Dead: {Type: AWS::SQS::Queue, DeletionPolicy: Retain, Properties: {MessageRetentionPeriod: 60}}\n"
        redrive = queue("RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}")
        assert parked(check, redrive, more=more) == ["copies-expire"]

    def test_a_parking_bucket(self, check: Check) -> None:
        """Its objects have the prefix of the parking place."""
        rules = "LifecycleConfiguration: {Rules: [{Status: Enabled, ExpirationInDays: 1, Prefix: parked/}]}"
        more = f"  Parked:\n    Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n    Properties:\n      {rules}\n"
        allowed = (POLICY, "S3WritePolicy: {BucketName: !Ref Parked}")
        assert ids(check(allowed, app=shop(parking=S3Parking("Parked")), more=more)) == ["copies-expire"]
        assert check(allowed, app=shop(parking=S3Parking("Parked", prefix="kept/")), more=more) == []

    def test_an_unknown_retention_is_not_judged(self, check: Check) -> None:
        """A parameter without a default."""
        assert parked(check, queue("MessageRetentionPeriod: !Ref Days")) == ["not-judged"]


class TestDeleted:
    def test_a_bucket_and_a_queue_without_a_deletion_policy(self, check: Check) -> None:
        """CloudFormation deletes them with the stack."""
        bare = [(BUCKET, BUCKET.replace(", DeletionPolicy: Retain", "")), (QUEUE, QUEUE.replace("Retain", "Delete"))]
        assert parked(check, *bare) == ["copies-deleted", "copies-deleted"]

    @pytest.mark.parametrize("kept", ["Retain", "RetainExceptOnCreate"])
    def test_a_bucket_that_outlives_the_stack(self, check: Check, kept: str) -> None:
        """The good policies."""
        assert check((BUCKET, BUCKET.replace("Retain", kept))) == []


class TestPublic:
    @pytest.mark.parametrize(
        "properties",
        [
            "AccessControl: PublicRead",
            "AccessControl: PublicReadWrite",
            "PublicAccessBlockConfiguration: {BlockPublicAcls: true}",
            "PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, "
            "RestrictPublicBuckets: 'false'}",
        ],
    )
    def test_a_bucket_that_may_be_public(self, check: Check, properties: str) -> None:
        """By its access control list, or because it does not block public access."""
        assert ids(check(bucket(properties))) == ["copies-public"]

    @pytest.mark.parametrize(
        "properties",
        [
            "AccessControl: Private",
            "BucketEncryption: {}",
            "PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, "
            "RestrictPublicBuckets: true}",
        ],
    )
    def test_a_private_bucket(self, check: Check, properties: str) -> None:
        """A new bucket blocks public access unless it says otherwise."""
        assert check(bucket(properties)) == []

    def test_a_bucket_policy_for_everybody(self, check: Check) -> None:
        """A principal of ``*`` without a condition."""
        statement = "Effect: Allow, Principal: '*', Action: s3:GetObject, Resource: !Sub '${Failed.Arn}/*'"
        assert ids(check(more=policy(statement, "S3::BucketPolicy", "Bucket: !Ref Failed"))) == ["copies-public"]

    @pytest.mark.parametrize("principal", ["'*'", "{AWS: '*'}", "{AWS: ['*']}"])
    def test_a_queue_policy_for_everybody(self, check: Check, principal: str) -> None:
        """All forms of everybody."""
        statement = f"Effect: Allow, Principal: {principal}, Action: sqs:*, Resource: !GetAtt Queue.Arn"
        assert parked(check, more=policy(statement)) == ["copies-public"]

    @pytest.mark.parametrize(
        "rest",
        [
            "Principal: '*', Condition: {ArnEquals: {aws:SourceArn: !Ref Topic}}",
            "Principal: '*', Condition: {StringEquals: {aws:PrincipalOrgID: o-1}}",
            "Principal: {AWS: !Ref AWS::AccountId}",
            "Principal: {Service: sns.amazonaws.com}",
        ],
    )
    def test_a_queue_policy_for_some(self, check: Check, rest: str) -> None:
        """A condition tells the callers apart."""
        assert parked(check, more=policy(f"Effect: Allow, Action: sqs:*, Resource: '*', {rest}")) == []


class TestUnencrypted:
    def test_a_queue_without_encryption(self, check: Check) -> None:
        """SQS encrypts unless the template says otherwise."""
        assert parked(check, queue("SqsManagedSseEnabled: false")) == ["copies-unencrypted"]

    @pytest.mark.parametrize(
        "properties", ["SqsManagedSseEnabled: true", "{SqsManagedSseEnabled: false, KmsMasterKeyId: alias/aws/sqs}"]
    )
    def test_an_encrypted_queue(self, check: Check, properties: str) -> None:
        """By SQS's own key, or by another."""
        assert parked(check, queue(properties)) == []


class TestDenied:
    @pytest.mark.parametrize(
        "rest",
        [
            "Principal: '*', Action: sqs:SendMessage",
            "Principal: '*', Action: 'sqs:*'",
            "Principal: {AWS: !GetAtt FnRole.Arn}, Action: SQS:Send*",
            "Principal: {AWS: !Ref AWS::AccountId}, NotAction: sqs:ReceiveMessage",
            "NotPrincipal: {Service: sns.amazonaws.com}, Action: sqs:SendMessage",
            "Principal: '*', Action: sqs:*, Condition: {Bool: {aws:SecureTransport: true}}",
            "Principal: '*', Action: sqs:*, Condition: {StringNotEquals: {aws:PrincipalAccount: '999999999999'}}",
        ],
    )
    def test_a_queue_policy_that_denies_the_function(self, check: Check, rest: str) -> None:
        """A Deny overrides every Allow of the role."""
        statement = f"Effect: Deny, Resource: !GetAtt Queue.Arn, {rest}"
        assert parked(check, more=policy(statement)) == ["copies-denied"]

    @pytest.mark.parametrize(
        "rest",
        [
            "Principal: '*', Action: 'sqs:*', Condition: {Bool: {aws:SecureTransport: 'false'}}",
            "Principal: '*', Action: 'sqs:*', Condition: {Bool: {aws:SecureTransport: false}}",
            "Principal: '*', Action: 'sqs:*', Condition: {BoolIfExists: {aws:SecureTransport: false}}",
            "Principal: '*', Action: 'sqs:*', Condition: {NumericLessThan: {s3:TlsVersion: 1.2}}",
            "Principal: '*', Action: 'sqs:*', Condition: {StringNotEquals: {aws:PrincipalAccount: !Ref AWS::AccountId}}",
            "Principal: '*', Action: sqs:ReceiveMessage",
            "Principal: {AWS: 'arn:aws:iam::123456789012:role/other'}, Action: 'sqs:*'",
            "Principal: {Service: sns.amazonaws.com}, Action: 'sqs:*'",
            "NotPrincipal: {AWS: !GetAtt FnRole.Arn}, Action: 'sqs:*'",
            "Principal: '*', NotAction: 'sqs:Send*'",
        ],
    )
    def test_a_queue_policy_that_denies_others(self, check: Check, rest: str) -> None:
        """Other principals, actions, or requests that are not encrypted."""
        assert parked(check, more=policy(f"Effect: Deny, Resource: !GetAtt Queue.Arn, {rest}")) == []

    @pytest.mark.parametrize(
        "rest",
        [
            "Principal: '*', Condition: {StringNotEquals: {aws:SourceVpce: vpce-1}}",
            "Principal: '*', Condition: {ArnNotEquals: {aws:PrincipalArn: !ImportValue role}}",
            "Principal: {AWS: !ImportValue role}",
        ],
    )
    def test_a_deny_that_depends_on_the_request_is_not_judged(self, check: Check, rest: str) -> None:
        """A VPC endpoint, or a role of another stack."""
        statement = f"Effect: Deny, Action: sqs:*, Resource: '*', {rest}"
        assert parked(check, more=policy(statement)) == ["not-judged"]

    def test_a_bucket_policy_that_denies_the_function(self, check: Check) -> None:
        """The function writes below aws/lambda/."""
        holder = ("S3::BucketPolicy", "Bucket: !Ref Failed")
        rest = "Effect: Deny, Principal: '*', Action: s3:PutObject, Resource: !Sub '${Failed.Arn}"
        assert ids(check(more=policy(f"{rest}/*'", *holder))) == ["copies-denied"]
        assert check(more=policy(f"{rest}/private/*'", *holder)) == []

    def test_a_role_of_the_template(self, check: Check) -> None:
        """The policy may name it, or every other one."""
        role = """
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:PutObject", Resource: "*"}]}
"""
        function = ("Timeout: 60", "Timeout: 60\n      Role: !GetAtt Role.Arn")
        condition = "Condition: {ArnNotEquals: {aws:PrincipalArn: !GetAtt Role.Arn}}"
        rest = "Effect: Deny, Principal: '*', Action: s3:PutObject, Resource: '*'"
        holder = ("S3::BucketPolicy", "Bucket: !Ref Failed")
        assert check(function, more=role + policy(f"{rest}, {condition}", *holder)) == []
        other = condition.replace("!GetAtt Role.Arn", "'arn:aws:iam::123456789012:role/Other'")
        assert ids(check(function, more=role + policy(f"{rest}, {other}", *holder))) == ["copies-denied"]
