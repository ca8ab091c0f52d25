"""``router.local.lint.rules.function``: the runtime, the role, the environment and the logs of the function."""

import pytest

from tests.local.lint.deployments import POLICY, Check, ids, line_of

LOGS = (
    '  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "/aws/lambda/${Fn}", RetentionInDays: 30}}\n'
)


def function(properties: str) -> tuple[str, str]:
    return "Timeout: 60", f"Timeout: 60\n      {properties}"


class TestRuntime:
    @pytest.mark.parametrize("runtime", ["python2.7", "python3.8", "python3.9", "python3.10", "nodejs22.x", "java21"])
    def test_a_runtime_that_cannot_run_the_app(self, check: Check, runtime: str) -> None:
        """The app needs Python 3.11."""
        (found,) = check(function(f"Runtime: {runtime}"))
        assert (found.rule, found.severity, line_of(found)) == ("wrong-runtime", "error", f"Runtime: {runtime}")

    @pytest.mark.parametrize(
        "properties",
        [
            *(f"Runtime: python3.{minor}" for minor in (11, 12, 13, 14, 15)),
            "Runtime: provided.al2023",
            "PackageType: Image",
            "MemorySize: 512",
        ],
    )
    def test_a_runtime_that_can(self, check: Check, properties: str) -> None:
        """A custom runtime and an image bring their own Python."""
        assert check(function(properties)) == []

    def test_an_unknown_runtime_is_not_judged(self, check: Check) -> None:
        """A parameter without a default."""
        assert ids(check(function("Runtime: !Ref R"))) == ["not-judged"]


def test_a_tenant_isolated_function_has_no_mapping(check: Check) -> None:
    """Lambda refuses the mapping."""
    (found,) = check(function("TenancyConfig: {TenantIsolationMode: PER_TENANT}"))
    assert (found.rule, found.severity) == ("tenant-isolation", "error")


class TestRole:
    @pytest.mark.parametrize(
        "policy",
        [
            "Statement: [{Effect: Allow, Action: '*', Resource: '*'}]",
            "Statement: {Effect: Allow, Action: [sqs:SendMessage, 'dynamodb:*'], Resource: [!GetAtt Queue.Arn, '*']}",
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "AmazonDynamoDBFullAccess",
        ],
    )
    def test_a_service_on_all_resources(self, check: Check, policy: str) -> None:
        """By a statement, or by a managed policy."""
        ignored = ["writes-own-table"]
        assert ids(check((POLICY, policy), ignored=ignored)) == ["role-too-wide"]

    @pytest.mark.parametrize(
        "policy",
        [
            "Statement: [{Effect: Allow, Action: 'dynamodb:*', Resource: !Sub '${Orders.Arn}/index/*'}]",
            "Statement: [{Effect: Allow, Action: 'dynamodb:Get*', Resource: '*'}]",
            "Statement: [{Effect: Allow, Action: 'xray:PutTraceSegments', Resource: '*'}]",
            "Statement: [{Effect: Deny, Action: 'iam:*', Resource: '*'}]",
            "Statement: [{Effect: Allow, Action: 'kms:*', Resource: '*', Condition: {StringEquals: {a: b}}}]",
            "AWSXRayDaemonWriteAccess",
            "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole",
        ],
    )
    def test_a_narrower_statement(self, check: Check, policy: str) -> None:
        """Some actions, some resources, or under a condition."""
        assert check((POLICY, policy)) == []


class TestErrorTexts:
    @pytest.mark.parametrize("value", ["1", "'1'", "!Sub '1'"])
    def test_error_texts_in_the_log(self, check: Check, value: str) -> None:
        """At the line of the variable."""
        (found,) = check(("{ORDERS: !Ref Orders}", f"{{ORDERS: !Ref Orders, LOG_ERROR_TEXT: {value}}}"))
        assert found.rule == "error-texts-logged"

    def test_error_texts_by_globals(self, check: Check) -> None:
        """The function has the variables of Globals too."""
        shared = ("Resources:\n", "Globals: {Function: {Environment: {Variables: {LOG_ERROR_TEXT: 1}}}}\nResources:\n")
        assert ids(check(shared)) == ["error-texts-logged"]

    @pytest.mark.parametrize(("value", "found"), [("0", []), ("''", []), ("!Ref P", ["not-judged"])])
    def test_no_error_texts(self, check: Check, value: str, found: list[str]) -> None:
        """Only 1 switches them on."""
        assert ids(check(("{ORDERS: !Ref Orders}", f"{{LOG_ERROR_TEXT: {value}}}"))) == found


class TestLogs:
    @pytest.mark.parametrize("group", ["", LOGS.replace(", RetentionInDays: 30", ""), LOGS.replace("${Fn}", "Other")])
    def test_logs_that_are_kept_for_ever(self, check: Check, group: str) -> None:
        """Without a log group of the function, or without its retention."""
        (found,) = check((LOGS, group))
        assert (found.rule, found.severity) == ("logs-never-expire", "note")

    @pytest.mark.parametrize(
        ("properties", "name"),
        [
            ("LoggingConfig: {LogGroup: !Ref Logs}", "!Sub '${AWS::StackName}-logs'"),
            ("LoggingConfig: {LogGroup: /shop/logs, LogFormat: JSON}", "/shop/logs"),
            ("LoggingConfig: {LogFormat: JSON}", "/aws/lambda/Fn"),
            ("FunctionName: worker", "/aws/lambda/worker"),
            ("FunctionName: !Sub '${AWS::StackName}-worker'", "!Sub '/aws/lambda/${AWS::StackName}-worker'"),
            ("FunctionName: !Sub '${AWS::StackName}-worker'", "!Join ['/', ['', aws, lambda, !Ref Fn]]"),
        ],
    )
    def test_logs_that_expire(self, check: Check, properties: str, name: str) -> None:
        """By the function's name, or by its configuration."""
        assert check(function(properties), ('!Sub "/aws/lambda/${Fn}"', name)) == []

    def test_a_log_group_without_a_name(self, check: Check) -> None:
        """CloudFormation makes its name, and the function refers to it."""
        unnamed = ('LogGroupName: !Sub "/aws/lambda/${Fn}", ', "")
        assert check(function("LoggingConfig: {LogGroup: !Ref Logs}"), unnamed) == []
        assert ids(check(unnamed)) == ["logs-never-expire"]

    @pytest.mark.parametrize(
        ("properties", "name"),
        [
            ("LoggingConfig: {LogGroup: !ImportValue logs}", "/aws/lambda/Fn"),
            ("LoggingConfig: {LogGroup: /elsewhere}", "/aws/lambda/Fn"),
            ("MemorySize: 512", "!Sub '/aws/lambda/${Name}'"),
            ("FunctionName: !Ref Name", "/aws/lambda/Fn"),
        ],
    )
    def test_a_log_group_that_is_not_known(self, check: Check, properties: str, name: str) -> None:
        """It may be in another stack, or have another name."""
        assert ids(check(function(properties), ('!Sub "/aws/lambda/${Fn}"', name))) == ["not-judged"]
