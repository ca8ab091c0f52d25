"""``router.local.event_source_mapping.settings``: AWS's defaults, ranges and messages."""

from typing import Any

import pytest

from router import RouterError
from router.local import FilterPatternError
from router.local.event_source_mapping import EventSourceMapping, MappingSettings, MappingSettingsError

QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed"


def refused(**parameters: Any) -> tuple[str, str]:
    with pytest.raises(MappingSettingsError) as caught:
        MappingSettings.of(parameters)
    return caught.value.code, str(caught.value)


def test_defaults() -> None:
    """Parameters that are not given have AWS's defaults."""
    settings = MappingSettings()
    assert settings.batch_size == 100
    assert settings.maximum_batching_window_in_seconds == 0
    assert settings.parallelization_factor == 1
    assert not settings.bisect_batch_on_function_error
    assert settings.maximum_retry_attempts == -1
    assert settings.maximum_record_age_in_seconds == -1
    assert settings.tumbling_window_in_seconds == 0
    assert not settings.reports
    assert settings.destination is None
    assert settings.filters == ()
    assert settings.enabled


LIMITS = [
    ("batch_size", "batchSize", "BatchSize", 1, 10_000),
    ("parallelization_factor", "parallelizationFactor", "ParallelizationFactor", 1, 10),
    ("maximum_batching_window_in_seconds", "maximumBatchingWindowInSeconds", "MaximumBatchingWindowInSeconds", 0, 300),
    ("tumbling_window_in_seconds", "tumblingWindowInSeconds", "TumblingWindowInSeconds", 0, 900),
    ("maximum_retry_attempts", "maximumRetryAttempts", "MaximumRetryAttempts", -1, 10_000),
    ("maximum_record_age_in_seconds", "maximumRecordAgeInSeconds", "MaximumRecordAgeInSeconds", -1, 604_800),
]


@pytest.mark.parametrize(("name", "camel", "title", "lowest", "highest"), LIMITS)
def test_ranges(name: str, camel: str, title: str, lowest: int, highest: int) -> None:
    """Lambda refuses values that are too high, its clients values that are too low."""
    for value in (lowest, highest):
        assert getattr(MappingSettings.of({name: value}), name) == value
    assert refused(**{name: highest + 1}) == (
        "ValidationException",
        f"1 validation error detected: Value '{highest + 1}' at '{camel}' failed to satisfy constraint: "
        f"Member must have value less than or equal to {highest}",
    )
    assert refused(**{name: lowest - 1}) == (
        "ParamValidationError",
        "Parameter validation failed:\n"
        f"Invalid value for parameter {title}, value: {lowest - 1}, valid min value: {lowest}",
    )


@pytest.mark.parametrize("age", [0, 1, 59])
def test_record_age_below_a_minute(age: int) -> None:
    """The message is as recorded from AWS."""
    assert refused(maximum_record_age_in_seconds=age) == (
        "InvalidParameterValueException",
        "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)",
    )


def test_large_batches_need_no_window() -> None:
    """A large batch needs no batching window: that is a rule for queues."""
    assert MappingSettings(batch_size=101).maximum_batching_window_in_seconds == 0


def test_response_types() -> None:
    """The message is as recorded from AWS."""
    assert refused(function_response_types=["Bad"]) == (
        "ValidationException",
        "1 validation error detected: Value '[Bad]' at 'functionResponseTypes' failed to satisfy constraint: Member must "
        "satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures], Member must not be null]",
    )
    code, text = refused(function_response_types=["ReportBatchItemFailures"] * 2)
    assert code == "ValidationException"
    assert text.endswith("Member must have length less than or equal to 1")


def test_several_faults() -> None:
    """One message holds all faults that Lambda's API model finds."""
    _, text = refused(batch_size=10_001, parallelization_factor=11)
    assert text.startswith("2 validation errors detected: Value '10001' at 'batchSize'")
    assert "; Value '11' at 'parallelizationFactor'" in text


def test_starting_position() -> None:
    """Recorded: an unknown position, null, and AT_TIMESTAMP, which DynamoDB Streams lack."""
    _, text = refused(starting_position="invalid")
    assert text.endswith("Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]")
    assert refused(starting_position=None) == (
        "InvalidParameterValueException",
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
        "Member must not be null.",
    )
    with pytest.raises(MappingSettingsError, match="Unsupported starting position for arn type: arn:aws:dynamodb:eu"):
        EventSourceMapping(MappingSettings(starting_position="AT_TIMESTAMP"), stream_arn="arn:aws:dynamodb:eu")


def test_windows_exclude_lanes_and_filters() -> None:
    """A tumbling window excludes both filters and a parallelization factor above 1."""
    assert refused(tumbling_window_in_seconds=60, parallelization_factor=2) == (
        "InvalidParameterValueException",
        "Parallelization factor must be equal to 1 when tumbling window period is configured",
    )
    code, _ = refused(tumbling_window_in_seconds=60, filter_criteria={"Filters": [{"Pattern": '{"a": [1]}'}]})
    assert code == "InvalidParameterValueException"
    MappingSettings(tumbling_window_in_seconds=60, filter_criteria={"Filters": []}, maximum_retry_attempts=1)


