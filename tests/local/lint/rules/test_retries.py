"""``router.local.lint.rules.retries``: discarded records and their destination."""

import pytest

from tests.local.lint.deployments import AGE, ATTEMPTS, DESTINATION, Check, ids, line_of


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        (AGE + ATTEMPTS, "", "endless-retries", "Changes:"),
        (AGE + ATTEMPTS, "            MaximumRecordAgeInSeconds: 86401\n", "endless-retries", "Changes:"),
        ("Seconds: 3600", "Seconds: 604800", "age-beyond-stream", "MaximumRecordAgeInSeconds: 604800"),
        ("Seconds: 3600", "Seconds: 60", "age-too-short", "MaximumRecordAgeInSeconds: 60"),
        ("Seconds: 3600", "Seconds: 299", "age-too-short", "MaximumRecordAgeInSeconds: 299"),
        ("Attempts: 1000", "Attempts: 0", "no-retries", "MaximumRetryAttempts: 0"),
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
    ],
)
def test_a_wrong_setting_is_the_only_finding(check: Check, old: str, new: str, rule: str, line: str) -> None:
    """At the line of the setting, or of the mapping, function or table that lacks it."""
    findings = check((old, new))
    assert ids(findings) == [rule]
    assert line_of(findings[0]).startswith(line)


def test_a_dead_letter_queue_is_no_destination_of_a_stream(check: Check) -> None:
    """The finding says that it applies to asynchronous invocations."""
    (found,) = check((DESTINATION, ""), ("Timeout: 60", "Timeout: 60\n      DeadLetterQueue: {Type: SQS}"))
    assert found.why.endswith("The function's DeadLetterQueue applies to asynchronous invocations only.")


def test_endless_retries_without_a_destination_are_two_findings(check: Check) -> None:
    """Both settings are wrong, so both are reported."""
    assert ids(check((AGE + ATTEMPTS + DESTINATION, ""))) == ["endless-retries", "no-destination"]


@pytest.mark.parametrize("seconds", [420, 3600, 86_400])
def test_an_age_limit_that_leaves_time_for_a_retry(check: Check, seconds: int) -> None:
    """For a batching window and two time-outs, and for some minutes."""
    window = (AGE, AGE.replace("3600", str(seconds)) + "            MaximumBatchingWindowInSeconds: 300\n")
    assert check(window) == []


def test_an_age_limit_within_the_batching_window_and_two_timeouts(check: Check) -> None:
    """A record may be discarded before its second attempt ends."""
    window = (AGE, AGE.replace("3600", "400") + "            MaximumBatchingWindowInSeconds: 300\n")
    assert ids(check(window)) == ["age-too-short"]


@pytest.mark.parametrize("attempts", [1, 10_000, -1])
def test_some_retries_are_accepted(check: Check, attempts: int) -> None:
    """How many are enough depends on the handlers."""
    assert check(("Attempts: 1000", f"Attempts: {attempts}")) == []
