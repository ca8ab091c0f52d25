"""``router.local.lint.rules.mapping``: mappings that do not read all of the stream."""

import pytest

from tests.local.lint.deployments import ATTEMPTS, SETTINGS, Check, ids, line_of


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
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
            "Timeout: 60",
            "Timeout: 60\n      ReservedConcurrentExecutions: 0",
            "function-stopped",
            "ReservedConcurrentExecutions: 0",
        ),
    ],
)
def test_a_wrong_setting_is_the_only_finding(check: Check, old: str, new: str, rule: str, line: str) -> None:
    """At the line of the setting, or of the mapping, function or table that lacks it."""
    findings = check((old, new))
    assert ids(findings) == [rule]
    assert line_of(findings[0]).startswith(line)


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
def test_a_setting_of_a_wrong_type_is_refused(check: Check, old: str, new: str) -> None:
    """The other rules do not fail on it."""
    assert ids(check((old, new)))[0] == "mapping-refused"


FACTOR = (ATTEMPTS, f"{ATTEMPTS}            ParallelizationFactor: 10\n")
ON_DEMAND = ("    Properties:\n      Attr", "    Properties:\n      BillingMode: PAY_PER_REQUEST\n      Attr")
WRITES = ("      Attr", "      ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 2500}\n      Attr")


def reserved(number: int) -> tuple[str, str]:
    return "Timeout: 60", f"Timeout: 60\n      ReservedConcurrentExecutions: {number}"


@pytest.mark.parametrize(
    ("number", "changes"),
    [(9, [FACTOR]), (39, [FACTOR, ON_DEMAND]), (3, [ON_DEMAND]), (2, [WRITES]), (29, [WRITES, FACTOR])],
)
def test_less_concurrency_than_lanes(check: Check, number: int, changes: list[tuple[str, str]]) -> None:
    """A new table on demand has four shards, another one for each 1,000 writes a second."""
    assert ids(check(reserved(number), *changes)) == ["concurrency-below-lanes"]
    assert check(reserved(number + 1), *changes) == []


def test_concurrency_that_is_not_reserved(check: Check) -> None:
    """The account's limit is no matter of the template."""
    assert check(FACTOR, ON_DEMAND) == []
