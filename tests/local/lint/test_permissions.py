"""``router.local.lint.permissions``: the actions that a function's role allows."""

import pytest

from router.local.lint.managed_policies import MANAGED_POLICIES
from tests.local.lint.deployments import DESTINATION, POLICY, ROLE, Check, ids, line_of


@pytest.mark.parametrize(
    "policy",
    [
        "S3WritePolicy: {BucketName: !Ref Failed}",
        "S3CrudPolicy: {BucketName: !Ref Failed}",
        "Statement: [{Effect: Allow, Action: s3:Put*, Resource: '*'}]",
        "Statement: {Effect: Allow, Action: S3:PUTOBJECT, Resource: !Sub '${Failed.Arn}/aws/lambda/*'}",
    ],
)
def test_a_policy_allows_sending_to_the_destination(check: Check, policy: str) -> None:
    """The destination has no Type, from which SAM would make a policy."""
    assert check(("{Type: S3, Destination", "{Destination"), (POLICY, policy)) == []


@pytest.mark.parametrize(
    "policy",
    [
        "Statement: [{Effect: Allow, Action: s3:PutObject, Resource: !GetAtt Failed.Arn}]",
        "Statement: [{Effect: Allow, Action: s3:GetObject, Resource: '*'}]",
        "SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}",
        "LambdaInvokePolicy: {FunctionName: worker}",
        "Statement: [{Effect: Allow, Action: '*', Resource: '*'}, {Effect: Deny, Action: s3:*, Resource: '*'}]",
    ],
)
def test_a_policy_does_not_allow_sending_to_the_destination(check: Check, policy: str) -> None:
    """Objects of a bucket have other ARNs than the bucket, and a Deny overrides an Allow."""
    changes = (("{Type: S3, Destination", "{Destination"), (POLICY, policy))
    assert ids(check(*changes, ignored=["role-too-wide"])) == ["destination-not-allowed"]


@pytest.mark.parametrize(
    "policy",
    [
        "SomeNewPolicy: {Name: x}",
        "S3WritePolicy: {}",
        "Statement: [{Effect: Allow, NotAction: x, Resource: '*'}]",
        "Statement: [{Effect: Deny, Action: s3:PutObject, Resource: '*', Condition: {A: {b: c}}}, !If [A, B, C]]",
        "Version: x",
    ],
)
def test_a_policy_that_the_template_does_not_determine_is_not_judged(check: Check, policy: str) -> None:
    """It may allow the action."""
    (note,) = check(("{Type: S3, Destination", "{Destination"), (POLICY, policy))
    assert (line_of(note), note.why) == (
        "Policies:",
        "Not judged, because the policies of the role are not all in this template: "
        "destination-not-allowed, writes-own-table, role-too-wide.",
    )


@pytest.mark.parametrize(
    "policy",
    [
        "S3WritePolicy: {BucketName: !ImportValue bucket}",
        "Statement: [{Effect: Allow, Action: s3:PutObject, Resource: !ImportValue bucket}]",
        "Statement: [{Effect: Allow, Action: [s3:*], Resource: [!GetAtt Queue.Arn, !ImportValue bucket]}]",
    ],
)
def test_an_unknown_resource_leaves_open_what_its_actions_decide(check: Check, policy: str) -> None:
    """The rules about other actions are judged."""
    (note,) = check(("{Type: S3, Destination", "{Destination"), (POLICY, policy))
    assert note.why.endswith("not all in this template: destination-not-allowed.")


@pytest.mark.parametrize("name", sorted(MANAGED_POLICIES))
def test_managed_policies_are_known(check: Check, name: str) -> None:
    """They allow what they allow, and leave no rule open."""
    found = check((POLICY, "DynamoDBReadPolicy: {TableName: !Ref Orders}\n        - " + name))
    assert "not-judged" not in ids(found)


def test_a_managed_policy_of_another_name_is_not_judged(check: Check) -> None:
    """AWS has more than a thousand."""
    assert ids(check((POLICY, "arn:aws:iam::aws:policy/AWSNewPolicy"))) == ["not-judged"]


