"""The parameters of an event source mapping: defaults, and AWS's messages for invalid values.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, NoReturn, Self

from router.errors import RouterError
from router.local.event_source_mapping.api_model import client_report, member_name, model_faults, partitions
from router.local.filter_patterns import FilterPattern, FilterPatternError

__all__ = ["FILTERABLE", "MappingSettings", "MappingSettingsError"]

Code = Literal["ParamValidationError", "ValidationException", "InvalidParameterValueException"]

_LOWEST_AGE = 60
_REPORTING = "ReportBatchItemFailures"
LONGEST_PATTERN = 4096
"""Characters of a filter pattern."""

_MOST_FILTERS = 10  # the quota is 5, and AWS raises it to at most 10
_DESTINATIONS = ("sqs", "sns", "s3")
_DESTINATION = "the ARN of a standard queue, a standard topic or an S3 bucket"
_ARNS = {"destinationConfig.onFailure.destination": _DESTINATION, "kMSKeyArn": "the ARN of a KMS key"}
_NULLABLE = ("starting_position", "kms_key_arn")
_SOURCE_AND_FUNCTION = ("EventSourceArn", "FunctionName")
FILTERABLE = frozenset({"dynamodb", "eventName", "userIdentity"})


class MappingSettingsError(RouterError, ValueError):
    """Lambda refuses the mapping; the message is AWS's wherever it was recorded from AWS.

    Args:
        code: AWS's error code; ``ParamValidationError`` comes from AWS's clients.
        message: The message.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class MappingSettings:
    """The settings of an event source mapping over a DynamoDB stream, by AWS's names in snake case.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html

    Args:
        batch_size: The most records in one invocation, 1 to 10,000.
        maximum_batching_window_in_seconds: Seconds to gather records, 0 to 300.
        parallelization_factor: The most batches of a shard in progress at a time, 1 to 10.
        starting_position: ``TRIM_HORIZON`` or ``LATEST``.
        bisect_batch_on_function_error: Whether to split a failed batch in two.
        maximum_retry_attempts: The most retries of a batch, 0 to 10,000; -1 retries until its records expire.
        maximum_record_age_in_seconds: The age at which a record is discarded, 60 to 604,800; -1 is never.
        tumbling_window_in_seconds: The length of tumbling windows, 1 to 900; 0 is none.
        function_response_types: ``["ReportBatchItemFailures"]``, or empty: then the response is ignored.
        destination_config: ``{"OnFailure": {"Destination": ARN}}`` of an SQS queue, an SNS topic or an S3 bucket.
        filter_criteria: ``{"Filters": [{"Pattern": TEXT}]}``.
        kms_key_arn: The ARN of the key that encrypts the filters; it has no effect here.
        metrics_config: ``{"Metrics": ["EventCount"]}``.
        enabled: Whether the mapping reads the stream.

    Raises:
        MappingSettingsError: Lambda or boto3 refuses the settings.
        FilterPatternError: Lambda refuses a filter pattern.
        ModuleNotFoundError: A setting is not the default, and botocore, which has the API's model, is not installed.

    Example:
        >>> MappingSettings(batch_size=10_001)
        Traceback (most recent call last):
        router.local.event_source_mapping.settings.MappingSettingsError: 1 validation error detected: Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000
    """  # noqa: E501 - AWS's sentence is as long as it is

    batch_size: int = 100
    maximum_batching_window_in_seconds: int = 0
    parallelization_factor: int = 1
    starting_position: str = "TRIM_HORIZON"
    bisect_batch_on_function_error: bool = False
    maximum_retry_attempts: int = -1
    maximum_record_age_in_seconds: int = -1
    tumbling_window_in_seconds: int = 0
    function_response_types: Sequence[str] = ()
    destination_config: Mapping[str, Any] = field(default_factory=dict)
    filter_criteria: Mapping[str, Any] = field(default_factory=dict)
    kms_key_arn: str | None = None
    metrics_config: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    filters: tuple[FilterPattern, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_model(_given(self))
        _check_values(self)
        _check_destination(self)
        filters = _filters(self.filter_criteria)
        if filters and self.tumbling_window_in_seconds:
            _refuse("found filters beside a tumbling window, expected one of the two: Lambda does not take both")
        object.__setattr__(self, "filters", filters)

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """Make settings from parameters of a user or a template; ``None`` stands for the default.

        Args:
            parameters: Values by AWS's names in snake case.

        Raises:
            MappingSettingsError: A parameter is unknown, or Lambda refuses its value.
            FilterPatternError: Lambda refuses a filter pattern.
        """
        given: dict[str, Any] = {
            name: value for name, value in parameters.items() if value is not None or name == "starting_position"
        }
        known = [each.name for each in fields(cls) if each.init]
        foreign = [name for name in given if name not in known]
        if foreign:
            _check_foreign(foreign, known)
            _check_model((name, value) for name, value in given.items() if value is not None)
            _refuse_unsupported(foreign)
        return cls(**{name: value for name, value in given.items() if name in known})

    @property
    def reports(self) -> bool:
        """Whether the function reports which records failed."""
        return _REPORTING in self.function_response_types

    @property
    def destination(self) -> str | None:
        """The ARN of the on-failure destination."""
        return self.destination_config.get("OnFailure", {}).get("Destination") or None

    def takes(self, record: Mapping[str, Any]) -> bool:
        """Whether a record matches one of the filters, or there are none."""
        return not self.filters or any(pattern.matches(record) for pattern in self.filters)

    def advice(self) -> Iterator[str]:
        """Settings that Lambda accepts and that may not have the intended effect, a sentence each."""
        names = frozenset(name for pattern in self.filters for name in pattern.names)
        if others := sorted(names - FILTERABLE):
            documented = ", ".join(sorted(FILTERABLE))
            yield f"a filter tests {', '.join(others)}; AWS documents filters on {documented} only"
        if not self.reports:
            yield f"function_response_types lacks {_REPORTING}: Lambda ignores what the function returns"


def _refuse(message: str, code: Code = "InvalidParameterValueException") -> NoReturn:
    raise MappingSettingsError(code, message)


def _given(settings: MappingSettings) -> Iterator[tuple[str, Any]]:
    """The parameters that are not left at their defaults, by their names in snake case."""
    for each in fields(settings):
        if not each.init:
            continue
        value = getattr(settings, each.name)
        default = each.default if each.default_factory is MISSING else each.default_factory()
        # A null position is Lambda's to refuse. False is no number, though it equals 0.
        if (value != default or type(value) is not type(default)) and (value is not None or each.name not in _NULLABLE):
            yield each.name, value


def _check_model(given: Iterable[tuple[str, Any]]) -> None:
    """Check against the API's model, first as AWS's clients do and then as Lambda does."""
    parameters: dict[str, Any] = {}
    for name, value in given:
        member = member_name(name)
        if member is None:
            _refuse(f"found {name}, which the installed botocore does not know; upgrade it", "ParamValidationError")
        parameters[member] = value
    if not parameters:
        return  # AWS's defaults, for which botocore need not be loaded
    if report := client_report(parameters):
        _refuse(f"Parameter validation failed:\n{report}", "ParamValidationError")
    if faults := model_faults(parameters):
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected"
        # A regular expression alone does not say what the value is to be.
        expected = [
            f"; expected {each}" for place, each in _ARNS.items() if any(f"'{place}'" in text for text in faults)
        ]
        _refuse(f"{count}: {'; '.join(faults)}{''.join(expected)}", "ValidationException")


def _check_foreign(foreign: Iterable[str], known: Sequence[str]) -> None:
    """Refuse a parameter that the API does not have, or has by a name that is spelt otherwise in snake case."""
    settable = {member_name(name) for name in known}
    for name in foreign:
        if member_name(name) in {None, *settable, *_SOURCE_AND_FUNCTION}:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
            _refuse(f"found the unknown mapping parameter {name!r}{hint}", "ParamValidationError")


def _refuse_unsupported(foreign: Iterable[str]) -> None:
    for member in map(member_name, foreign):
        if member != "Tags":  # valid, and without effect on the deliveries
            _refuse(f"Unsupported {member} parameter for given event source mapping type.")


def _check_values(settings: MappingSettings) -> None:
    """Check as Lambda does beyond its API model."""
    if settings.starting_position is None:
        _refuse(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null."
        )
    if -1 < settings.maximum_record_age_in_seconds < _LOWEST_AGE:
        _refuse("MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)")
    if settings.tumbling_window_in_seconds and settings.parallelization_factor > 1:
        _refuse("Parallelization factor must be equal to 1 when tumbling window period is configured")
    metrics = settings.metrics_config.get("Metrics", ())
    if any(metric != "EventCount" for metric in metrics):
        _refuse(f"found the metrics {', '.join(metrics)}, expected EventCount, the only one of streams")


def _check_destination(settings: MappingSettings) -> None:
    if settings.destination_config.get("OnSuccess"):
        _refuse("OnSuccess configuration is not supported for event source mappings.")
    arn = settings.destination
    if arn is None:
        return
    _, partition, service, *_ = *arn.split(":"), "", ""
    if partition not in partitions() or service not in _DESTINATIONS or (service != "s3" and arn.endswith(".fifo")):
        _refuse(f"found the destination {arn!r}, expected {_DESTINATION}")


def _filters(criteria: Mapping[str, Any]) -> tuple[FilterPattern, ...]:
    filters: Sequence[Mapping[str, str]] = criteria.get("Filters", ())
    if len(filters) > _MOST_FILTERS:
        _refuse(f"found {len(filters)} filters, expected at most {_MOST_FILTERS}, and 5 unless AWS raised the quota")
    for each in filters:
        if "Pattern" not in each:
            reason = "the filter has no Pattern"
            raise FilterPatternError(reason, each)
    return tuple(FilterPattern(each["Pattern"]) for each in filters)