def test_destination() -> None:
    """Destinations are standard queues, standard topics and buckets, for failures only; an empty text is none."""
    assert MappingSettings(destination_config={"OnFailure": {"Destination": QUEUE}}).destination == QUEUE
    assert MappingSettings(destination_config={"OnFailure": {"Destination": ""}}).destination is None
    assert MappingSettings(destination_config={"OnFailure": {}}).destination is None
    assert refused(destination_config={"OnSuccess": {"Destination": QUEUE}}) == (
        "InvalidParameterValueException",
        "OnSuccess configuration is not supported for event source mappings.",
    )
    for arn in (f"{QUEUE}.fifo", "arn:aws:dynamodb:us-east-1:123456789012:table/T", "kafka://topic"):
        assert (
            "expected the ARN of a standard queue" in refused(destination_config={"OnFailure": {"Destination": arn}})[1]
        )
    _, text = refused(destination_config={"OnFailure": {"Destination": f"{QUEUE}{'x' * 350}"}})
    assert "at 'destinationConfig.onFailure.destination'" in text


def test_filter_criteria() -> None:
    """Missing, malformed, too many, too long and invalid filters are refused."""
    none: list[dict[str, Any]] = [{}, {"Filters": []}]
    for criteria in none:
        assert MappingSettings(filter_criteria=criteria).filters == ()
    with pytest.raises(FilterPatternError, match=r"^Invalid filter pattern definition\.$"):
        MappingSettings(filter_criteria={"Filters": [{"Pattern": "text"}]})
    long = {"Filters": [{"Pattern": '{"a": [1]}'}, {"Pattern": f'{{"a": ["{"x" * 4096}"]}}'}]}
    code, text = refused(filter_criteria=long)
    assert code == "ValidationException"
    assert text.endswith("Member must have length less than or equal to 4096")
    assert "at 'filterCriteria.filters.2.member.pattern'" in text
    assert "found 11 filters" in refused(filter_criteria={"Filters": [{"Pattern": '{"a": [1]}'}] * 11})[1]
    assert "Invalid type for parameter FilterCriteria.Filters[0]" in refused(filter_criteria={"Filters": ["{}"]})[1]


def test_filter_without_a_pattern() -> None:
    """Lambda takes a filter without a pattern for an invalid one."""
    with pytest.raises(FilterPatternError, match=r"^Invalid filter pattern definition\.$") as caught:
        MappingSettings(filter_criteria={"Filters": [{"Pattern": '{"a": [1]}'}, {}]})
    assert caught.value.explanation.endswith("Found the pattern '{}': the filter has no Pattern")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"filter_criteria": {"Filter": []}}, 'Unknown parameter in FilterCriteria: "Filter", must be one of: Filters'),
        (
            {"filter_criteria": {"Filters": [{"pattern": "{}"}]}},
            'Unknown parameter in FilterCriteria.Filters[0]: "pattern", must be one of: Pattern',
        ),
        (
            {"destination_config": {"OnFail": {"Destination": QUEUE}}},
            'Unknown parameter in DestinationConfig: "OnFail", must be one of: OnSuccess, OnFailure',
        ),
        (
            {"destination_config": {"OnFailure": {"Arn": QUEUE}}},
            'Unknown parameter in DestinationConfig.OnFailure: "Arn", must be one of: Destination',
        ),
        ({"metrics_config": {"Metric": []}}, 'Unknown parameter in MetricsConfig: "Metric", must be one of: Metrics'),
        (
            {"logging_config": {"Level": "INFO"}},
            'Unknown parameter in LoggingConfig: "Level", must be one of: SystemLogLevel',
        ),
    ],
)
def test_unknown_members(parameters: dict[str, Any], message: str) -> None:
    """boto3 refuses a misspelt member, and names the right ones."""
    assert refused(**parameters) == ("ParamValidationError", f"Parameter validation failed:\n{message}")


def test_metrics() -> None:
    """EventCount is the only metric of a stream; Lambda knows others, of Kafka."""
    MappingSettings(metrics_config={"Metrics": ["EventCount"]})
    code, text = refused(metrics_config={"Metrics": ["ErrorCount"]})
    assert code == "InvalidParameterValueException"
    assert "expected EventCount" in text
    code, text = refused(metrics_config={"Metrics": ["Errors"]})
    assert code == "ValidationException"
    assert "Value '[Errors]' at 'metricsConfig.metrics' failed to satisfy constraint" in text


def test_key() -> None:
    """A KMS key is named by its ARN."""
    for arn in ("arn:aws:kms:us-east-1:123456789012:key/k", "arn:aws-iso-b:kms:us-isob-east-1:123456789012:key/k", ""):
        assert MappingSettings(kms_key_arn=arn).kms_key_arn == arn
    code, text = refused(kms_key_arn="alias/filters")
    assert code == "ValidationException"
    assert text.startswith(
        "1 validation error detected: Value 'alias/filters' at 'kMSKeyArn' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: "
    )
    assert text.endswith("; expected the ARN of a KMS key")


