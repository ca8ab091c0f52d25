"""The parameters of an event source mapping: ranges, defaults, and AWS's messages for invalid ones.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NoReturn, Self

from router.errors import RouterError
from router.local.filter_patterns import FilterPattern

__all__ = ["FILTERABLE", "MappingSettings", "MappingSettingsError"]

Code = Literal["ParamValidationError", "ValidationException", "InvalidParameterValueException"]

# Name, lowest, highest. AWS's clients refuse a value that is too low, Lambda one that is too high.
_RANGES = (
    ("batch_size", 1, 10_000),
    ("maximum_batching_window_in_seconds", 0, 300),
    ("parallelization_factor", 1, 10),
    ("maximum_retry_attempts", -1, 10_000),
    ("maximum_record_age_in_seconds", -1, 604_800),
    ("tumbling_window_in_seconds", 0, 900),
)
_LOWEST_AGE = 60
_REPORTING = "ReportBatchItemFailures"
_POSITIONS = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")
LONGEST_PATTERN = 4096
_MOST_FILTERS = 10  # the quota is 5, and AWS raises it to at most 10
_LONGEST_ARN = 350
_DESTINATIONS = tuple(
    f"arn:{partition}:{service}:" for partition in ("aws", "aws-cn", "aws-us-gov") for service in ("sqs", "sns", "s3")
)
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
        kms_key_arn: The key that encrypts the filters; it has no effect here.
        metrics_config: ``{"Metrics": ["EventCount"]}``.
        enabled: Whether the mapping reads the stream.

    Raises:
        MappingSettingsError: Lambda refuses the settings.
        FilterPatternError: Lambda refuses a filter pattern.

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
        _check_by_client(self)
        _check_inner(self)
        _check_constraints(self)
        _check_values(self)
        _check_destination(self)
        texts = list(_pattern_texts(self.filter_criteria))
        if texts and self.tumbling_window_in_seconds:
            _refuse("found filters beside a tumbling window, expected one of the two: Lambda does not take both")
        object.__setattr__(self, "filters", tuple(map(FilterPattern, texts)))

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """Make settings from parameters of a user or a template; ``None`` stands for the default.

        Args:
            parameters: Values by AWS's names in snake case.

        Raises:
            MappingSettingsError: A parameter is unknown, or Lambda refuses its value.
            FilterPatternError: Lambda refuses a filter pattern.
        """
        if parameters.get("scaling_config") is not None:
            _refuse("Unsupported ScalingConfig parameter for given event source mapping type.")
        given: dict[str, Any] = {
            name: value for name, value in parameters.items() if value is not None or name == "starting_position"
        }
        known = [each.name for each in fields(cls) if each.init]
        for name in parameters:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
                _refuse(f"found the unknown mapping parameter {name!r}{hint}", "ParamValidationError")
        return cls(**given)

    @property
    def reports(self) -> bool:
        """Whether the function reports which records failed."""
        return _REPORTING in self.function_response_types

    @property
    def destination(self) -> str | None:
        """The ARN of the on-failure destination."""
        return (self.destination_config.get("OnFailure") or {}).get("Destination") or None

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


def _check_by_client(settings: MappingSettings) -> None:
    """Check as AWS's clients do: types and lowest values."""
    faults = [
        f"Invalid type for parameter {_title(name)}, value: {value}, type: {type(value)}, valid types: {valid[0]}"
        for name, valid in _types(settings)
        if not isinstance(value := getattr(settings, name), valid) or (isinstance(value, bool) and bool not in valid)
    ] or [
        f"Invalid value for parameter {_title(name)}, value: {value}, valid min value: {lowest}"
        for name, lowest, _ in _RANGES
        if (value := getattr(settings, name)) < lowest
    ]
    if faults:
        _refuse("\n".join(("Parameter validation failed:", *faults)), "ParamValidationError")


def _types(settings: MappingSettings) -> Iterator[tuple[str, tuple[type, ...]]]:
    return ((each.name, _TYPES.get(each.name, (int,))) for each in fields(settings) if each.init)


_NOTHING = type(None)