def test_a_managed_policy_of_the_template_counts(check: Check) -> None:
    """The role names it by its ARN."""
    more = """
  Own:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:PutObject", Resource: "*"}]}
"""
    role = ROLE.replace("[arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]", "[!Ref Own]")
    assert check(("Timeout: 60", "Timeout: 60\n      Role: !GetAtt Role.Arn"), more=role + more) == []


def test_statements_about_a_stream_and_a_log_group_are_known(check: Check) -> None:
    """Their ARNs are made up or unknown, but their actions are of other services."""
    policy = "Statement: [{Effect: Allow, Action: dynamodb:GetRecords, Resource: !GetAtt Orders.StreamArn}, "
    policy += "{Effect: Allow, Action: logs:PutLogEvents, Resource: !GetAtt Logs.Arn}]"
    assert check((POLICY, policy)) == []


def test_the_role_of_a_function_replaces_sams(check: Check) -> None:
    """Its policies count, and SAM adds none to it."""
    role = ("Timeout: 60", "Timeout: 60\n      Role: !GetAtt Role.Arn")
    (found,) = check(role, more=ROLE)
    assert found.rule == "destination-not-allowed"
    assert found.instead.endswith('Resource: !Sub "${Failed.Arn}/aws/lambda/*"')
    queue = (DESTINATION, DESTINATION.replace("S3", "SQS").replace("Failed", "Queue"))
    assert ids(check(role, queue, more=ROLE)) == ["destination-without-records"]


def test_a_policy_resource_is_attached_by_the_roles_name(check: Check) -> None:
    """Its statements count like those of the role."""
    policy = """
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref Role]
      PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:Put*", Resource: "*"}]}
"""
    assert check(("Timeout: 60", "Timeout: 60\n      Role: !GetAtt Role.Arn"), more=ROLE + policy) == []


@pytest.mark.parametrize("role", ["arn:aws:iam::123456789012:role/elsewhere", "!ImportValue role"])
def test_a_role_of_another_template_is_not_judged(check: Check, role: str) -> None:
    """Its policies are unknown."""
    (note,) = check(("Timeout: 60", f"Timeout: 60\n      Role: {role}"))
    assert (note.rule, line_of(note)) == ("not-judged", f"Role: {role}")


def test_a_connector_makes_the_permissions_incomplete(check: Check) -> None:
    """It adds statements that the template does not contain."""
    more = "  Link: {Type: AWS::Serverless::Connector}\n"
    assert ids(check(("{Type: S3, Destination", "{Destination"), more=more)) == ["not-judged"]


@pytest.mark.parametrize(
    "resource",
    [
        "'arn:aws:s3:::local-failed-*'",
        "!Sub 'arn:aws:s3:::${AWS::StackName}-failed*/*'",
        "!Sub 'arn:${AWS::Partition}:s3:::${Failed}/*'",
        "arn:aws-us-gov:s3:::Failed/*",
    ],
)
def test_a_policy_may_allow_the_names_that_a_deployment_makes(check: Check, resource: str) -> None:
    """A resource without a name gets the stack's name before its own."""
    failed = ("Failed: {Type: AWS::S3::Bucket,", "failed: {Type: AWS::S3::Bucket,")
    resource, names = (resource, ()) if "Failed" in resource else (resource, (failed, ("Failed.Arn", "failed.Arn")))
    policy = f"Statement: [{{Effect: Allow, Action: s3:PutObject, Resource: {resource}}}]"
    assert check(("{Type: S3, Destination", "{Destination"), *names, (POLICY, policy)) == []


def test_a_policy_may_name_the_region_and_the_account(check: Check) -> None:
    """Both are made up here."""
    policy = "Statement: [{Effect: Allow, Action: sqs:*, Resource: 'arn:aws:sqs:eu-west-1:111122223333:Queue'}]"
    destination = ("{Type: S3, Destination: !GetAtt Failed.Arn}", "{Destination: !GetAtt Queue.Arn}")
    assert "destination-not-allowed" not in ids(check(destination, (POLICY, policy)))