@pytest.mark.parametrize(
    ("partition", "region"),
    [
        ("aws", "eu-west-1"),
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-eusc", "eusc-de-east-1"),
        ("aws-iso", "us-iso-east-1"),
        ("aws-iso-b", "us-isob-east-1"),
        ("aws-iso-e", "eu-isoe-west-1"),
        ("aws-iso-f", "us-isof-south-1"),
    ],
)
def test_partitions(partition: str, region: str) -> None:
    """A destination is in any of AWS's partitions."""
    for resource in (f"sqs:{region}:123456789012:q", f"sns:{region}:123456789012:t", "s3:::failures.fifo"):
        arn = f"arn:{partition}:{resource}"
        assert MappingSettings(destination_config={"OnFailure": {"Destination": arn}}).destination == arn


def test_unknown_partition() -> None:
    """A partition that AWS does not have is refused."""
    assert "expected the ARN" in refused(destination_config={"OnFailure": {"Destination": "arn:aws-uk:sqs:::q"}})[1]


@pytest.mark.parametrize(
    ("parameter", "member", "value"),
    [
        ("scaling_config", "ScalingConfig", {"MaximumConcurrency": 2}),
        ("logging_config", "LoggingConfig", {"SystemLogLevel": "INFO"}),
        ("provisioned_poller_config", "ProvisionedPollerConfig", {"MinimumPollers": 1}),
        ("topics", "Topics", ["orders"]),
        ("queues", "Queues", ["orders"]),
        ("source_access_configurations", "SourceAccessConfigurations", []),
        ("document_db_event_source_config", "DocumentDBEventSourceConfig", {"DatabaseName": "orders"}),
        ("starting_position_timestamp", "StartingPositionTimestamp", 1_789_651_658),
    ],
)
def test_parameters_of_other_sources(parameter: str, member: str, value: object) -> None:
    """Recorded for ScalingConfig: a parameter of other event sources is unsupported and not unknown."""
    assert refused(**{parameter: value}) == (
        "InvalidParameterValueException",
        f"Unsupported {member} parameter for given event source mapping type.",
    )
    assert MappingSettings.of({parameter: None}) == MappingSettings()


def test_tags() -> None:
    """Tags are valid and have no effect."""
    assert MappingSettings.of({"tags": {"team": "orders"}}) == MappingSettings()
    assert "Invalid type for parameter Tags" in refused(tags=["orders"])[1]


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"batch_size": "10"}, "Invalid type for parameter BatchSize, value: 10, type: <class 'str'>"),
        ({"batch_size": True}, "Invalid type for parameter BatchSize, value: True, type: <class 'bool'>"),
        ({"batch_size": 1.5}, "Invalid type for parameter BatchSize, value: 1.5, type: <class 'float'>"),
        ({"bisect_batch_on_function_error": 1}, "Invalid type for parameter BisectBatchOnFunctionError, value: 1"),
        ({"filter_criteria": []}, "Invalid type for parameter FilterCriteria, value: [], type: <class 'list'>"),
        ({"function_response_types": "ReportBatchItemFailures"}, "Invalid type for parameter FunctionResponseTypes"),
        ({"maximum_batching_window_in_seconds": False}, "Invalid type for parameter MaximumBatchingWindowInSeconds"),
        ({"filter_criteria": {"Filters": None}}, "Invalid type for parameter FilterCriteria.Filters, value: None"),
        ({"destination_config": {"OnFailure": QUEUE}}, "Invalid type for parameter DestinationConfig.OnFailure, value"),
    ],
)
def test_types(parameters: dict[str, Any], text: str) -> None:
    """AWS's clients refuse other types."""
    code, found = refused(**parameters)
    assert code == "ParamValidationError"
    assert found.startswith(f"Parameter validation failed:\n{text}")


def test_unknown_parameter() -> None:
    """An unknown parameter is an error that names the nearest one, or all."""
    assert refused(batchsize=5) == (
        "ParamValidationError",
        "found the unknown mapping parameter 'batchsize'; did you mean 'batch_size'?",
    )
    assert "; there are batch_size, maximum_batching_window_in_seconds," in refused(xyz=1)[1]
    assert "found the unknown mapping parameter 'function_name'" in refused(function_name="f")[1]


def test_nothing_is_the_default() -> None:
    """None stands for the default."""
    assert MappingSettings.of({"batch_size": None, "function_response_types": None}) == MappingSettings()


def test_advice() -> None:
    """Advice names settings that Lambda accepts and that may not have the intended effect."""
    criteria = {"Filters": [{"Pattern": '{"eventSource": ["aws:dynamodb"], "eventName": ["INSERT"]}'}]}
    assert list(MappingSettings(filter_criteria=criteria).advice()) == [
        "a filter tests eventSource; AWS documents filters on dynamodb, eventName, userIdentity only",
        "function_response_types lacks ReportBatchItemFailures: Lambda ignores what the function returns",
    ]
    assert list(MappingSettings(function_response_types=["ReportBatchItemFailures"]).advice()) == []


def test_error_is_of_the_framework() -> None:
    """The error is a RouterError and a ValueError."""
    assert issubclass(MappingSettingsError, RouterError)