_TYPES: Mapping[str, tuple[type, ...]] = {
    "starting_position": (str, _NOTHING),  # None is Lambda's to refuse, with another message
    "bisect_batch_on_function_error": (bool,),
    "function_response_types": (list, tuple),
    "destination_config": (dict,),
    "filter_criteria": (dict,),
    "kms_key_arn": (str, _NOTHING),
    "metrics_config": (dict,),
    "enabled": (bool,),
}


def _check_inner(settings: MappingSettings) -> None:
    """Check types inside of settings, as AWS's clients do."""
    on_failure = settings.destination_config.get("OnFailure") or {}
    destination = on_failure.get("Destination") if isinstance(on_failure, Mapping) else None
    for name, value, valid in (
        ("DestinationConfig.OnFailure", on_failure, Mapping),
        ("DestinationConfig.OnFailure.Destination", destination or "", str),
        ("MetricsConfig.Metrics", settings.metrics_config.get("Metrics") or [], list),
    ):
        if not isinstance(value, valid):
            _refuse(f"Invalid type for parameter {name}, value: {value}, type: {type(value)}", "ParamValidationError")


def _check_constraints(settings: MappingSettings) -> None:
    """Check as Lambda does against its API model; one message holds all faults."""
    faults = [
        _fault(name, value, f"Member must have value less than or equal to {highest}")
        for name, _, highest in _RANGES
        if (value := getattr(settings, name)) > highest
    ]
    types = settings.function_response_types
    if any(kind != _REPORTING for kind in types):
        members = f"[Member must satisfy enum value set: [{_REPORTING}], Member must not be null]"
        faults.append(_fault("function_response_types", _listed(types), f"Member must satisfy constraint: {members}"))
    elif len(types) > 1:
        rule = "Member must have length less than or equal to 1"
        faults.append(_fault("function_response_types", _listed(types), rule))
    position = settings.starting_position
    if position not in (None, *_POSITIONS):
        rule = f"Member must satisfy enum value set: [{', '.join(_POSITIONS)}]"
        faults.append(_fault("starting_position", position, rule))
    for number, text in enumerate(_pattern_texts(settings.filter_criteria), 1):
        if isinstance(text, str) and len(text) > LONGEST_PATTERN:
            rule = f"Member must have length less than or equal to {LONGEST_PATTERN}"
            faults.append(_fault(f"filter_criteria.filters.{number}.member.pattern", text, rule))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected"
        _refuse(f"{count}: {'; '.join(faults)}", "ValidationException")


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
    metrics = settings.metrics_config.get("Metrics") or []
    if any(metric != "EventCount" for metric in metrics):
        _refuse(f"found the metrics {_listed(metrics)}, expected EventCount, the only one of streams")


def _check_destination(settings: MappingSettings) -> None:
    if settings.destination_config.get("OnSuccess"):
        _refuse("OnSuccess configuration is not supported for event source mappings.")
    arn = settings.destination
    if arn is None:
        return
    if len(arn) > _LONGEST_ARN:
        rule = f"Member must have length less than or equal to {_LONGEST_ARN}"
        fault = _fault("destination_config.on_failure.destination", arn, rule)
        _refuse(f"1 validation error detected: {fault}", "ValidationException")
    if not arn.startswith(_DESTINATIONS) or arn.endswith(".fifo"):
        _refuse(
            f"found the destination {arn!r}, expected the ARN of a standard queue, a standard topic or an S3 bucket"
        )


def _pattern_texts(criteria: Mapping[str, Any]) -> Iterator[Any]:
    filters = criteria.get("Filters") or []
    if not isinstance(filters, list | tuple) or not all(isinstance(each, dict) for each in filters):
        _refuse('found other filter criteria, expected {"Filters": [{"Pattern": TEXT}]}', "ParamValidationError")
    if len(filters) > _MOST_FILTERS:
        _refuse(f"found {len(filters)} filters, expected at most {_MOST_FILTERS}, and 5 unless AWS raised the quota")
    # A filter without a pattern has no effect.
    return (each["Pattern"] for each in filters if each.get("Pattern") is not None)


def _fault(name: str, value: Any, rule: str) -> str:
    return f"Value '{value}' at '{_camel(name)}' failed to satisfy constraint: {rule}"


def _listed(values: Sequence[Any]) -> str:
    return f"[{', '.join(map(str, values))}]"


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _camel(name: str) -> str:
    return ".".join(part[:1] + _title(part)[1:] for part in name.split("."))
